// Copies the link that says a setting. Where the browser does not let a page copy, the link goes to
// the address bar. The button says which, and after a while what it said before.

const WHILE = 2500; // ms

export async function copyLink(button, hash, inAddressBar = "It stands in the address bar") {
  const label = (button.dataset.label ??= button.textContent);
  let told = "Copied";
  try {
    const page = location.origin + location.pathname + location.search;
    await navigator.clipboard.writeText(page + hash);
  } catch {
    history.replaceState(history.state, "", hash);
    told = inAddressBar;
  }
  button.textContent = told;
  setTimeout(() => (button.textContent = label), WHILE);
  return told;
}
