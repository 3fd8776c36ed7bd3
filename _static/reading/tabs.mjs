// The theme asks once, at the start, whether code is wider than its box, so that a keyboard must reach
// it to scroll. Code behind a tab has no width then: it is asked when it shows.

const shown = new ResizeObserver((changed) => {
  for (const { target } of changed) {
    if (target.clientWidth) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  }
});
for (const code of document.querySelectorAll(".sd-tab-set pre")) shown.observe(code);
