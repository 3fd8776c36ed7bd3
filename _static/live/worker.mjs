// The engine's other half: Python in a worker of its own, so that no page waits for it.
//
// Messages that come in:  { id, name, args, packages }   a call of helpers.live.<name>(**args)
//                         { id, halt: true }             stop that call at its next partial result
// Messages that go out:   { id, loading: { done } }      bytes that have come so far
//                         { id, starting: true }         all has come, and Python sets itself up
//                         { id, partial } { id, result } { id, error: { kind, message } }
// An error's kind is one of helpers.live.calls, or "stopped", or "loading" (Python, or a package of it,
//   could not be had), or "browser" (no Python can run in this one).
// Nothing is loaded before the first call asks for it.

const RUNTIME = new URL("../../live/pyodide/", import.meta.url);
const AT_ONCE = 1 << 16; // bytes between two reports of progress

let python = null; // a promise of Pyodide with the book's module; where it fails, engine.mjs ends the worker
let broken = null; // has that promise fail
let current = null; // the id of the call that is under way
const halted = new Set();

// ---- Bytes are counted as they come: Pyodide fetches through this

let done = 0, told = 0;
const plainFetch = self.fetch.bind(self);
self.fetch = async (...asked) => {
  const answer = await plainFetch(...asked);
  if (!answer.ok || !answer.body) return answer;
  const count = new TransformStream({
    transform(part, on) {
      done += part.byteLength;
      if (done - told >= AT_ONCE) report();
      on.enqueue(part);
    },
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body.pipeThrough(count), { status, statusText, headers });
};

// What is compiled comes through this. Pyodide would wait for good where it does not come, and browsers
// refuse it from a host that does not know what kind of file it is.
const plainStart = self.WebAssembly?.instantiateStreaming;
if (plainStart) {
  WebAssembly.instantiateStreaming = async (asked, imports) => {
    try {
      const { body, status } = await asked;
      const known = new Response(body, { status, headers: { "content-type": "application/wasm" } });
      return await plainStart(known, imports);
    } catch (error) {
      broken(error);
      throw error;
    }
  };
}

function report() {
  told = done;
  postMessage({ id: current, loading: { done } });
}

async function fetched(file) {
  const answer = await fetch(new URL(file, RUNTIME));
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
  return answer;
}

/** Pyodide, and in it the module `helpers`: from the wheel that its list of packages names. The
 * wheel is unpacked by itself, since what all of the book depends on is more than a page needs. */
async function begin() {
  const [{ loadPyodide }, lock] = await Promise.all([
    import(new URL("pyodide.mjs", RUNTIME)),
    fetched("pyodide-lock.json").then((answer) => answer.json()),
  ]);
  const book = Object.values(lock.packages).find(({ imports }) => imports.includes("helpers"));
  if (!book) throw new Error("pyodide-lock.json names no wheel of the book.");
  const [pyodide, wheel] = await Promise.all([
    loadPyodide({ indexURL: RUNTIME.href, env: { MPLBACKEND: "agg" } }), // there is no window
    fetched(book.file_name).then((answer) => answer.arrayBuffer()),
  ]);
  pyodide.unpackArchive(wheel, "wheel");
  return pyodide;
}

class Failure extends Error {
  constructor(kind, error) {
    super(String(error?.message ?? error));
    this.kind = kind;
  }
}

/** Pyodide with these packages. */
async function loaded(packages) {
  python ??= Promise.race([begin(), new Promise((_, fail) => (broken = fail))]);
  const pyodide = await python;
  await pyodide.loadPackage(packages, { messageCallback: () => {}, errorCallback: () => {} });
  const missing = packages.filter((name) => !(name in pyodide.loadedPackages));
  if (missing.length) throw new Error(`${missing.join(", ")} could not be loaded.`);
  return pyodide;
}

/** What a Python function yields, and at last returns. */
async function answer({ id, name, args, packages }) {
  if (!plainStart) throw new Failure("browser", "There is no WebAssembly.");
  const pyodide = await loaded(packages).catch((error) => {
    throw new Failure("loading", error);
  });
  postMessage({ id, starting: true });
  const calls = pyodide.pyimport("helpers.live.calls");
  const asked = pyodide.toPy(args);
  const answers = calls.answers(name, asked);
  try {
    for (const text of answers) {
      const message = JSON.parse(text);
      if (!("partial" in message)) return message;
      postMessage({ id, ...message });
      await turn();
      if (halted.has(id)) throw new Failure("stopped", "Stopped.");
    }
  } finally {
    for (const proxy of [answers, asked, calls]) proxy.destroy?.();
  }
}

/** A turn of the worker's clock, in which a message can come in. */
function turn() {
  return new Promise((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      go();
    };
    port2.postMessage(null);
  });
}

const waiting = [];
self.onmessage = async ({ data }) => {
  if (data.halt) return void halted.add(data.id);
  waiting.push(data);
  if (current !== null) return;
  while (waiting.length) {
    const call = waiting.shift();
    current = call.id;
    let message;
    try {
      if (halted.has(call.id)) throw new Failure("stopped", "Stopped.");
      message = await answer(call);
    } catch (error) {
      const { kind, message: words } = error instanceof Failure ? error : new Failure("error", error);
      message = { error: { kind, message: words } };
    }
    halted.delete(call.id);
    current = null;
    postMessage({ id: call.id, ...message });
  }
};
