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
