// Ten firms and two averages of their slopes: move one firm's slope, or leave a firm out, and see
// which average listens.

import { slider } from "./controls.mjs";
import { number, percent, scale, ticks } from "./drawing.mjs";
import { mean } from "./statistics.mjs";

export const title = "Slopes of ten firms, and whom fixed effects and two-stage listen to";
export const height = { narrow: "45rem", wide: "39rem" };
export const lines = { narrow: 8, wide: 4 };
export const data = true; // _ext/play_data/one_firm.py

const FIRMS = 10, FAR = 0.3;
const AXIS = [-0.32, 0.76];

export const controls = {
  firm: slider("Firm", { min: 1, max: FIRMS, step: 1, start: 1 }),
  moved: slider("Slope moved by", {
    min: -FAR, max: FAR, step: 0.01, start: 0, shown: (by) => (by > 0 ? "+" : "") + number(by),
  }),
};

/** The slope of capital beside value, from sums of squares and products within firms. */
function slopes(firms) {
  const total = Array(5).fill(0);
  for (const { sums } of firms) sums.forEach((value, k) => (total[k] += value));
  const [vv, vc, cc, vy, cy] = total, size = vv * cc - vc * vc;
  return { slope: (vv * cy - vc * vy) / size, weigh: (s) => (vv * s.sums[2] - vc * s.sums[1]) / size };
}

/** The firms, one of them with another slope: as if it had invested so much more for each dollar. */
function movedFirms({ firm, moved }, data) {
  return data.map((one) => {
    if (one.firm !== firm) return one;
    const [vv, vc, cc, vy, cy] = one.sums;
    return { ...one, slope: one.slope + moved, sums: [vv, vc, cc, vy + moved * vc, cy + moved * cc] };
  });
}

const averages = (firms) => ({
  fixed: slopes(firms).slope,
  two: mean(firms.map(({ slope }) => slope)),
});

export function numbers(state, data) {
  const firms = movedFirms(state, data), found = {}, before = averages(data);
  const without = firms.map((out) => averages(firms.filter((one) => one !== out)));
  const { weigh } = slopes(data), chosen = firms.findIndex(({ firm }) => firm === state.firm);
  const now = averages(firms);
  for (const way of ["fixed", "two"]) {
    found[way] = now[way];
    found[`${way}_before`] = before[way];
    found[`${way}_without`] = without[chosen][way];
    found[`${way}_others`] = without.map((one) => one[way]);
  }
  found.own = firms[chosen].slope;
  found.shares = firms.map(weigh);
  found.share = found.shares[chosen];
  return found;
}

export function says({ firm, moved }, found) {
  const both = (end) => `${number(found[`fixed${end}`])} with fixed effects and ${number(found[`two${end}`])} with two-stage`;
  const asks = moved
    ? `Firm ${firm}\u2019s own slope is moved from ${number(found.own - moved)} to ${number(found.own)}, ` +
      `and the answer from ${both("_before")} to ${both("")}.`
    : `Firm ${firm}\u2019s own slope is ${number(found.own)}; the answer from all ten is ${both("")}.`;
  return (
    `${asks} Without firm ${firm} it is ${both("_without")}. ` +
    `Of whatever moves this firm\u2019s slope, fixed effects take over ${percent(found.share, 1)} and two-stage a tenth.`
  );
}

// ---- The picture: a row for each firm, and below them the two averages

function frameOf({ width, height, narrow }) {
  const left = narrow ? 62 : 116, right = width - 62, top = 40;
  const row = (height - top - 30) / (FIRMS + 5.4);
  return { left, right, top, row, x: scale(AXIS, [left, right]) };
}

export function draw(picture, state, found, motion, data) {
  const { pen, width, narrow } = picture, { left, right, top, row, x } = frameOf(picture);
  const floor = top + row * (FIRMS + 5.4), firms = movedFirms(state, data);
  for (const value of ticks(...AXIS, 6)) {
    pen.line(x(value), top, x(value), floor, value ? "rule faint" : "rule");
    pen.text(x(value), floor + 17, value ? number(value, 1) : "0", "small", "middle");
  }
  pen.text(left, 14, "slope of capital", "head");
  pen.text(width, 14, narrow ? "weight" : "weight in fixed effects", "small", "end");
  pen.text(left, top - 8, "firm by firm", "small");
  firms.forEach(({ firm, slope }, k) => {
    const y = top + (k + 0.5) * row, chosen = firm === state.firm;
    if (chosen) pen.box(0, y - row / 2, width, row, "fill");
    pen.text(left - 12, y + 5, `firm ${firm}`, chosen ? "strong" : "", "end");
    pen.text(width, y + 5, percent(found.shares[k], 1), chosen ? "strong" : "small", "end");
    if (chosen && state.moved) {
      const from = x(slope - state.moved);
      pen.dot(from, y, 4, "open quiet");
      pen.arrow(from, y, x(slope) - Math.sign(state.moved) * 9, y, "quiet thin");
    }
    // what fixed effects make of a firm is the area of its dot
    pen.dot(x(slope), y, Math.max(2.5, (narrow ? 13 : 15) * Math.sqrt(Math.max(found.shares[k], 0))), `fixed_effects ${chosen ? "pull" : "see"}`);
    pen.dot(x(slope), y, 2.5, "two_stage");
  });
  const line = top + row * (FIRMS + 0.5);
  pen.line(0, line, width, line, "rule");
  pen.text(left, line + 18, "all (stroke), without each in turn (dots)", "small");
  const rows = [["fixed", "Fixed effects", "fixed_effects"], ["two", "Two-stage", "two_stage"]];
  rows.forEach(([way, label, kind], k) => {
    const y = line + row * (k * 1.9 + 2), chosen = data.findIndex(({ firm }) => firm === state.firm);
    pen.text(narrow ? 0 : left - 12, y + 5, label, `strong halo ${kind}`, narrow ? "start" : "end");
    found[`${way}_others`].forEach((value, firm) => {
      if (firm !== chosen) pen.dot(x(value), y, 4, `${kind} see`);
    });
    pen.line(x(found[way]), y - row * 0.62, x(found[way]), y + row * 0.62, `${kind} thick`);
    const out = x(found[`${way}_without`]);
    const d = `M${out - 7} ${y}L${out} ${y - 7}L${out + 7} ${y}L${out} ${y + 7}Z`;
    pen.draw("path", { class: "line firm-out", d });
    if (k === 0) pen.text(out, y + row * 0.5 + 14, `without firm ${state.firm}`, "small halo", "middle");
  });
}

/** A finger takes hold of a firm's row, and then of its slope. */
export function drag(picture, state, px, py, first, data) {
  const { top, row, x } = frameOf(picture);
  const k = Math.floor((py - top) / row);
  const at = first ? data[k] : data.find(({ firm }) => firm === state.firm);
  if (!at) return null;
  const moved = x.back(px) - at.slope;
  const near = Math.abs(px - x(at.slope + (at.firm === state.firm ? state.moved : 0))) < 24;
  if (first && !near) return null;
  return { firm: at.firm, moved };
}
