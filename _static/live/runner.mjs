// What every button that starts the engine has: what it weighs before it is asked for, a bar while
// Python loads and runs, a way to stop, and whatever goes wrong in words.
//
//   const { node } = runner({
//     label: "Run it",
//     packages: ["numpy"],
//     begin: async (engine, show) => {
//       const told = await engine.call("explorer.simulate", asked, { onPartial: (part) => ... });
//       show("4,000 studies.");
//     },
//   });
//
// `begin` runs on a press. show(words, share) says how far it is; what it throws is said too. The
// same button stops it: softly within `patience` ms, else by ending Python, as a second press does.
// Where the site has no engine, the button is not there and words say so.

import { element } from "../play/controls.mjs";
import { LOADED, lacking, megabytes, startEngine } from "./engine.mjs";

const SILENCE = 30; // seconds without a byte, while Python loads, after which that is said
const SLOW = 20_000; // ms that a run may take to its next partial result before it is cut off

const MISSING = "Python is not on this copy of the site, so nothing can be run on this page.";

export function runner({ label, packages = ["numpy"], begin, missing = MISSING, patience }) {
  const button = element("button", { type: "button", class: "run-button" }, label);
  const words = element("p", { class: "run-words" });
  const heard = element("p", { class: "run-heard", role: "status", "aria-live": "polite" });
  const bar = element("progress", { class: "run-bar", max: 1, "aria-label": "How far it is" });
  const node = element("div", { class: "run" }, button, words, bar, heard);
  let stage = "idle", asked = 0, silence = 0;

  const say = (text, aloud = false) => {
    words.textContent = text;
    if (aloud) heard.textContent = text;
  };
  const fill = (share) => {
    if (typeof share === "number") bar.value = share;
    else bar.removeAttribute("value");
  };
  const show = (text, share) => {
    say(text);
    fill(share);
  };

  const engine = startEngine({
    packages,
    onProgress(now) {
      const fresh = now.stage !== stage;
      stage = now.stage;
      clearTimeout(silence);
      if (stage === "loading") {
        const come = now.share === null ? "" : `: ${Math.round((now.share * now.sent) / 1e6)}`;
        const far = `Loading Python${come && `${come} of ${megabytes(now.sent)}`}`;
        say(far);
        silence = setTimeout(say, SILENCE * 1000,
          `${far}. Nothing has come for ${SILENCE} seconds: if that goes on, press Stop and try again.`, true);
        if (fresh) heard.textContent = "Loading Python";
        fill(now.share);
      } else if (stage === "starting") {
        say("Starting Python", fresh);
        fill(null);
      } else if (stage === "running" && fresh) {
        say("Running", true);
        fill(now.share);
      } else if (stage === "running" && now.share !== null) fill(now.share);
    },
  });

  function standing(runs) {
    node.classList.toggle("runs", runs);
    node.classList.remove("wrong");
    button.textContent = runs ? "Stop" : label;
  }

  async function start() {
    const mine = ++asked;
    stopping = false;
    standing(true);
    fill(null);
    try {
      await begin(engine, (text, share) => mine === asked && show(text, share));
      if (mine === asked) heard.textContent = words.textContent;
    } catch (error) {
      if (mine !== asked) return;
      node.classList.toggle("wrong", error.kind !== "stopped");
      const lead = error.kind === "error" || !error.kind ? "Something went wrong: " : "";
      say(lead + error.message, true);
      if (lead) console.error(error);
    } finally {
      if (mine === asked) {
        const wrong = node.classList.contains("wrong");
        standing(false);
        node.classList.toggle("wrong", wrong);
      }
    }
  }

  let stopping = false; // who presses a second time does not want to wait
  button.addEventListener("click", () => {
    if (!engine.busy()) return start();
    engine.stop(stopping ? undefined : patience);
    stopping = true;
    say("Stopping");
  });
  standing(false);
  async function weigh() {
    if (asked) return;
    const load = await lacking(packages);
    if (asked) return;
    if (load === undefined) say(""); // a press will tell
    else if (!load) {
      button.remove();
      say(missing);
    } else if (load.bytes <= 0) say("");
    else say(`Loads ${load.more ? "" : "Python into this page: "}about ${megabytes(load.sent)}${load.more ? " more" : ""}, once.`);
  }
  weigh();
  document.addEventListener(LOADED, weigh);
  /** Run anew what may be running: that stops when it next can, and Python stays loaded. */
  function again() {
    if (engine.busy()) engine.stop(SLOW);
    return start();
  }

  return { node, start, again, stop: engine.stop };
}
