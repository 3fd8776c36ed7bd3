// The engine: functions of `helpers.live`, called from a page and run by Python in a worker.
//
//   const engine = startEngine({ packages: ["numpy"], onProgress });
//   const told = await engine.call("explorer.simulate", { people: 30 }, { onPartial });
//   engine.stop();
//
// Nothing is fetched before the first call. All of a page's engines share one worker, which ends
// when it has had nothing to do for a while, and with the page.
//
// onProgress({ stage, share, sent }): stage is "loading" (a share of what is `sent` in all, in bytes;
//   null where that is not known), "starting" (Python sets itself up), "running", or "idle".
// A call that fails rejects with an EngineError, whose `kind` is "InputError" (something in what was
//   asked stands in the way: the message is meant for readers), "stopped", "loading" (Python, or a
//   package of it, could not be had), "browser" (no Python can run in this one), or "error".

const ROOT = new URL("../../", import.meta.url); // of the site
const IDLE = 10 * 60 * 1000; // ms after which a worker without work is ended, and its memory given back
const PATIENCE = 400; // ms that a call has to stop by itself

const WORDS = { // for readers; what the worker says of these is for the console
  loading: "Python could not be loaded: not all of it came. Check the connection, then press again.",
  browser:
    "Python cannot run in this browser: what it needs, WebAssembly above all, is missing or switched off. " +
    "Firefox, Chrome, Edge and Safari of 2023 or later have it.",
};

export class EngineError extends Error {
  constructor({ kind, message }) {
    super(WORDS[kind] ?? message);
    this.kind = kind;
    if (kind in WORDS) console.error(message);
  }
}

const LONG = 20_000; // ms after which a small file will not come any more

let noted = null;
/** What the site has of the engine: the contents of live/ready.json; null where it has none, and
 * undefined where that did not come, so that who asks again may be told. */
export function ready() {
  noted ??= fetch(new URL("live/ready.json", ROOT), { signal: AbortSignal.timeout(LONG) })
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => void (noted = null));
  return noted;
}

const BOOK = "dependent-data-by-simulation"; // the wheel of `helpers`

/** Bytes of the runtime, the book and these packages, with all that they need: `bytes` as they are
 * read here, `sent` as they come over the line; null where the site has no engine, undefined where
 * that is not known. */
export async function weight(packages = []) {
  const there = await ready();
  if (!there?.runtime) return there && null;
  const needed = new Set([BOOK]);
  const take = (name) => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const other of there.packages[name]?.depends ?? []) take(other);
  };
  packages.forEach(take);
  let wheels = 0;
  for (const name of needed) wheels += there.packages[name]?.bytes ?? 0;
  return { bytes: there.runtime.bytes + wheels, sent: there.runtime.gzipped + wheels };
}

/** The same of what is not loaded yet. */
export async function lacking(packages = []) {
  const [all, there] = await Promise.all([weight([...(here ?? []), ...packages]), here && weight(here)]);
  return all && { bytes: all.bytes - (there?.bytes ?? 0), sent: all.sent - (there?.sent ?? 0), more: here !== null };
}

/** What happens on `document` each time that more of Python is loaded, or all of it is gone. */
export const LOADED = "python-loaded";

/** Bytes as a reader would say them. */
export const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

// ---- The one worker

let worker = null, next = 1, idle = 0;
let here = null; // the packages that are loaded; null before Python is there
let fetched = 0; // bytes that the worker has fetched in all
const calls = new Map(); // by id, what waits for an answer

function begin() {
  worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    if (!here && data.error?.kind in WORDS) end(data.error); // the next press begins anew
    else calls.get(data.id)?.hear(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const refused = event.message; // by a browser that does not know such scripts; empty where none came
    const kind = here ? "error" : refused ? "browser" : "loading";
    end({ kind, message: refused || "The worker could not be started." });
  };
}

/** End the worker, and tell those who wait for it why. */
function end(why) {
  worker?.terminate();
  worker = here = null;
  fetched = 0;
  for (const call of [...calls.values()]) call.hear({ error: why });
  document.dispatchEvent(new Event(LOADED));
}

const STOPPED = { kind: "stopped", message: "Stopped." };

/** An engine for one part of a page. */
export function startEngine({ packages = ["numpy"], onProgress = () => {} } = {}) {
  const mine = new Map(); // by id, what ends a call that has not begun

  async function call(name, args = {}, { onPartial = () => {} } = {}) {
    clearTimeout(idle);
    const id = next++;
    const stopped = new Promise((_, fail) => mine.set(id, fail));
    const lacks = !here || packages.some((one) => !here.includes(one));
    const load = lacks ? await Promise.race([lacking(packages), stopped]) : null;
    if (load === undefined) {
      mine.delete(id);
      throw new EngineError({ kind: "loading", message: "live/ready.json did not come." });
    }
    const of = load?.bytes, sent = load && load.sent;
    return new Promise((resolve, reject) => {
      const before = fetched;
      let stage = lacks ? "loading" : "running";
      const hear = (message) => {
        if ("loading" in message) {
          fetched = message.loading.done;
          const done = fetched - before, share = of ? Math.min(done / of, 1) : null;
          return onProgress({ stage, share, sent });
        }
        if ("starting" in message) {
          here = [...new Set([...(here ?? []), ...packages])];
          document.dispatchEvent(new Event(LOADED));
          if (stage === "loading") onProgress({ stage: (stage = "starting"), share: null });
          return;
        }
        if ("partial" in message) {
          stage = "running";
          onProgress({ stage, share: message.partial?.share ?? null });
          return onPartial(message.partial);
        }
        calls.delete(id);
        mine.delete(id);
        if (!calls.size) idle = setTimeout(end, IDLE, STOPPED);
        onProgress({ stage: "idle", share: null });
        if (message.error) reject(new EngineError(message.error));
        else resolve(message.result);
      };
      calls.set(id, { hear });
      if (!worker) begin();
      onProgress({ stage, share: lacks ? 0 : null, sent });
      worker.postMessage({ id, name, args, packages });
    });
  }

  /** Stop what this part of the page has asked for: at the next partial result, which keeps Python
   * loaded; and where none comes in time (ms), by ending the worker. */
  function stop(patience = PATIENCE) {
    const asked = [...mine.keys()];
    for (const id of asked) {
      if (calls.has(id)) worker?.postMessage({ id, halt: true });
      else {
        mine.get(id)(new EngineError(STOPPED));
        mine.delete(id);
      }
    }
    setTimeout(() => {
      if (asked.some((id) => mine.has(id))) end(STOPPED);
    }, patience);
  }

  return { call, stop, busy: () => mine.size > 0 };
}

addEventListener("pagehide", () => end(STOPPED));
