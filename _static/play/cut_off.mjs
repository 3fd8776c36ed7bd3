// `false_alarms_and_misses`: one cut-off, two hills; and where it puts each strategy between false
// alarms and power. Shares and hills come from the module, for one design.

import { choice, slider } from "./controls.mjs";
import { percent, scale, share } from "./drawing.mjs";
import { normalQuantile } from "./statistics.mjs";
import { labelled } from "./strategies.mjs"; // written at build, by _ext/play.py

export const title = "A cut-off moves: false alarms and power";
export const height = { narrow: "50rem", wide: "37rem" };
export const lines = { narrow: 5, wide: 3 };
export const data = true;

const NAMES = labelled("ols", "random_intercept", "multilevel", "cluster_robust", "two_stage");
const FIRST = -3.5, LAST = Math.log10(0.5), STEPS = 64; // as in _ext/play_data/cut_off.py
const cutAt = (step) => 10 ** (FIRST + ((LAST - FIRST) * step) / STEPS);
const shown = (cut) => share(cut, cut < 0.00995 ? 4 : cut < 0.0995 ? 3 : 2);

export const controls = {
  cut: slider("Reject where p is below", { min: 0, max: STEPS, step: 1, start: 44, shown: (step) => shown(cutAt(step)) }),
  hills: choice("Hills of", NAMES, "random_intercept"),
};

export function numbers({ cut, hills }, data) {
  const found = { cut: data.cuts[cut], fair: data[hills].fair, fair_power: data[hills].fair_power };
  for (const name in NAMES) {
    found[`${name}_alarms`] = data[name].alarms[cut];
    found[`${name}_power`] = data[name].power[cut];
  }
  return found;
}

export function says({ hills }, found) {
  const alarms = found[`${hills}_alarms`], power = found[`${hills}_power`];
  return (
    `${NAMES[hills]}, rejecting below ${shown(found.cut)}: it finds ${percent(power)} of the effects, ` +
    `and an effect in ${percent(alarms)} of the studies without one. To raise no more than 5% it would have to ` +
    `reject below ${shown(found.fair)}, and would find ${percent(found.fair_power)}.`
  );
}

export function draw(picture, state, found, motion, data) {
  const { width, height, narrow } = picture;
  const gap = narrow ? 46 : 56;
  if (narrow) {
    const half = (height - gap) / 2;
    drawHills(picture, { left: 4, top: 0, width: width - 8, height: half - 10 }, state, found, data);
    drawCurves(picture, { left: 40, top: half + gap - 10, width: width - 48, height: half - 46 }, state, found, data);
  } else {
    const half = (width - gap) / 2;
    drawHills(picture, { left: 4, top: 0, width: half - 8, height: height - 40 }, state, found, data);
    drawCurves(picture, { left: half + gap + 10, top: 22, width: half - 30, height: height - 66 }, state, found, data);
  }
  return false;
}

// The upper hill has the effect, the lower has none; what lies beyond the cut-off is filled.
function drawHills({ pen }, frame, { hills }, found, { edges, [hills]: { hills: [none, some] } }) {
  const x = scale([edges[0], edges.at(-1)], [frame.left, frame.left + frame.width]);
  const z = -normalQuantile(found.cut / 2);
  const each = (frame.height - 34) / 2, tallest = Math.max(...none, ...some);
  const worlds = [
    [some, frame.top + 20 + each, "calm", `with an effect: found in ${percent(found[`${hills}_power`])}`],
    [none, frame.top + 34 + 2 * each, "alarm", `without: an effect \u201cfound\u201d in ${percent(found[`${hills}_alarms`])}`],
  ];
  const bin = x(edges[1]) - x(edges[0]);
  for (const [counts, floor, kind, words] of worlds) {
    counts.forEach((count, i) => {
      const middle = (edges[i] + edges[i + 1]) / 2;
      const high = (count / tallest) * (each - 26);
      if (count) pen.box(x(edges[i]) + 0.5, floor - high, bin - 1, high, Math.abs(middle) > z ? kind : "fill");
    });
    pen.line(frame.left, floor, frame.left + frame.width, floor, "rule");
    for (const side of [-z, z]) pen.line(x(side), floor - each + 20, x(side), floor + 6, "dashed");
    pen.text(frame.left, floor - each + 10, words, `halo strong ${kind === "alarm" ? "alarm" : ""}`);
  }
  const bottom = frame.top + 34 + 2 * each;
  pen.text(x(z), bottom + 20, "cut-off", "small", "middle");
  pen.text(x(-z), bottom + 20, "cut-off", "small", "middle");
}

// Power against false alarms: a line a strategy, a dot where the cut-off puts it.
function drawCurves({ pen }, frame, { cut, hills }, found, data) {
  const most = 0.5;
  const x = scale([0, most], [frame.left, frame.left + frame.width]);
  const y = scale([0, 1], [frame.top + frame.height, frame.top]);
  for (const level of [0, 0.25, 0.5, 0.75, 1]) {
    pen.line(frame.left, y(level), frame.left + frame.width, y(level), "rule");
    pen.text(frame.left - 6, y(level) + 4, percent(level), "small", "end");
  }
  for (const level of [0.05, 0.2, 0.4]) pen.text(x(level), y(0) + 17, percent(level), "small", "middle");
  pen.line(x(0.05), y(0) + 4, x(0.05), y(1), "dashed thin quiet");
  pen.text(frame.left + frame.width, y(0) + 33, "false alarms", "small", "end");
  pen.text(frame.left, frame.top - 8, "power", "small");
  const order = Object.keys(NAMES).filter((name) => name !== hills).concat(hills);
  for (const name of order) {
    const { alarms, power } = data[name];
    pen.path(alarms.map((level, i) => [x(level), y(power[i])]).filter(([place]) => place <= x(most)), `${name} ${name === hills ? "thick" : "thin"}`);
  }
  for (const name of order) {
    const level = data[name].alarms[cut];
    pen.dot(x(Math.min(level, most)), y(data[name].power[cut]), name === hills ? 7 : 4.5, name);
  }
  const level = Math.min(found[`${hills}_alarms`], most), right = level > 0.3;
  pen.text(x(level) + (right ? -12 : 12), y(found[`${hills}_power`]) + (right ? -10 : 16), NAMES[hills], `halo strong ${hills}`, right ? "end" : "start");
}
