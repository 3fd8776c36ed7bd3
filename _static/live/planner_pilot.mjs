// What a pilot that the SDs come from leaves open of the people who are needed.

import { element } from "../play/controls.mjs";
import { boxes } from "./planner_setting.mjs";
import { runner } from "./runner.mjs";

const SIZES = { pilot_people: ["People in the pilot", 8], pilot_rows: ["Rows each", 10] };

/** `asked()` gives the plan as a call of the planner takes it, `power()` the power that is wanted. */
export function pilotPart(asked, power) {
  const sizes = boxes(SIZES, { min: 2, step: 1, inputmode: "numeric" });
  const says = element("p", { class: "plan-found" });
  const telling = runner({
    label: "What does it tell?",
    packages: ["numpy"],
    async begin(engine, tell) {
      says.textContent = "";
      tell("Drawing truths that could have led to it");
      const told = await engine.call("planner_page.pilot", { ...asked(), ...sizes.given(), power: power() });
      tell(`Needed: between ${told.low} and ${told.high} people.`);
      says.textContent = told.says;
    },
  });
  return element("details", { class: "plan-fold plan-pilot" },
    element("summary", {}, "Or what a pilot tells, if the SDs are its estimates"), sizes.node, telling.node, says);
}
