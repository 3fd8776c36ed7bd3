// The first chapter: as many rows from as many people, or from a few who answer several times.

import { drawAlarms, rate } from "./alarms.mjs";
import { kept, slider } from "./controls.mjs";
import { many, percent, share } from "./drawing.mjs";
import { ofStudies, pValues } from "./studies.mjs";

export const title = "So many rows from many people, or from a few";
export const height = { narrow: "42rem", wide: "37rem" };
export const lines = { narrow: 5, wide: 3 };

const MOST = 1000, ENOUGH = 20; // studies that one may draw; studies after which the truth is told

export const controls = {
  icc: slider("Likeness (ICC)", {
    min: 0, max: 0.95, step: 0.05, start: 0.5, shown: (value) => share(value),
  }),
  people: slider("People", { min: 3, max: 20, step: 1, start: 3 }),
  each: slider("Answers of each", { min: 1, max: 10, step: 1, start: 7 }),
  drawn: kept(1, { min: 1, max: MOST }),
  seed: kept(10254, { min: 0, max: 1e9 }),
};

export const buttons = {
  one: { label: "Draw a study", press: ({ drawn }) => ({ drawn: drawn + 1 }) },
  more: { label: "Draw 200", press: ({ drawn }) => ({ drawn: drawn + 200 }), kind: "main" },
};

const plansOf = ({ people, each, icc, seed }) => ({
  once: { people: people * each, each: 1, icc, seed, side: "once" },
  again: { people, each, icc, seed, side: "again" },
});

export function numbers(state) {
  const { people, each, drawn } = state;
  return { drawn, rows: people * each, ...ofStudies(plansOf(state), drawn) };
}

const times = (each) => (each === 1 ? "once" : `${each} times`);

export function says({ people, each }, { drawn, rows, ...found }) {
  const plans = `Both plans have ${rows} rows, and age does nothing in either.`;
  if (drawn < ENOUGH) {
    return `${plans} Draw more studies and see how often p comes to lie below .05 on the left, and how often on the right.`;
  }
  const { again_alarms: again, once_alarms: once } = found;
  return (
    `${plans} Of ${many(drawn)} studies of ${people} people asked ${times(each)}, ` +
    `${many(again)} found an \u201ceffect of age\u201d (${percent(again / drawn)}), ` +
    `and ${many(once)} (${percent(once / drawn)}) of ${rows} people asked once. In the long run ` +
    `it will be ${rate(found.again_expected)} and ${rate(found.once_expected)}.`
  );
}

export function draw(picture, state, found, motion) {
  const { people, each, icc, seed, drawn } = state;
  const sides = Object.entries(plansOf(state)).map(([side, plan]) => ({
    plan,
    key: `${side} ${people} ${each} ${icc} ${seed}`,
    title: side === "once" ? `${people * each} people, once` : `${people} people, ${times(each)}`,
    p: pValues(plan, drawn),
    expected: drawn < ENOUGH ? null : found[`${side}_expected`],
  }));
  return drawAlarms(picture, sides, drawn, motion);
}
