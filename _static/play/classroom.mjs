// What a class hands in: each student has drawn one study, each dot is one estimate, beside what
// theory says of all such studies and what the studies print as their own error.

import { collected, tell } from "../classroom/handed_in.mjs";
import { longRun, study, theory } from "../classroom/study.mjs";
import { choice, kept, slider } from "./controls.mjs";
import { number, percent, scale, ticks } from "./drawing.mjs";
import { mean, variance } from "./statistics.mjs";

export const title = "A class's estimates, and what theory says of them";
export const height = { narrow: "55rem", wide: "47rem" };
export const lines = { narrow: 12, wide: 5 };

const MOST = 300;
const PRETEND = 1000; // seeds of students who are not there

const sd = (label, start, max) =>
  slider(label, { min: 0, max, step: 0.1, start, shown: (value) => number(value, 1) });

export const controls = {
  kind: choice("Who has the app", {
    who: "Half of the people", when: "Everybody, half of the days",
  }, "who"),
  people: slider("People", { min: 6, max: 40, step: 2, start: 20 }),
  rows: slider("Answers from each", { min: 2, max: 20, step: 2, start: 10 }),
  effect: slider("True effect of the app", {
    min: 0, max: 1, step: 0.1, start: 0, shown: (value) => number(value, 1),
  }),
  level: sd("SD of people\u2019s levels", 1, 2),
  own: sd("SD of people\u2019s effects", 0, 1),
  test: choice("Red: p < .05 by", { rows: "All rows", people: "One number a person" }, "rows"),
  pretend: kept(0, { min: 0, max: MOST }),
};

export const buttons = {
  one: { label: "Pretend: one student", press: more(1) },
  many: { label: "Pretend: thirty students", press: more(30) },
};

function more(count) {
  return ({ pretend }) => ({ pretend: Math.min(pretend + count, MOST) });
}

/** The part of a setting that is the study design, in a fixed order. */
export const designOf = ({ kind, people, rows, effect, level, own }) =>
  ({ kind, people, rows, effect, level, own });

const drawn = { key: "", studies: [] };
function pretended(design, count) {
  const key = JSON.stringify(design);
  if (drawn.key !== key) Object.assign(drawn, { key, studies: [] });
  while (drawn.studies.length < count) {
    drawn.studies.push(study(design, PRETEND + drawn.studies.length));
  }
  return drawn.studies.slice(0, count);
}

export function numbers(state) {
  const design = designOf(state), { studies: handed, problems } = collected(design);
  const all = [...handed, ...pretended(design, state.pretend)];
  const estimates = all.map(({ estimate }) => estimate);
  const whole = all.filter(({ plain }) => !plain);
  const { real, rows: printedRows, people: printedPeople } = theory(design);
  const shares = longRun(design);
  const within = (k) => share(estimates, (one) => Math.abs(one - design.effect) <= k * real);
  const of = (test) => ({
    printed: whole.length ? Math.sqrt(mean(whole.map((one) => one[test].error ** 2))) : null,
    hits: whole.filter((one) => one[test].p < 0.05).length,
  });
  const rows = of("rows"), people = of("people");
  tell("class", { design, count: all.length, handed: handed.length, problems });
  return {
    real, printedRows, printedPeople, longRows: shares.rows, longPeople: shares.people,
    count: all.length, whole: whole.length,
    middle: all.length ? mean(estimates) : null,
    spread: all.length > 1 ? Math.sqrt(variance(estimates)) : null,
    within1: all.length ? within(1) : null, within2: all.length ? within(2) : null,
    rowsPrinted: rows.printed, rowsHits: rows.hits,
    peoplePrinted: people.printed, peopleHits: people.hits,
    estimates, red: all.map((one) => !one.plain && one[state.test].p < 0.05),
  };
}

const share = (values, holds) => values.filter(holds).length / values.length;

