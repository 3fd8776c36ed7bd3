// What is planned: which study, its sizes, its effect, its SDs. Each control says how it is read
// from a link; a number can be dragged or typed.

import { choice, element } from "../play/controls.mjs";
import { EngineError } from "./engine.mjs";

const said = (label, state) => (typeof label === "function" ? label(state) : label);

/** A number: a line to drag along and a box to type in, which reaches further (`most`). */
export function quantity(label, { min, max, step, start, most = max, least = min }) {
  const read = (said) => {
    const value = Number(said);
    if (String(said).trim() === "" || !Number.isFinite(value)) return undefined;
    const inside = Math.min(Math.max(value, least), most);
    return Number((step >= 1 ? Math.round(inside) : inside).toPrecision(6));
  };
  const build = (moved, id) => {
    const name = element("span", { class: "plan-label" });
    let last = start;
    const line = element("input", { type: "range", min, max, step, tabindex: "-1", "aria-hidden": "true" });
    const box = element("input", { type: "number", min: least, max: most, step: step >= 1 ? 1 : "any", inputmode: "decimal", id });
    const node = element("label", { class: "plan-quantity", for: id }, name, box, line);
    line.addEventListener("input", () => moved(read(line.value)));
    box.addEventListener("change", () => {
      moved(read(box.value));
      box.value = last; // what is planned with, if that is not what was typed
    });
    const show = (now, state) => {
      name.textContent = said(label, state);
      line.value = box.value = last = now;
    };
    return { node, show };
  };
  return { start, read, build, label };
}

const times = ({ level }) => level === "times";
/** What clusters and their rows are called, as the module does in its answers. */
export const things = (state) => (times(state)
  ? { cluster: "cluster", clusters: "clusters", row: "person", rows: "persons" }
  : { cluster: "person", clusters: "people", row: "row", rows: "rows" });
const arms = ({ level }) => level === "arm" || level === "times";

export const controls = {
  level: choice("Where does the predictor vary?", {
    row: "Within people, new each time",
    binary: "Within people, two conditions",
    arm: "Between people: two arms",
    times: "Two arms, change over time",
  }, "binary"),
  people: quantity((state) => (times(state) ? "Clusters, of both arms" : "People"), { min: 4, max: 200, step: 1, start: 30, least: 3, most: 2000 }),
  rows: quantity((state) => (times(state) ? "Persons in each" : "Rows each"), { min: 1, max: 100, step: 1, start: 10, most: 2000 }),
  times: quantity("Measurements of each person", { min: 2, max: 20, step: 1, start: 5, most: 200 }),
  effect: quantity("Smallest effect that matters", { min: 0, max: 2, step: 0.05, start: 0.4, least: -1e6, most: 1e6 }),
  noise_sd: quantity("SD of a row within a person", { min: 0.1, max: 3, step: 0.05, start: 1, least: 0.001, most: 1e6 }),
  intercept_sd: quantity((state) => (times(state) ? "SD of clusters’ slopes" : "SD of people’s levels"), { min: 0, max: 3, step: 0.05, start: 0.5, most: 1e6 }),
  slope_sd: quantity((state) => (times(state) ? "SD of persons’ slopes" : "SD of people’s responses"), { min: 0, max: 2, step: 0.05, start: 0.3, most: 1e6 }),
  treated_share: quantity((state) => `Share of ${things(state).clusters} in arm 1`, { min: 0.1, max: 0.9, step: 0.05, start: 0.5, least: 0.01, most: 0.99 }),
  dropout: quantity((state) => `Share of ${things(state).rows} lost`, { min: 0, max: 0.5, step: 0.05, start: 0, most: 0.95 }),
};

/** Plain boxes for numbers: `fields` has a label and a start by name. `given()` says what stands in them, `show(state)` what they are called. */
export function boxes(fields, attributes) {
  const node = element("div", { class: "plan-prices" });
  const inputs = Object.entries(fields).map(([name, [label, start]]) => {
    const words = element("span", {});
    const input = element("input", { type: "number", value: start, id: `plan-${name}`, ...attributes });
    node.append(element("label", { for: input.id }, words, input));
    return [name, label, words, input];
  });
  const given = () => Object.fromEntries(inputs.map(([name, , words, input]) => {
    if (input.value === "") throw new EngineError({ kind: "InputError", message: `“${words.textContent}” needs a number.` });
    return [name, Number(input.value)];
  }));
  const show = (state) => inputs.forEach(([, label, words]) => { words.textContent = said(label, state); });
  const labels = () => Object.fromEntries(inputs.map(([name, , words]) => [name, words.textContent]));
  return { node, given, show, labels };
}

// settings that the module calls otherwise
const HERE = {
  n_clusters: "people", n_per_cluster: "rows", cost_cluster: "cost_people", pilot_clusters: "pilot_people",
  n_persons: "persons", n_items: "items", n_per_cell: "cell",
};

/** What a press begins. Where it is refused since a setting must be otherwise, the setting is called by its label on the page. */
export const labelled = (labels, begin) => async (...given) => {
  try {
    return await begin(...given);
  } catch (error) {
    const called = labels();
    if (error.kind === "InputError") {
      error.message = error.message.replace(/^\w+(?= must )/, (name) => {
        const label = called[HERE[name] ?? name];
        return label ? `“${label}”` : name;
      });
    }
    throw error;
  }
};

/** What a kind of study has no use for. */
const USELESS = {
  times: (state) => !times(state),
  slope_sd: ({ level }) => level === "arm",
  treated_share: (state) => !arms(state),
};

/** Controls on a page: `useless` says by name when one is not shown, `prefix` begins their ids. */
export function panel(moved, { of = controls, useless = USELESS, prefix = "plan" } = {}) {
  const node = element("div", { class: "plan-setting" });
  const shown = {};
  for (const [key, control] of Object.entries(of)) {
    const built = control.build((value) => value !== undefined && moved({ [key]: value }), `${prefix}-${key}`);
    shown[key] = built;
    node.append(built.node);
  }
  const show = (state) => {
    for (const key in shown) {
      shown[key].node.hidden = useless[key]?.(state) ?? false;
      shown[key].show(state[key], state);
    }
  };
  const labels = (state) => Object.fromEntries(Object.entries(of).map(([key, { label }]) => [key, said(label, state)]));
  return { node, show, labels };
}
