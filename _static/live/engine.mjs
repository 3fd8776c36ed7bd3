// The engine: functions of `helpers.live`, called from a page and run by Python in a worker.
//
//   const engine = startEngine({ packages: ["numpy"], onProgress });
//   const told = await engine.call("explorer.simulate", { people: 30 }, { onPartial });
//   engine.stop();
//
// Nothing is fetched before the first call. All of a page's engines share one worker, which ends
// when it has had nothing to do for a while, and with the page.
//
// onProgress({ stage, share, done, of }): stage is "loading" (share of its bytes, or null where
//   their number is not known), "starting" (Python sets itself up), "running", or "idle".
// A call that fails rejects with an EngineError, whose `kind` is "InputError" (something in what was
//   asked stands in the way: the message is meant for readers), "stopped", or "error".

const ROOT = new URL("../../", import.meta.url); // of the site
const IDLE = 10 * 60 * 1000; // ms after which a worker without work is ended, and its memory given back
const PATIENCE = 400; // ms that a call has to stop by itself

export class EngineError extends Error {
  constructor({ kind, message }) {
    super(message);
    this.kind = kind;
  }
}

let noted = null;
/** What the site has of the engine: the contents of live/ready.json; null where it has none. */
export function ready() {
  noted ??= fetch(new URL("live/ready.json", ROOT))
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null);
  return noted;
}

/** Bytes of the runtime, the book and these packages; null where the site has no engine. */
export async function weight(packages = []) {
  const there = await ready();
  if (!there) return null;
  const seen = new Set();
  const bytes = (name) => {
    if (seen.has(name) || !there.packages[name]) return 0;
    seen.add(name);
    const { bytes: own, depends = [] } = there.packages[name];
    return depends.reduce((total, other) => total + bytes(other), own);
  };
  return ["runtime", "helpers", ...packages].reduce((total, name) => total + bytes(name), 0);
}

/** Bytes as a reader would say them. */
export const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

// ---- The one worker

let worker = null, next = 1, idle = 0;
let here = null; // the packages that are loaded; null before Python is there
let fetched = 0; // bytes that the worker has fetched in all
const calls = new Map(); // by id, what waits for an answer

function begin() {
  worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => calls.get(data.id)?.hear(data);
  worker.onerror = (event) => {
    event.preventDefault();
    end({ kind: "error", message: event.message || "The engine could not be started." });
  };
}

/** End the worker, and tell those who wait for it why. */
function end(why) {
  worker?.terminate();
  worker = here = null;
  fetched = 0;
  for (const call of [...calls.values()]) call.hear({ error: why });
}

const STOPPED = { kind: "stopped", message: "Stopped." };

/** An engine for one part of a page. */
export function startEngine({ packages = ["numpy"], onProgress = () => {} } = {}) {
  const mine = new Set();

  async function call(name, args = {}, { onPartial = () => {} } = {}) {
    clearTimeout(idle);
    const id = next++, whole = here ?? [];
    const lacks = !here || packages.some((one) => !here.includes(one));
    const of = lacks ? (await weight([...whole, ...packages])) - (here ? await weight(whole) : 0) : 0;
    return new Promise((resolve, reject) => {
      const before = fetched;
      let stage = lacks ? "loading" : "running";
      const hear = (message) => {
        if ("loading" in message) {
          fetched = message.loading.done;
          const done = fetched - before, share = of ? Math.min(done / of, 1) : null;
          return onProgress({ stage, share, done, of });
        }
        if ("starting" in message) {
          if (stage === "loading") onProgress({ stage: (stage = "starting"), share: null });
          return;
        }
        if ("partial" in message) {
          here = [...new Set([...(here ?? []), ...packages])];
          stage = "running";
          onProgress({ stage, share: message.partial?.share ?? null });
          return onPartial(message.partial);
        }
        if ("result" in message) here = [...new Set([...(here ?? []), ...packages])];
        calls.delete(id);
        mine.delete(id);
        if (!calls.size) idle = setTimeout(end, IDLE, STOPPED);
        onProgress({ stage: "idle", share: null });
        if (message.error) reject(new EngineError(message.error));
        else resolve(message.result);
      };
      calls.set(id, { hear });
      mine.add(id);
      if (!worker) begin();
      onProgress({ stage, share: lacks ? 0 : null, done: 0, of });
      worker.postMessage({ id, name, args, packages });
    });
  }

  /** Stop what this part of the page has asked for: at the next partial result, which keeps Python
   * loaded; and where none comes soon, by ending the worker. */
  function stop() {
    const asked = [...mine];
    for (const id of asked) worker?.postMessage({ id, halt: true });
    setTimeout(() => {
      if (asked.some((id) => mine.has(id))) end(STOPPED);
    }, PATIENCE);
  }

  return { call, stop, busy: () => mine.size > 0 };
}

addEventListener("pagehide", () => end(STOPPED));