export function says({ effect }, found) {
  const alarm = effect === 0 ? "false alarms" : "found";
  const long = (value) => `${percent(value)} in the long run`;
  if (!found.count) {
    return (
      `No study has come in yet. Theory says how the estimates will scatter: around ` +
      `${number(effect, 1)}, with an SD of ${number(found.real)}. One line through all rows will ` +
      `print errors of about ${number(found.printedRows)} (p < .05: ${long(found.longRows)}), one ` +
      `number a person ${number(found.printedPeople)} (${long(found.longPeople)}).`
    );
  }
  const studies = found.count === 1 ? "One study has" : `${found.count} studies have`;
  const scatter = found.spread === null ? ""
    : ` and scatter with an SD of ${number(found.spread)}; theory says ${number(found.real)}`;
  const inside =
    ` Within one such SD of the truth lie ${percent(found.within1)} (68% in the long run), within ` +
    `two ${percent(found.within2)} (95%).`;
  const printed = (words, error, hits, rate) =>
    ` ${words} prints errors of ${number(error)}: ${hits} of ${found.whole} have p < .05` +
    ` (${alarm}, ${long(rate)}).`;
  return (
    `${studies} come in. Their estimates average ${number(found.middle)}${scatter}.` + inside +
    (found.whole
      ? printed("One line through all rows", found.rowsPrinted, found.rowsHits, found.longRows) +
        printed("One number a person", found.peoplePrinted, found.peopleHits, found.longPeople)
      : "")
  );
}

export function draw({ pen, width, height, narrow }, state, found) {
  const { effect } = state, reach = 3.6 * found.real;
  const low = effect - reach, high = effect + reach;
  const x = scale([low, high], [14, width - 14]);
  const floor = height - 112, top = 30;
  const bins = found.count > 80 ? (narrow ? 27 : 41) : narrow ? 19 : 25, wide = (2 * reach) / bins;
  const piles = Array.from({ length: bins }, () => []);
  found.estimates.forEach((estimate, k) => {
    const bin = Math.floor((estimate - low) / wide);
    piles[Math.min(Math.max(bin, 0), bins - 1)].push(found.red[k]);
  });
  const curve = (at) =>
    (Math.max(found.count, 20) * wide * Math.exp(-(((at - effect) / found.real) ** 2) / 2))
    / (found.real * Math.sqrt(2 * Math.PI));
  const tallest = Math.max(curve(effect) * 1.15, ...piles.map((pile) => pile.length), 4);
  const unit = Math.min((floor - top) / tallest, x(wide) - x(0));
  const size = Math.max(unit / 2 - 0.6, 1);

  pen.box(x(effect - found.real), top, x(effect + found.real) - x(effect - found.real), floor - top,
    "fill faint");
  pen.line(x(effect), top - 6, x(effect), floor, "dashed thin quiet");
  const points = [];
  for (let k = 0; k <= 90; k++) {
    const at = low + (k / 90) * (high - low);
    points.push([x(at), floor - curve(at) * unit]);
  }
  piles.forEach((pile, bin) => {
    const at = x(low + (bin + 0.5) * wide);
    // those with p < .05 lie below, so that they can be counted
    [...pile].sort((one, other) => other - one).forEach((red, k) =>
      pen.dot(at, floor - (k + 0.5) * unit, size, red ? "alarm" : "calm"));
  });
  pen.path(points, "thin");
  pen.line(14, floor, width - 14, floor, "rule");
  for (const value of ticks(low, high, narrow ? 5 : 9)) {
    pen.text(x(value), floor + 17, number(value, Math.abs(value * 10) % 1 ? 2 : 1), "small", "middle");
  }
  pen.text(x(effect), top - 12, `truth ${number(effect, 1)}`, "small halo", "middle");
  const hits = state.test === "rows" ? found.rowsHits : found.peopleHits;
  if (found.whole) {
    pen.text(14, top + 34, `${hits} of ${found.whole}`, `count halo ${hits ? "alarm" : ""}`);
    pen.text(16, top + 54, "have p < .05", "strong halo");
  }
  const bar = (place, error, words, kind) => {
    const y = floor + 38 + place * 24;
    pen.line(x(effect - error), y, x(effect + error), y, `thick ${kind}`);
    pen.text(x(effect + error) + 8, y + 4, words, `small halo`);
  };
  const short = narrow ? "" : "one SD of the estimates, ";
  bar(0, found.real, `${short}real`, "");
  bar(1, found.rowsPrinted ?? found.printedRows, narrow ? "all rows" : "error printed from all rows",
    "alarm");
  bar(2, found.peoplePrinted ?? found.printedPeople,
    narrow ? "a person" : "error printed from one number a person", "calm");
}
