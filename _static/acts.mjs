// What the buttons at the head of a page do: print, and fill the screen. The theme writes this into
// the buttons themselves, where the site's Content-Security-Policy lets no script run.

const acts = {
  print: () => window.print(),
  fullscreen: () =>
    document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
};

for (const button of document.querySelectorAll("[data-act]")) {
  button.addEventListener("click", () => acts[button.dataset.act]?.());
}

// On paper there is nothing to click: boxes are printed open, but for code that only draws a figure.
const closed = "details:not([open], .above-input:not(.solution))";
addEventListener("beforeprint", () => {
  for (const box of document.querySelectorAll(closed)) {
    box.open = true;
    box.dataset.opened = "for print";
  }
});
addEventListener("afterprint", () => {
  for (const box of document.querySelectorAll("[data-opened]")) {
    box.open = false;
    delete box.dataset.opened;
  }
});
