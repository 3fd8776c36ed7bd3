// Simpson's paradox: forty runners, five runs each. Clouds slide, three lines turn.

import { slider } from "./controls.mjs";
import { number, percent, scale, spread, ticks } from "./drawing.mjs";
import { normals } from "./random.mjs";
import { leastSquares, mean } from "./statistics.mjs";

export const title = "Slopes within runners, between runners, and across all runs";
export const height = { narrow: "37rem", wide: "33rem" };
export const lines = { narrow: 5, wide: 3 };

const RUNNERS = 40, RUNS = 5, WITHIN = -1, LEVEL_SD = 0.5, NOISE_SD = 0.5, SHADES = 6;
const X = 3, Y = 4; // how far the axes reach

export const controls = {
  share: slider("Speed: share between runners", {
    min: 0, max: 1, step: 0.05, start: 0.8, shown: (value) => percent(value),
  }),
  between: slider("Slope between runners", {
    min: -1.5, max: 1.5, step: 0.1, start: 1, shown: (value) => number(value, 1),
  }),
};

const draw0 = normals(1951);
const LUCK = Array.from({ length: RUNNERS }, () => ({
  usual: draw0(),
  level: draw0(),
  runs: Array.from({ length: RUNS }, () => [draw0(), draw0()]),
})).sort((one, other) => one.usual - other.usual);

/** The rows: `x` the speed at the start, `y` the endurance, runner after runner. */
function rows({ share, between }) {
  const x = [], y = [];
  for (const { usual, level, runs } of LUCK) {
    const hers = Math.sqrt(share) * usual;
    for (const [today, noise] of runs) {
      const off = Math.sqrt(1 - share) * today;
      x.push(hers + off);
      y.push(between * hers + WITHIN * off + LEVEL_SD * level + NOISE_SD * noise);
    }
  }
  return { x, y };
}

const runner = (values, g) => values.slice(g * RUNS, (g + 1) * RUNS);

export function numbers({ share, between }) {
  const { x, y } = rows({ share, between });
  const xMeans = [], yMeans = [], xOff = [], yOff = [];
  for (let g = 0; g < RUNNERS; g++) {
    xMeans.push(mean(runner(x, g)));
    yMeans.push(mean(runner(y, g)));
    for (const value of runner(x, g)) xOff.push(value - xMeans[g]);
    for (const value of runner(y, g)) yOff.push(value - yMeans[g]);
  }
  return {
    x,
    y,
    pooled: leastSquares(x, y).slope,
    within: share < 1 ? leastSquares(xOff, yOff).slope : null,
    between: leastSquares(xMeans, yMeans).slope,
    expected: (1 - share) * WITHIN + share * between,
  };
}

export function says({ share }, { pooled, within, between, expected }) {
  const inside =
    within === null
      ? "No runner ever changes her speed, so nothing can be said of the slope within runners"
      : `Within runners the slope is ${number(within)}`;
  const sign = (value) => (Math.abs(value) < 0.005 ? 0 : Math.sign(value));
  const turned = within !== null && sign(pooled) * sign(within) < 0;
  return (
    `${inside}; between their averages it is ${number(between)}. One line through all runs has ` +
    `${number(pooled)}${turned ? ", the opposite sign" : ""}: with ${percent(share)} of the ` +
    `differences between runners, ${number(expected)} in the long run.`
  );
}

export function draw({ pen, width, height, narrow }, state, found) {
  const right = width - (narrow ? 64 : 78), floor = height - 36;
  const x = scale([-X, X], [18, right]), y = scale([-Y, Y], [floor, 6]);
  pen.line(18, floor, right, floor, "rule");
  pen.line(18, 6, 18, floor, "rule");
  for (const value of ticks(-2, 2, 4)) pen.text(x(value), floor + 15, number(value, 0), "small", "middle");
  pen.text(right, floor + 31, "speed at the start", "small", "end");
  pen.text(24, 16, "endurance", "small halo");
  for (let g = 0; g < RUNNERS; g++) {
    const shade = `shade${Math.floor((g * SHADES) / RUNNERS)}`;
    const xs = runner(found.x, g), ys = runner(found.y, g);
    xs.forEach((value, i) => pen.dot(x(value), y(ys[i]), narrow ? 2 : 2.4, `${shade} faint`));
    if (state.share === 1) continue;
    const own = leastSquares(xs, ys);
    const ends = [Math.min(...xs), Math.max(...xs)];
    pen.path(ends.map((at) => [x(at), y(own.intercept + own.slope * at)]), `${shade} thin`);
  }
  const middle = [mean(found.x), mean(found.y)];
  const lines = [
    ["between", found.between, "calm", "thick"],
    ["within", found.within, "fixed_effects", "thick"],
    ["all runs", found.pooled, "ink", "thick dashed"],
  ].filter(([, slope]) => slope !== null);
  const ends = lines.map(([, slope]) => y(middle[1] + slope * (X - middle[0])));
  const places = spread(ends.map((end) => Math.min(Math.max(end, 12), floor - 4)), 17);
  lines.forEach(([name, slope, kind, more], i) => {
    const at = (value) => middle[1] + slope * (value - middle[0]);
    pen.line(x(-X), y(at(-X)), x(X), y(at(X)), `${kind} ${more}`);
    pen.text(right + 6, places[i] + 4, name, `strong ${kind}`);
  });
}
