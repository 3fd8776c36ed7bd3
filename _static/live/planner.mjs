// Plan your study, here: a setting, what every test would find in it, curves, doubts, searches. The
// setting stands in the link, #play-plan?people=40&rows=8, so that it can be passed on.

import { choice, element } from "../play/controls.mjs";
import { copyLink } from "../play/copy.mjs";
import { fromAddress, starts, toAddress, toHash } from "../play/state.mjs";
import { ready } from "./engine.mjs";
import { answerView, percent, table } from "./planner_answer.mjs";
import { itemsPart } from "./planner_items.mjs";
import { pilotPart } from "./planner_pilot.mjs";
import { boxes, controls, labelled, panel, things } from "./planner_setting.mjs";
import { runner } from "./runner.mjs";

const NAME = "plan";
const PACKAGES = ["numpy"];
const STUDIES = { answer: 2000, curve: 1000 };
const SEED = 1;

const place = document.querySelector(".planner");
const still = [...place.childNodes];
let state = fromAddress(NAME, controls) ?? starts(controls);
let answered = null; // the setting that the answer is of

function change(changes) {
  state = { ...state, ...changes };
  toAddress(NAME, controls, state);
  show();
}

function show() {
  setting.show(state);
  prices.show(state);
  pilot.show(state);
  showSought();
  view.stale(answered !== null && answered !== toHash(NAME, controls, state));
}

// ---- The answer

const setting = panel(change);
const view = answerView();
const labels = () => setting.labels(state);
const asked = (more) => ({ setting: { ...state }, seed: SEED, ...more });

const working = runner({
  label: "Work it out",
  packages: PACKAGES,
  begin: labelled(labels, async (engine, tell) => {
    const mine = { ...state }, args = asked();
    const told = await engine.call("planner_page.answer", { ...args, studies: STUDIES.answer });
    answered = toHash(NAME, controls, mine);
    view.show(told, mine);
    show();
    const doubts = [], more = { ...args, studies: STUDIES.curve };
    tell("Curves");
    for (const along of ["people", "rows"]) {
      await engine.call("planner_page.curve", { ...more, along }, {
        onPartial: (part) => view.point(part, STUDIES.curve),
      });
    }
    tell("What if you are wrong?");
    await engine.call("planner_page.doubts", more, {
      onPartial(part) {
        doubts.push(part);
        view.doubt(doubts);
      },
    });
    const usual = told.answers.find(({ strategy }) => strategy === told.usual);
    tell(`Power ${percent(usual.power)}, false alarms ${percent(usual.false_alarms)}. Below: what has to hold for it.`);
  }),
});

// ---- The smallest design

const sought = { find: "people", power: 0.8 };
const find = choice("What is to be found?", { people: "Fewest people", rows: "Fewest rows", effect: "Smallest effect" }, "people")
  .build((value) => { sought.find = value; showSought(); }, "plan-find");
const power = choice("With which power?", { 0.8: "80%", 0.9: "90%", 0.95: "95%" }, "0.8")
  .build((value) => { sought.power = Number(value); showSought(); }, "plan-power");
function showSought() {
  find.show(sought.find);
  power.show(String(sought.power));
  const { clusters, rows } = things(state);
  for (const [value, words] of [["people", clusters], ["rows", rows]]) {
    find.node.querySelector(`[value=${value}] + span`).textContent = `Fewest ${words}`;
  }
}
const found = element("p", { class: "plan-found" });
const take = element("button", { type: "button", class: "plan-quiet", hidden: "" });
const searching = runner({
  label: "Find it",
  packages: PACKAGES,
  begin: labelled(labels, async (engine, tell) => {
    take.hidden = true;
    found.textContent = "";
    const mine = { ...sought };
    tell("Trying sizes");
    const told = await engine.call("planner_page.smallest", { ...asked(), ...mine, studies: STUDIES.answer }, {
      onPartial: ({ says }) => tell(says),
    });
    const value = mine.find === "effect" ? Number(told.found.toPrecision(3)) : told.found;
    tell("Found.");
    found.textContent = told.says;
    take.hidden = false;
    take.textContent = `Take ${value} into the plan`;
    take.onclick = () => change({ [mine.find]: value });
  }),
});

// ---- A budget

const money = {
  budget: ["In all", 6000],
  cost_people: [(state) => `A ${things(state).cluster}`, 50],
  cost_row: [(state) => `A ${things(state).row}`, 5],
};
const prices = boxes(money, { min: 0, step: "any", inputmode: "decimal" });
const splits = element("div", {});
const spending = runner({
  label: "Split it",
  packages: PACKAGES,
  begin: labelled(() => ({ ...labels(), ...prices.labels() }), async (engine, tell) => {
    const { clusters, rows } = things(state);
    splits.replaceChildren();
    const told = await engine.call("planner_page.split", { ...asked(), ...prices.given(), studies: STUDIES.answer }, {
      onPartial: ({ says, share }) => tell(says, share),
    });
    const lines = told.splits.map((one) => [
      `${one.people} ${clusters}`, `${one.rows} ${rows}`, one.label, `${percent(one.power)} ± ${percent(one.power_mc)}`, String(Number(one.smallest_effect.toPrecision(3))),
    ]);
    splits.replaceChildren(table("Ways to spend it", ["With", "Each with", "Test", "Power", "Effect found with 80%"], lines));
    const best = told.splits[0];
    tell(`Best: ${best.people} ${clusters}, ${best.rows} ${rows} each, power ${percent(best.power)}.`);
  }),
});

// ---- On stage

const link = element("button", { type: "button", class: "plan-quiet" }, "Copy a link to this plan");
link.addEventListener("click", () => copyLink(link, toHash(NAME, controls, state)));
const again = element("button", { type: "button", class: "plan-quiet" }, "Start over");
again.addEventListener("click", () => change(starts(controls)));

const search = element("section", { class: "plan-search", "aria-labelledby": "plan-search" },
  element("h2", { id: "plan-search" }, "The smallest study that would do"),
  element("div", { class: "plan-choices" }, find.node, power.node), searching.node, found, take);
const budget = element("details", { class: "plan-fold plan-budget" },
  element("summary", {}, "Or the best way to spend a budget"), prices.node, spending.node, splits);
const pilot = pilotPart(asked, () => sought.power, labels);
const items = itemsPart();
const stage = element("div", { class: "plan-stage", id: `play-${NAME}` },
  setting.node, element("div", { class: "plan-row" }, working.node, link, again), view.node, search, budget, pilot.node, items);
for (const part of still) part.remove();
place.append(stage);
place.classList.add("live");
show();
addEventListener("hashchange", () => {
  const wanted = fromAddress(NAME, controls);
  if (wanted) change(wanted);
});
ready().then((there) => {
  if (there === undefined || there?.runtime) return;
  for (const part of [search, budget, pilot.node, items]) part.remove();
  for (const part of still) stage.append(part);
});

// what the tests look at
place.planner = { state: () => state, change };
