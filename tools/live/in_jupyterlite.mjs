// What the book adds to JupyterLite's pages: the notebook and the list of files.

const THEMES = "@jupyterlab/apputils-extension:themes";
const asked = location.hash;

/** The look that the reader chose on the site; JupyterLite follows her system by itself. */
function asOnTheSite() {
  const theme = { light: "JupyterLab Light", dark: "JupyterLab Dark" }[localStorage.getItem("mode")];
  if (!theme) return;
  const script = document.getElementById("jupyter-config-data");
  const config = JSON.parse(script.textContent);
  Object.assign(config.settingsOverrides[THEMES], { "adaptive-theme": false, theme });
  script.textContent = JSON.stringify(config);
}

/** A link to another notebook leads to the word: JupyterLite would forget what stands after "#". */
function follow(event) {
  const link = event.target.closest?.("a[data-commandlinker-args]");
  const { path, id } = JSON.parse(link?.dataset.commandlinkerArgs ?? "{}");
  if (!path?.endsWith(".ipynb") || event.button > 1) return; // the right button has a menu
  event.preventDefault();
  event.stopImmediatePropagation();
  const address = new URL("notebooks/index.html", import.meta.url);
  address.searchParams.set("path", path);
  address.hash = id ?? "";
  open(address);
}

/** Scroll to the heading that the address names, once the notebook is there. */
async function arrive() {
  const notebook = window.jupyterapp?.shell.currentWidget;
  if (!notebook?.context) return void setTimeout(arrive, 100); // milliseconds
  await notebook.revealed;
  notebook.setFragment(asked);
}

/** After JupyterLite has put its settings together, and before it reads them. */
export function begin() {
  asOnTheSite();
  for (const press of ["click", "auxclick"]) document.addEventListener(press, follow, true);
  if (asked) arrive();
}
