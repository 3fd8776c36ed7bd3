// What came out: the two numbers that matter, what has to hold for them, curves, what becomes of
// the plan if it is wrong, every test, and the sentence for the application.

import { copy } from "../play/copy.mjs";
import { element } from "../play/controls.mjs";
import { curves } from "./planner_curves.mjs";
import { things } from "./planner_setting.mjs";

/** A share as the module's sentences say it: what lies in the middle goes to the even digit. */
export function percent(share, digits = 1) {
  const value = 100 * share, near = value.toFixed(digits);
  const tie = (value * 2 ** (digits + 1)) % 2 === 1 && near.at(-1) % 2 === 1;
  return `${tie ? (value - 0.5 / 10 ** digits).toFixed(digits) : near}%`;
}
const short = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
const WRONG = {
  effect: "The effect is half as large",
  noise_sd: "Rows within a person vary twice as much",
  intercept_sd: "People’s levels vary twice as much",
  slope_sd: "People’s responses vary twice as much",
};
const OVER_TIME = {
  intercept_sd: "Clusters’ slopes vary twice as much",
  slope_sd: "Persons’ slopes vary twice as much",
};

const heading = (words) => element("h2", {}, words);

function card(number, error, words, kind = "") {
  const value = element("span", { class: "plan-number" }, number);
  const about = element("span", { class: "plan-about" }, words);
  return element("p", { class: `plan-card ${kind}` }, value, element("span", { class: "plan-error" }, error), about);
}

/** A table in a frame that scrolls and that a keyboard reaches. */
export function table(label, columns, rows) {
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...others]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...others.map((cell) => element("td", {}, cell))),
  );
  const made = element("table", { class: "plan-table" }, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "plan-scroll", role: "region", "aria-label": label, tabindex: "0" }, made);
}

const withError = (share, error) => `${percent(share)} ± ${percent(error)}`;

export function answerView() {
  const node = element("div", { class: "plan-answer", hidden: "" });
  const stale = element("p", { class: "plan-stale", hidden: "" }, "The plan has changed since: work it out again.");
  const cards = element("div", { class: "plan-cards" });
  const by = element("p", { class: "plan-by" });
  const conditions = element("ul", { class: "plan-conditions" });
  const doubts = element("div", {}), tests = element("div", {});
  const more = heading(""), text = element("p", {});
  const copies = element("button", { type: "button", class: "plan-quiet" }, "Copy these sentences");
  const picture = curves();
  copies.addEventListener("click", () => copy(copies, text.textContent, () => {
    getSelection().selectAllChildren(text);
    return "Selected: copy them now";
  }));
  node.append(
    stale, cards, by,
    heading("This holds if"), conditions,
    more, picture.node,
    heading("If you are wrong"), doubts,
    heading("Every test"), tests,
    heading("For the application"), element("blockquote", { class: "plan-text" }, text), copies,
  );
  let now, drawn;

  return {
    node,
    clear() {
      node.hidden = true;
    },
    stale(is) {
      stale.hidden = !is;
      node.classList.toggle("old", is);
    },
    /** What every test finds. */
    show(told, state) {
      now = { told, state, usual: told.answers.find(({ strategy }) => strategy === told.usual) };
      const { usual } = now;
      const honest = usual.false_alarms - 4 * usual.false_alarms_mc <= 0.05;
      cards.replaceChildren(
        card(percent(usual.power, 0), `± ${percent(usual.power_mc)}`, "of such studies find the effect"),
        card(percent(usual.false_alarms), `± ${percent(usual.false_alarms_mc)}`, "find one where there is none; 5% is what is promised", honest ? "" : "alarm"),
        card(short(usual.width), "", "is the width of the 95% interval"),
      );
      by.textContent = `${told.sizes}, by ${usual.label}, in ${usual.n_studies.toLocaleString("en")} simulated studies. What follows ± is one Monte Carlo standard error.`;
      conditions.replaceChildren(...told.conditions.map((one) => element("li", {}, one)));
      const rows = told.answers.map((one) => [
        one.label,
        withError(one.power, one.power_mc),
        withError(one.false_alarms, one.false_alarms_mc),
        withError(one.adjusted_power, one.adjusted_power_mc),
        one.width === null ? "none" : short(one.width),
        one.closed_form === null ? "" : percent(one.closed_form),
      ]);
      tests.replaceChildren(
        table("Every test", ["Test", "Power", "False alarms", "Power at an honest 5%", "Interval", "Closed form"], rows),
        ...told.left_out.map((why) => element("p", { class: "plan-hint" }, why)),
      );
      text.textContent = told.application;
      const { clusters, rows: each } = things(state);
      more.textContent = `More ${clusters}, or more ${each}?`;
      drawn = { people: [], rows: [] };
      doubts.replaceChildren();
      node.hidden = false;
      this.stale(false);
    },
    /** One more point of a curve. */
    point(part, studies) {
      const { state, usual } = now;
      drawn[part.along].push({ ...part.point, size: part.point[part.along] });
      const { clusters, rows } = things(state);
      picture.show({
        along: drawn,
        now: { people: state.people, rows: state.rows },
        label: usual.label,
        studies,
        units: { people: clusters, rows: `${rows} each` },
      });
    },
    /** What becomes of it if something is not as it was supposed. */
    doubt(parts) {
      const { state, usual } = now;
      const names = { ...WRONG, ...(state.level === "times" ? OVER_TIME : {}) };
      const rows = parts.map(({ name, value, power, power_mc, label, why }) => [
        names[name],
        short(value),
        power === null ? why : withError(power, power_mc) + (label === usual.label ? "" : `, by ${label}`),
      ]);
      rows.unshift(["All is as you say", "", withError(usual.power, usual.power_mc)]);
      doubts.replaceChildren(table("If you are wrong", ["If", "It is", "Power"], rows));
    },
  };
}
