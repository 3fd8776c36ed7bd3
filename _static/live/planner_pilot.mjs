// What a pilot that the SDs come from leaves open of the people who are needed.

import { element } from "../play/controls.mjs";
import { boxes, labelled, things } from "./planner_setting.mjs";
import { runner } from "./runner.mjs";

const capital = (words) => words[0].toUpperCase() + words.slice(1);
const SIZES = {
  pilot_people: [(state) => `${capital(things(state).clusters)} in the pilot`, 8],
  pilot_rows: [(state) => `${capital(things(state).rows)} each in the pilot`, 10],
};

/** `asked()` gives the plan as a call of the planner takes it, `power()` the power that is wanted,
 * `labels()` what the plan's settings are called. `show(state)` says for what it is asked. */
export function pilotPart(asked, power, labels) {
  const sizes = boxes(SIZES, { min: 2, step: 1, inputmode: "numeric" });
  const says = element("p", { class: "plan-found" });
  const telling = runner({
    label: "What does it tell?",
    packages: ["numpy"],
    begin: labelled(() => ({ ...labels(), ...sizes.labels() }), async (engine, tell) => {
      says.textContent = "";
      tell("Drawing truths that could have led to it");
      const { clusters } = things(asked().setting);
      const told = await engine.call("planner_page.pilot", { ...asked(), ...sizes.given(), power: power() });
      tell(`Needed: between ${told.low.toLocaleString("en")} and ${told.high.toLocaleString("en")} ${clusters}.`);
      says.textContent = told.says;
    }),
  });
  const node = element("details", { class: "plan-fold plan-pilot" },
    element("summary", {}, "Or what a pilot tells, if the SDs are its estimates"), sizes.node, telling.node, says);
  return { node, show: sizes.show };
}
