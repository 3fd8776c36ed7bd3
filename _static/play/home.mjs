// The first page: 21 people once, 3 people seven times.

import { drawAlarms, rate } from "./alarms.mjs";
import { kept } from "./controls.mjs";
import { many, percent } from "./drawing.mjs";
import { MOST, ofStudies, pValues } from "./studies.mjs";

export const title = "Two ways to come to 21 rows";
export const height = { narrow: "30rem", wide: "31rem" };
export const lines = { narrow: 4, wide: 2 };

export const controls = {
  drawn: kept(40, { min: 1, max: MOST }),
  seed: kept(10254, { min: 0, max: 1e9 }),
};

export const buttons = {
  one: { label: "Draw a study", press: ({ drawn }) => ({ drawn: drawn + 1 }) },
  more: { label: "Draw 200", press: ({ drawn }) => ({ drawn: drawn + 200 }), kind: "main" },
};

const PLANS = {
  once: { people: 21, each: 1, icc: 0.5 },
  seven: { people: 3, each: 7, icc: 0.5 },
};
const TITLES = { once: "21 people, once", seven: "3 people, seven times" };

const plansOf = (seed) =>
  Object.fromEntries(Object.entries(PLANS).map(([side, plan]) => [side, { ...plan, seed, side }]));

export function numbers({ drawn, seed }) {
  return { drawn, ...ofStudies(plansOf(seed), drawn) };
}

export function says(state, found) {
  const { drawn, seven_alarms: seven, once_alarms: once } = found;
  const studies = drawn === 1 ? "one study" : `${many(drawn)} studies`;
  return (
    `Age does nothing here. Yet of ${studies} with three people, ${many(seven)} found an ` +
    `\u201ceffect of age\u201d (${percent(seven / drawn)}); with twenty-one people, ` +
    `${many(once)} (${percent(once / drawn)}). In the long run it will be ` +
    `${rate(found.seven_expected)} and ${rate(found.once_expected)}.`
  );
}

export function draw(picture, { drawn, seed }, found, motion) {
  const sides = Object.entries(plansOf(seed)).map(([side, plan]) => ({
    plan,
    key: `${side} ${seed}`,
    title: TITLES[side],
    p: pValues(plan, drawn),
    expected: found[`${side}_expected`],
  }));
  return drawAlarms(picture, sides, drawn, motion);
}
