// Studies in which persons all answer the same items: how far more of either would help, by the
// closed form, and what simulated studies say. Its setting stands in the link, #play-items?items=40.

import { choice, element } from "../play/controls.mjs";
import { fromAddress, starts, toAddress, toHash } from "../play/state.mjs";
import { percent, table } from "./planner_answer.mjs";
import { labelled, panel, quantity } from "./planner_setting.mjs";
import { runner } from "./runner.mjs";

const NAME = "items";
const PACKAGES = ["numpy", "pandas"];
const STUDIES = 500;
const SEED = 1;
const POWER = 0.8;

const controls = {
  condition_of: choice("What is in one condition only?", {
    items: "Each item", persons: "Each person", rows: "Neither: both meet both",
  }, "items"),
  persons: quantity("Persons", { min: 4, max: 200, step: 1, start: 30, most: 500 }),
  items: quantity("Items", { min: 4, max: 100, step: 1, start: 20, most: 500 }),
  cell: quantity("Rows of each person and item", { min: 1, max: 5, step: 1, start: 1, most: 50 }),
  effect: quantity("Smallest effect that matters", { min: 0, max: 2, step: 0.05, start: 0.5, least: -1e6, most: 1e6 }),
  noise_sd: quantity("SD of a single answer", { min: 0.1, max: 3, step: 0.05, start: 1, least: 0.001, most: 1e6 }),
  person_sd: quantity("SD of persons’ levels", { min: 0, max: 3, step: 0.05, start: 0.5, most: 1e6 }),
  item_sd: quantity("SD of items’ levels", { min: 0, max: 3, step: 0.05, start: 0.5, most: 1e6 }),
  person_slope_sd: quantity("SD of persons’ own differences", { min: 0, max: 2, step: 0.05, start: 0.3, most: 1e6 }),
  item_slope_sd: quantity("SD of items’ own differences", { min: 0, max: 2, step: 0.05, start: 0.3, most: 1e6 }),
};
const USELESS = {
  person_slope_sd: ({ condition_of }) => condition_of === "persons",
  item_slope_sd: ({ condition_of }) => condition_of === "items",
};

const many = (count) => (count === null ? "no end of them" : String(count));

function searched(fewest) {
  const one = (name, { size, ceiling, most }) => {
    if (size) return `With the other as planned, ${size} ${name} would do for ${percent(POWER, 0)}.`;
    const limit = most ? `not even ${most.toLocaleString("en")} do` : `no number passes ${percent(ceiling)}`;
    return `More ${name} alone cannot reach ${percent(POWER, 0)}: ${limit}.`;
  };
  return `${one("persons", fewest.persons)} ${one("items", fewest.items)}`;
}

export function itemsPart() {
  const linked = fromAddress(NAME, controls);
  let state = linked ?? starts(controls), answered = null;
  const stale = element("p", { class: "plan-stale", hidden: "" }, "The plan has changed since: work it out again.");
  const others = element("div", {}), fewest = element("p", { class: "plan-found" }), drawn = element("p", { class: "plan-found" });

  function change(changes) {
    state = { ...state, ...changes };
    toAddress(NAME, controls, state);
    show();
  }
  const setting = panel(change, { of: controls, useless: USELESS, prefix: NAME });
  function show() {
    setting.show(state);
    stale.hidden = answered === null || answered === toHash(NAME, controls, state);
  }

  const working = runner({
    label: "Work it out",
    packages: PACKAGES,
    begin: labelled(() => setting.labels(state), async (engine, tell) => {
      const mine = { ...state };
      for (const part of [others, fewest, drawn]) part.replaceChildren();
      const told = await engine.call("items_page.closed", { setting: mine, power: POWER });
      answered = toHash(NAME, controls, mine);
      show();
      const planned = { persons: mine.persons, items: mine.items, power: told.power };
      const rows = [planned, ...told.others].map((one) => [many(one.persons), many(one.items), percent(one.power)]);
      others.replaceChildren(table("More persons, or more items", ["Persons", "Items", "Power by the closed form"], rows));
      const least = Number(told.least.toPrecision(3));
      fewest.textContent = `As planned, the smallest effect found with ${percent(POWER, 0)} is ${least}. ${searched(told.fewest)}`;
      tell(`Drawing ${STUDIES} such studies`);
      const found = await engine.call("items_page.simulated", { setting: mine, studies: STUDIES, seed: SEED });
      drawn.textContent = found.says;
      tell(`Power ${percent(found.power)}, false alarms ${percent(found.false_alarms)}, in ${STUDIES} simulated studies.`);
    }),
  });

  const node = element("details", { class: "plan-fold plan-items", id: `play-${NAME}` },
    element("summary", {}, "Or everyone answers the same items"),
    element("p", { class: "plan-hint" }, "Pupils and test questions, readers and words, raters and videos: both could have been others, and few of either set a ceiling."),
    setting.node, working.node, stale, others, fewest, drawn);
  node.open = linked !== null;
  addEventListener("hashchange", () => {
    const wanted = fromAddress(NAME, controls);
    if (wanted) {
      node.open = true;
      change(wanted);
    }
  });
  show();
  return node;
}
