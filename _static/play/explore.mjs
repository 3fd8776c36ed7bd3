// What would your study do? The reader sets up her own study. Theory and the nearest stored design
// answer at once; on a press, Python in a worker simulates it, every strategy at work, and from then
// on again whenever something changes, until it is stopped.

import { choice, element, kept } from "./controls.mjs";
import { many } from "./drawing.mjs";
import { entry } from "./explore/entry.mjs";
import { closedForms, oneValueEach } from "./explore/forms.mjs";
import { nearest } from "./explore/nearest.mjs";
import { drawStudy } from "./explore/picture.mjs";
import { says as words } from "./explore/words.mjs";
import { EngineError } from "../live/engine.mjs";
import { runner } from "../live/runner.mjs";

export const title = "What would your study do? Eight strategies, their errors and their tests";
export const height = { narrow: "80rem", wide: "60rem" };
export const lines = { narrow: 9, wide: 5 };
export const data = true; // _ext/play_data/explore.py

const STUDIES = 4000;
const AGAIN = 350; // ms after the last change before it runs again
const SDS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 4];

export const controls = {
  people: entry("People", {
    min: 3, max: 300, whole: true, start: 30,
    stops: [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300],
  }),
  rows: entry("Rows each", {
    min: 1, max: 500, whole: true, start: 25,
    stops: [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 200, 500],
  }),
  effect: entry("Effect of x", {
    min: -100, max: 100, start: 0.25,
    stops: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.5, 2],
  }),
  level_sd: entry("SD of levels", { min: 0, max: 100, start: 0.5, stops: SDS }),
  effect_sd: entry("SD of effects", { min: 0, max: 100, start: 0.5, stops: SDS }),
  noise_sd: entry("SD of noise", {
    min: 0.01, max: 100, start: 1, stops: [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5],
  }),
  share: entry("Level of x", {
    min: 0, max: 1, start: 0, stops: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  }),
  drift: entry("Drift", {
    min: 0, max: 0.95, start: 0, stops: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95],
  }),
  arms: choice("Arms, assigned to people", { 0: "none", 2: "2", 3: "3", 4: "4" }, "0"),
  seed: kept(1, { min: 0, max: 2 ** 31 - 1 }),
};

// ---- What has been run: of one setting, and forgotten when that changes

let run = { key: null, told: null };
const keyOf = (state) => JSON.stringify(state);
const asked = ({ arms, ...state }) => ({ ...state, arms: Number(arms), studies: STUDIES });

function refusal({ people, arms }) {
  return people < 2 * arms ? `With ${arms} arms there must be ${2 * arms} people or more, two in each.` : "";
}

export function numbers(state, data) {
  const refused = refusal(state), labels = data.strategies;
  const { floor, strategies: theory } = refused ? { floor: 0, strategies: {} } : closedForms(state);
  const stored = refused ? null : nearest(state, data);
  const found = { refused, labels, floor, theory, stored, run: run.key === keyOf(state) ? run.told : null };
  const flat = { theory, stored: stored?.strategies ?? {}, run: found.run?.strategies ?? {} };
  for (const from in flat) {
    for (const name in flat[from]) {
      for (const [measure, value] of Object.entries(flat[from][name])) {
        found[`${from}_${name}_${measure}`] = value;
      }
    }
  }
  return found;
}

export const says = words;

// ---- What stands under a control, in words

const NOTES = {
  people: (state) => refusal(state),
  rows: () => "",
  effect: (state) => (state.arms === "0" ? "per unit of x" : "first arm against control"),
  level_sd: () => "between people",
  effect_sd: (state) => (oneValueEach(state) ? "not used: x is one value a person" : "between people"),
  noise_sd: () => "from row to row",
  share: ({ arms, share }) =>
    arms !== "0" ? "not used: x is the arm"
      : share === 0 ? "x is new in every row" : share === 1 ? "x is one value a person" : "the rest is new in every row",
  drift: ({ arms, drift }) => (drift === 0 ? "rows keep nothing" : arms === "0" ? "kept by noise and by x" : "kept by noise"),
};

export function draw(picture, state, found) {
  drawStudy(picture, state, found);
  const { place } = picture, { stage } = place.play;
  if (place.explored === state) return;
  place.explored = state;
  for (const name in NOTES) {
    stage.querySelector(`#explore-${name}`).parentElement.say(NOTES[name](state), name === "people" && Boolean(found.refused));
  }
  const python = document.querySelector(".explore-python pre");
  if (python) python.textContent = code(state);
  follow(place, state);
}

// ---- The run

let auto = false, again = 0;

/** Once it has been run it runs again after each change. */
function follow(place, state) {
  if (!auto || run.key === keyOf(state)) return;
  clearTimeout(again);
  again = setTimeout(() => {
    if (auto && !refusal(place.play.state) && run.key !== keyOf(place.play.state)) place.play.runner.again();
  }, AGAIN);
}

export function opens(play, panel) {
  // before anything is run another seed changes nothing that one could see
  const seed = element("button", { type: "button", class: "play-button" }, "Another seed");
  seed.addEventListener("click", () => play.set({ seed: play.state.seed + 1 }));
  const begin = async (engine, show) => {
    const refused = play.stage.querySelector(".refused");
    if (refused) {
      const label = refused.querySelector("label").textContent;
      throw new EngineError({ kind: "InputError", message: `First mend this: ${label}.` });
    }
    const mine = (run = { key: keyOf(play.state), told: null });
    const { studies, ...setting } = asked(play.state);
    const onPartial = (part) => {
      if (run !== mine) return;
      auto = true;
      if (!seed.isConnected) panel.querySelector(".play-buttons").prepend(seed);
      mine.told = part;
      play.set({});
      show(`${many(part.done)} of ${many(part.of)} studies`, part.share);
    };
    try {
      await engine.call("explorer.simulate", { ...setting, studies }, { onPartial });
    } catch (error) {
      if (run === mine) auto = false;
      throw error;
    }
    const how = mine.told.rows_drawn ? ", their rows drawn one by one" : "";
    show(`${many(studies)} studies${how}. Change anything, and it runs again.`, 1);
  };
  play.runner = runner({ label: "Run it", packages: ["numpy"], begin });
  panel.append(play.runner.node);
}

/** What gives the same numbers wherever the book's module is. */
function code(state) {
  const { studies, seed, ...setting } = asked(state);
  const said = Object.entries(setting).map(([name, value]) => `    ${name}=${value},`);
  return [
    "from helpers import fit_studies, simulate_crossproducts",
    "from helpers.live.study_setting import StudySetting",
    "",
    "study = StudySetting(",
    ...said,
    ")",
    `studies = simulate_crossproducts(study.design, ${studies}, seed=${seed})`,
    'fits = fit_studies(studies, "multilevel").term("x1")',
    'print("real error", (fits.estimate - fits.truth).std(ddof=1))',
    'print("false alarms", (fits.p_value < 0.05).mean())  # effect: 0',
  ].join("\n");
}
