// What a button copies. Where the browser does not let a page copy, another way is offered. The
// button says which it was, and after a while what it said before.

const WHILE = 2500; // ms

/** `otherwise` does what helps instead, and returns the words that say so. */
export async function copy(button, text, otherwise) {
  const label = (button.dataset.label ??= button.textContent);
  let told = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    told = otherwise();
  }
  button.textContent = told;
  setTimeout(() => (button.textContent = label), WHILE);
  return told;
}

/** The link that says a setting; where it cannot be copied it goes to the address bar. */
export function copyLink(button, hash, inAddressBar = "It stands in the address bar") {
  const page = location.origin + location.pathname + location.search;
  return copy(button, page + hash, () => {
    history.replaceState(history.state, "", hash);
    return inAddressBar;
  });
}
