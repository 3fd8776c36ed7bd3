// How far off one is about Ada's next answer, or a stranger's, by three guesses.

import { choice, slider } from "./controls.mjs";
import { number, percent, scale, ticks } from "./drawing.mjs";

export const title = "Three guesses at the next answer";
export const height = { narrow: "45rem", wide: "41rem" };
export const lines = { narrow: 5, wide: 3 };

export const controls = {
  about: choice("Whose next answer?", { ada: "Ada\u2019s", stranger: "a stranger\u2019s" }, "ada"),
  answers: slider("Answers from each", { min: 1, max: 32, step: 1, start: 4 }),
  tau: slider("SD of people (of days: 1)", {
    min: 0.2, max: 1.5, step: 0.05, start: 0.5, shown: (value) => number(value, 2),
  }),
  people: slider("People", { min: 2, max: 60, step: 1, start: 30 }),
};

const GUESSES = {
  own: { kind: "two_stage", ada: "her own mean", stranger: "his own mean" },
  all: { kind: "ols", ada: "everybody\u2019s mean", stranger: "everybody\u2019s mean" },
  both: { kind: "multilevel", ada: "the compromise", stranger: "the compromise" },
};

/** Mean squared error of each guess at an answer of Ada's, variances known; days differ by 1. */
function aboutAda({ answers, tau, people }) {
  const believed = tau ** 2 / (tau ** 2 + 1 / answers);
  const adds = { own: 1 / answers, all: tau ** 2, both: believed / answers };
  const off = (added) => 1 + (1 - 1 / people) * added + 1 / (people * answers);
  return { own: off(adds.own), all: off(adds.all), both: off(adds.both), floor: 1, believed };
}

/** Of a stranger nothing is known: every guess is everybody's mean. */
function aboutStranger({ answers, tau, people }) {
  const off = 1 + tau ** 2 + (tau ** 2 + 1 / answers) / people;
  return { own: null, all: off, both: off, floor: 1 + tau ** 2, believed: 0 };
}

const errors = (state) => (state.about === "ada" ? aboutAda(state) : aboutStranger(state));

export function numbers(state) {
  const more = (changes) => errors({ ...state, ...changes }).both;
  return {
    ...errors(state),
    worth: 1 / state.tau ** 2,
    more_answers: more({ answers: 2 * state.answers }),
    more_people: more({ people: 2 * state.people }),
  };
}

const times = (value) => number(value, value < 9.95 ? 1 : 0).replace(/\.0$/, "");
const answersIn = (words) => (words === "1" ? "1 answer" : `${words} answers`);
const once = (count) => (count === 1 ? "once" : `${count} times`);

export function says({ about, answers }, found) {
  const { own, all, both, floor, worth, believed } = found;
  if (about === "stranger") {
    return (
      "Of a stranger nothing is known, so that each guess is everybody\u2019s mean. Its squared " +
      `error is ${number(all, 3)}, of which his level and his day make ${number(floor, 3)}. With ` +
      `twice as many people it would be ${number(found.more_people, 3)}, with twice as many ` +
      `answers from each ${number(found.more_answers, 3)}.`
    );
  }
  return (
    `Ada has answered ${once(answers)}; everybody else is worth ${answersIn(times(worth))} more. ` +
    `Squared errors: ${number(own, 2)} with her own mean, ${number(all, 2)} with ` +
    `everybody\u2019s, ${number(both, 2)} with the compromise, which believes ` +
    `${percent(believed)} of the distance between the two. Her day alone makes ${floor}.`
  );
}

export function draw(picture, state, found) {
  const { height, narrow } = picture, tape = 52;
  const bars = narrow ? height - tape - 12 : 144;
  drawTape(picture, state, found, tape);
  if (!narrow) drawCurves(picture, state, found, tape + 34, height - bars - 54);
  drawBars(picture, state, found, height - bars, height - 6);
}

/** Ada's answers, and as many more as everybody else is worth. */
function drawTape({ pen, width, narrow }, { about, answers }, { worth }, bottom) {
  const ada = about === "ada";
  const others = narrow ? "what others are worth" : "what everybody else is worth, in answers of hers";
  pen.text(0, 14, ada ? `Ada\u2019s answers, and ${others}` : "A stranger\u2019s answers", "head");
  const middle = bottom - 17;
  if (!ada) return pen.text(0, middle + 5, "none: the others say only what is usual", "small");
  const size = Math.min(20, (width - 4) / (answers + worth)), side = size - (size > 8 ? 3 : 1.5);
  for (let i = 0; i < answers; i++) pen.box(i * size, middle - side / 2, side, side, "two_stage");
  for (let i = 0; i < worth - 0.02; i++) {
    const part = side * Math.min(worth - i, 1);
    pen.box((answers + i) * size, middle - side / 2, part, side, "ols");
  }
}

