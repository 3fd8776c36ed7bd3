// Run here: opens a chapter or a lab in JupyterLite, which lies in the site itself.
//
// A button beside the rocket, and one beside each lab that can be downloaded. Pressed, it says how
// much will be loaded; then it fetches the large files into the cache of the browser, so that one sees
// how far it is, and opens the notebook, which finds them there.

const ROOT = new URL(document.documentElement.dataset.content_root || "./", document.baseURI);
const LIVE = new URL("live/", ROOT);
const AT_ONCE = 4; // files
const NOWHERE =
  "This copy of the site was built without what runs in a browser. The rocket opens the notebook on Binder.";

const megabytes = (bytes) => Math.max(1, Math.round(bytes / 1e6));

/** What the site has, or null. */
async function ready() {
  const answer = await fetch(new URL("ready.json", LIVE)).catch(() => null);
  const there = answer?.ok ? await answer.json() : null;
  return there?.run ? there : null;
}

/** The files that a notebook needs before it runs, and their bytes. */
function filesOf(there, notebook) {
  const { packages, notebooks } = there.run;
  return [...packages, ...(notebooks[notebook] ?? [])].map((name) => there.packages[name]);
}

/** Fetch files into the cache; told(bytes) after every piece. */
async function fetchAll(files, told, signal) {
  const waiting = files.toSorted((a, b) => b.bytes - a.bytes);
  const fetchOne = async (file) => {
    const answer = await fetch(new URL(`pyodide/${file.file}`, LIVE), { signal });
    if (!answer.ok) throw new Error(`${file.file} is not there`);
    const reader = answer.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) told(piece.value.length);
  };
  const worker = async () => {
    while (waiting.length) await fetchOne(waiting.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** An element with its attributes and what is in it. */
function made(tag, attributes, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

/** Ask, load, open. */
async function offer(notebook, what) {
  const there = await ready();
  const words = made("p", { class: "run-here-words" });
  const heard = made("p", { class: "run-here-said", role: "status" });
  const bar = made("progress", { "aria-label": "Loaded", max: 1, value: 0, hidden: "" });
  const go = made("button", { type: "button", class: "run-here-go" }, "Load and open");
  const leave = made("button", { type: "button", class: "run-here-leave" }, there ? "Not now" : "Close");
  const box = made(
    "dialog",
    { class: "run-here-box", "aria-labelledby": "run-here-title" },
    made("h2", { id: "run-here-title" }, `Run ${what} here`),
    words,
    bar,
    heard,
    made("p", { class: "run-here-buttons" }, ...(there ? [go, leave] : [leave])),
  );
  const stop = new AbortController();
  box.addEventListener("close", () => {
    stop.abort();
    box.remove();
  });
  leave.addEventListener("click", () => box.close());
  if (there) {
    const files = filesOf(there, notebook);
    const total = files.reduce((sum, file) => sum + file.bytes, 0) + there.runtime.gzipped;
    const all = megabytes(total + there.run.jupyterlab);
    words.textContent =
      `The notebook opens in this browser with Python and its libraries: about ${all} MB, once; later visits ` +
      `take most of it from the cache. Nothing is installed, and nothing you do there is sent anywhere. ` +
      `What you change is kept in this browser until you clear its data; File, Download saves a copy.`;
    go.addEventListener("click", () => load(files, { notebook, bar, heard, go, stop }));
  } else {
    words.textContent = NOWHERE;
  }
  document.body.append(box);
  box.showModal();
}

async function load(files, { notebook, bar, heard, go, stop }) {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  let spoken = -1;
  go.disabled = true;
  bar.hidden = false;
  const told = (bytes) => {
    done += bytes;
    bar.value = Math.min(1, done / total);
    const tenth = Math.floor((10 * done) / total); // said ten times, not a thousand
    if (tenth === spoken) return;
    spoken = tenth;
    heard.textContent = `${megabytes(done)} of ${megabytes(total)} MB`;
  };
  try {
    await fetchAll(files, told, stop.signal);
    heard.textContent = "Opening the notebook; Python starts there in some seconds.";
    const address = new URL("run/notebooks/index.html", LIVE);
    address.searchParams.set("path", `${notebook}.ipynb`);
    location.assign(address);
  } catch (error) {
    if (stop.signal.aborted) return;
    heard.textContent = `Loading stopped: ${error.message}. Try again when you are connected.`;
    go.disabled = false;
  }
}

/** A button that offers a notebook. */
function button(notebook, what, label, classes, words = "Run here") {
  const press = made("button", { type: "button", class: classes }, words);
  if (label) press.setAttribute("aria-label", label);
  press.addEventListener("click", () => offer(notebook, what));
  return press;
}

const page = location.pathname.match(/\/chapters\/(\w+)\.html$/)?.[1];
const rocket = document.querySelector(".dropdown-launch-buttons");
if (rocket && page && page !== "labs") {
  rocket.before(button(`chapters/${page}`, "this chapter", null, "run-here"));
}
for (const link of document.querySelectorAll("a.lab-download")) {
  const name = link.getAttribute("href").match(/(\w+)\.ipynb$/)[1];
  const title = (link.getAttribute("aria-label") ?? link.textContent).replace(/^Download /, "");
  const sentence = link.closest(".admonition p"); // the box in a chapter speaks in sentences
  const press = button(name, "this lab", null, "run-here-lab", sentence ? "run it here" : "Run here");
  if (!sentence) press.setAttribute("aria-label", `Run here: ${title}`);
  if (sentence) sentence.append(" Or ", press, ".");
  else link.after(" · ", press);
}
