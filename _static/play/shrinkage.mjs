// Shrinkage: the lines of eighteen sleepers, and Ada's, on their way to the line of all.

import { slider } from "./controls.mjs";
import { number, percent, scale, ticks } from "./drawing.mjs";

export const title = "Own lines, and the compromises of a multilevel model";
export const height = { narrow: "41rem", wide: "40rem" };
export const lines = { narrow: 5, wide: 3 };
export const data = true; // _ext/play_data/shrinkage.py

const SLOPES = [-5, 25], LEVELS = [190, 310];

export const controls = {
  spread: slider("How much people differ", {
    min: 0, max: 3, step: 0.1, start: 1, shown: (value) => `\u00d7${number(value, 1)}`,
  }),
  days: slider("Days measured", { min: 1, max: 40, step: 1, start: 10 }),
  slope: slider("Ada\u2019s slope (ms a day)", {
    min: SLOPES[0], max: SLOPES[1], step: 0.5, start: 22, shown: (value) => number(value, 1),
  }),
  level: slider("Ada\u2019s start (ms)", { min: LEVELS[0], max: LEVELS[1], step: 1, start: 206 }),
};

/** How far a line is believed, as a matrix: W = T (T + V)^-1, T what people's lines vary by, V what
 * an own line is off by. Then the compromise is the mean line plus W times the way to the own one. */
function weight({ spread, days }, { psi, error, days: measured }) {
  const T = psi.map((row) => row.map((value) => value * spread ** 2));
  const S = T.map((row, i) => row.map((value, j) => value + (error[i][j] * measured) / days));
  const det = S[0][0] * S[1][1] - S[0][1] * S[1][0];
  const inverse = [[S[1][1] / det, -S[0][1] / det], [-S[1][0] / det, S[0][0] / det]];
  return T.map((row) => [0, 1].map((j) => row[0] * inverse[0][j] + row[1] * inverse[1][j]));
}

export function numbers(state, data) {
  const W = weight(state, data), centre = data.mean;
  const drawn = (own) => {
    const off = own.map((value, i) => value - centre[i]);
    return centre.map((value, i) => value + W[i][0] * off[0] + W[i][1] * off[1]);
  };
  const compromises = data.own.map(drawn);
  const ada = drawn([state.level, state.slope]);
  const square = (lines) => lines.reduce((sum, [, slope]) => sum + (slope - centre[1]) ** 2, 0);
  return {
    levels: compromises.map(([level]) => level),
    slopes: compromises.map(([, slope]) => slope),
    ada_level: ada[0],
    ada_slope: ada[1],
    kept: Math.sqrt(square(compromises) / square(data.own)),
  };
}

export function says({ spread, days, slope, level }, { ada_level, ada_slope, kept }) {
  const all =
    spread === 0
      ? "If people did not differ at all, everyone would get the line of all."
      : `People\u2019s slopes keep ${percent(kept)} of their spread when ${days === 1 ? "each was measured on a day" : `each was measured on ${days} days`}.`;
  return (
    `${all} By herself Ada starts at ${number(level, 0)} ms and slows by ${number(slope, 1)} ms a ` +
    `day; the model gives her ${number(ada_level, 0)} ms and ${number(ada_slope, 1)} ms a day.`
  );
}

const frameOf = ({ width, height }) => ({
  x: scale(SLOPES, [44, width - 12]),
  y: scale(LEVELS, [height - 40, 10]),
});

export function draw(picture, state, found, motion, data) {
  const { pen, width, height, narrow } = picture, { x, y } = frameOf(picture);
  const floor = height - 40;
  for (const value of ticks(...LEVELS, 6)) {
    pen.line(44, y(value), width - 12, y(value), "rule faint");
    pen.text(38, y(value) + 4, String(value), "small", "end");
  }
  for (const value of ticks(...SLOPES, 6)) {
    pen.text(x(value), floor + 16, number(value, 0), "small", "middle");
  }
  pen.line(44, floor, width - 12, floor, "rule");
  pen.text(width - 12, floor + 33, "slope (ms a day)", "small", "end");
  pen.text(50, 18, "start (ms on day 0)", "small halo");

  data.own.forEach(([level, slope], i) => {
    const place = [x(slope), y(level)];
    pen.arrow(...place, x(found.slopes[i]), y(found.levels[i]), "multilevel");
    pen.dot(...place, narrow ? 3.6 : 4.2, "open two_stage");
  });
  const [level, slope] = data.mean, arm = 8;
  pen.line(x(slope) - arm, y(level), x(slope) + arm, y(level), "cross");
  pen.line(x(slope), y(level) - arm, x(slope), y(level) + arm, "cross");

  const ada = [x(state.slope), y(state.level)];
  pen.arrow(...ada, x(found.ada_slope), y(found.ada_level), "multilevel thick");
  pen.dot(...ada, 8, "two_stage ada");
  const left = ada[0] > width - 60;
  pen.text(ada[0] + (left ? -13 : 13), ada[1] + 5, "Ada", "strong halo", left ? "end" : "start");
}

/** Ada goes where she is pulled, once a finger has come down near her. */
export function drag(picture, state, px, py, first) {
  const { x, y } = frameOf(picture);
  if (first && Math.hypot(px - x(state.slope), py - y(state.level)) > 30) return null;
  return { slope: x.back(px), level: y.back(py) };
}