const MOST = 32, LEFT = 36, STEPS = 60;
const FLOOR = { ada: "her day", stranger: "his level and his day" };
const across = (width) => scale([0, Math.log2(MOST)], [LEFT + 8, width - 14]);

/** The errors as answers grow, as in the still figure; on a phone the bars have to do. */
function drawCurves({ pen, width }, state, found, top, bottom) {
  const ada = state.about === "ada";
  const low = found.floor - 0.22, high = found.floor + Math.max(1.1, ada ? state.tau ** 2 + 0.1 : 0);
  const x = across(width), y = scale([low, high], [bottom, top]);
  const left = LEFT, right = width - 6, at = (answers) => x(Math.log2(answers));
  pen.text(0, top - 12, "mean squared error", "small");
  pen.box(left, y(found.floor), right - left, bottom - y(found.floor), "fill");
  pen.text(right - 8, bottom - 7, `${FLOOR[state.about]}: nobody can avoid it`, "small", "end");
  for (const value of ticks(low, high, 4)) {
    pen.line(left - 4, y(value), left, y(value), "rule");
    pen.text(left - 8, y(value) + 4, number(value, 1), "small", "end");
  }
  for (const answers of [1, 2, 4, 8, 16, 32]) {
    pen.line(at(answers), bottom, at(answers), bottom + 4, "rule");
    pen.text(at(answers), bottom + 18, String(answers), "small", "middle");
  }
  pen.text(right, bottom + 34, "answers from each", "small", "end");
  pen.line(left, bottom, right, bottom, "rule");
  pen.line(at(state.answers), top, at(state.answers), bottom, "quiet thin dashed");
  const shown = Object.entries(GUESSES).filter(([key]) => found[key] !== null);
  for (const [key, { kind }] of shown) {
    const points = [];
    for (let step = 0; step <= STEPS; step++) {
      const answers = MOST ** (step / STEPS);
      const value = errors({ ...state, answers })[key];
      if (value <= high) points.push([at(answers), y(value)]);
    }
    pen.path(points, `${kind} ${!ada && key === "all" ? "thick" : ""}`);
  }
  for (const [key, { kind }] of shown) {
    if (found[key] <= high) pen.dot(at(state.answers), y(found[key]), !ada && key === "all" ? 7 : 5, kind);
  }
}

/** A bar for each guess: first what nobody can avoid, then what the guess adds. */
function drawBars({ pen, width, narrow }, state, found, top, bottom) {
  const ada = state.about === "ada", left = narrow ? 0 : 150;
  const longest = Math.max(2.2, ...Object.keys(GUESSES).map((key) => found[key] ?? 0));
  const x = scale([0, longest], [left, width - 52]);
  const lane = (bottom - top) / 3, thick = narrow ? Math.min(30, lane - 26) : 30;
  Object.entries(GUESSES).forEach(([key, guess], i) => {
    const y = top + lane * (i + 1) - thick, middle = y + thick / 2 + 5, value = found[key];
    pen.text(0, narrow ? y - 6 : middle, guess[state.about], `strong ${guess.kind}`);
    if (value === null) return pen.text(x(0), middle, "he has none yet", "small");
    pen.box(x(0), y, x(found.floor) - x(0), thick, "fill");
    pen.text(x(0) + 9, middle, ada ? "her day" : "his day", "small");
    if (!ada) {
      pen.line(x(1), y, x(1), y + thick, "quiet thin");
      if (x(found.floor) - x(1) > 66) pen.text(x(1) + 9, middle, "his level", "small");
    }
    pen.box(x(found.floor), y, Math.max(x(value) - x(found.floor), 1), thick, guess.kind);
    pen.text(x(value) + 8, middle, number(value, ada ? 2 : 3), "strong");
  });
}

/** A finger on the curves moves the number of answers. */
export function drag({ width, height, narrow }, state, x, y) {
  if (narrow || y > height - 150) return null;
  const doublings = Math.min(Math.max(across(width).back(x), 0), Math.log2(MOST));
  return { answers: Math.round(2 ** doublings) };
}
