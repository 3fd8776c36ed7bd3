// Sixty-five slopes and their mean: who is let in, and how much each of them counts.

import { choice, slider, tick } from "./controls.mjs";
import { number, percent, scale, ticks } from "./drawing.mjs";
import { normalQuantile, root, sum, tCritical } from "./statistics.mjs";

export const title = "The mean of the slopes of sixty-five schools";
export const height = { narrow: "52rem", wide: "42rem" };
export const lines = { narrow: 5, wide: 3 };
export const data = true; // _ext/play_data/school_48.py

const WEIGHTS = { same: "each the same", precision: "by precision", spread: "by precision and spread" };

export const controls = {
  weights: choice("Each school counts", WEIGHTS, "same"),
  least: slider("Smallest school kept", {
    min: 2, max: 60, step: 1, start: 2, shown: (pupils) => `${pupils} pupils`,
  }),
  with48: tick("School 48", true),
};

const BEYOND = -normalQuantile(0.025);

/** The mean of some slopes, its interval, and what share each has of it. */
function meanOf(weights, slopes, noise) {
  const count = slopes.length;
  if (weights === "same") {
    const estimate = sum(slopes) / count;
    const spread = sum(slopes.map((slope) => (slope - estimate) ** 2)) / (count - 1);
    const reach = tCritical(count - 1) * Math.sqrt(spread / count);
    return { estimate, reach, tau: null, shares: slopes.map(() => 1 / count) };
  }
  const tau2 = weights === "spread" ? spreadOf(slopes, noise) : 0;
  const precision = noise.map((variance) => 1 / (variance + tau2)), all = sum(precision);
  const shares = precision.map((value) => value / all);
  const estimate = sum(shares.map((part, i) => part * slopes[i]));
  return { estimate, reach: BEYOND / Math.sqrt(all), tau: Math.sqrt(tau2), shares };
}

/** How much true slopes differ, as a variance: so much that the slopes, each divided by all that
 * it may be off, scatter as they should (Paule and Mandel). */
function spreadOf(slopes, noise) {
  const short = (tau2) => {
    const precision = noise.map((variance) => 1 / (variance + tau2));
    const middle = sum(precision.map((value, i) => value * slopes[i])) / sum(precision);
    const scatter = sum(precision.map((value, i) => value * (slopes[i] - middle) ** 2));
    return slopes.length - 1 - scatter;
  };
  return short(0) >= 0 ? 0 : root(short, 0, 10);
}

const isKept = ({ least, with48 }, data) =>
  data.school.map((name, i) => data.pupils[i] >= least && (with48 || name !== "48"));

export function numbers(state, data) {
  const is = isKept(state, data), only = (values) => values.filter((_, i) => is[i]);
  const slopes = only(data.slope), noise = only(data.noise), found = { kept: slopes.length };
  for (const weights in WEIGHTS) {
    const { estimate, reach, tau } = meanOf(weights, slopes, noise);
    Object.assign(found, {
      [`${weights}_mean`]: estimate,
      [`${weights}_low`]: estimate - reach,
      [`${weights}_high`]: estimate + reach,
    });
    if (weights === "spread") found.tau = tau;
  }
  const { shares } = meanOf(state.weights, slopes, noise), names = only(data.school);
  found.pupils = sum(only(data.pupils));
  found.shares = shares;
  found.share_48 = names.includes("48") ? shares[names.indexOf("48")] : 0;
  found.largest = Math.max(...shares);
  return found;
}

const BELIEF = {
  same: () => "however little is known of it",
  precision: () => "as if all had one slope and differed by noise alone",
  spread: ({ tau }) => `as true slopes differ by an SD of ${number(tau)}`,
};

export function says({ weights, with48, least }, found) {
  const low = number(found[`${weights}_low`]), high = number(found[`${weights}_high`]);
  const part = found.share_48;
  const fortyEight = part
    ? `School 48, with two pupils, has ${part < 0.0005 ? "less than 0.1%" : percent(part, 1)} of the weight`
    : "School 48 is left out";
  return (
    `The mean slope of ${found.kept} schools is ${number(found[`${weights}_mean`])}, with a 95% ` +
    `interval from ${low} to ${high}. ${fortyEight}; the school that counts most has ` +
    `${percent(found.largest, 1)}. Each school counts ${weights === "same" ? "the same" : WEIGHTS[weights]}, ` +
    `${BELIEF[weights](found)}.`
  );
}

// ---- The picture: schools by their pupils, and below or beside them the means

const ALL = [-7.5, 1.5], NEAR = [-0.25, 1.25];

export function draw(picture, state, found, motion, data) {
  const memo = (picture.memo ??= {}), is = isKept(state, data);
  const wanted = is[data.school.indexOf("48")] ? ALL : NEAR;
  const range = glide(memo, wanted, motion);
  drawSchools(picture, state, found, range, is, data);
  drawMeans(picture, state, found, data);
  return range !== wanted;
}

/** The axis goes over to another range in steps, so that one sees where the dots have gone. */
function glide(memo, wanted, motion) {
  if (!memo.range || !motion.allowed) return (memo.range = wanted);
  const next = memo.range.map((end, i) => end + (wanted[i] - end) * 0.16);
  const near = next.every((end, i) => Math.abs(end - wanted[i]) < 0.01);
  return (memo.range = near ? wanted : next);
}

function drawSchools(picture, { weights }, found, range, is, data) {
  const { pen, width, height, narrow } = picture;
  const floor = (narrow ? height - 196 : height - 148) - 40, left = 34;
  const x = scale([Math.log(1.7), Math.log(240)], [left, width - 6]), y = scale(range, [floor, 30]);
  pen.text(0, 14, "slope in the school", "small");
  for (const value of ticks(...range, 5)) {
    pen.line(left, y(value), width, y(value), "rule faint");
    pen.text(left - 6, y(value) + 4, number(value, range[0] < -2 ? 0 : 1).replace(/\u22120\.0/, "0.0"), "small", "end");
  }
  for (const pupils of [2, 5, 10, 20, 50, 100, 200]) {
    pen.text(x(Math.log(pupils)), floor + 16, String(pupils), "small", "middle");
  }
  pen.line(left, floor, width, floor, "rule");
  pen.text(width, floor + 33, "pupils", "small", "end");

  const low = y(found[`${weights}_high`]), high = y(found[`${weights}_low`]);
  pen.box(left, low, width - left, Math.max(high - low, 1), "two_stage band");
  let next = 0;
  data.school.forEach((name, i) => {
    const at = [x(Math.log(data.pupils[i])), y(data.slope[i])];
    const part = is[i] ? found.shares[next++] * found.kept : 1;
    if (at[1] > floor) return;
    // what a school counts is the area of its dot
    const size = (narrow ? 4 : 4.8) * Math.sqrt(part);
    pen.dot(...at, is[i] ? Math.max(size, 1.2) : 3, is[i] ? "two_stage see" : "open quiet");
  });
  const mean = y(found[`${weights}_mean`]);
  pen.line(left, mean, width, mean, "dashed thin");
  const i = data.school.indexOf("48"), there = y(data.slope[i]) <= floor;
  const words = there ? "school 48" : `school 48: ${number(data.slope[i], 1)}`;
  const at = x(Math.log(data.pupils[i]));
  pen.text(at + (there ? 14 : 12), there ? y(data.slope[i]) + 4 : floor - 8, words, "halo");
  pen.arrow(at, there ? floor : floor - 22, at, there ? floor : floor - 4, "quiet thin");
}

function drawMeans({ pen, width, height, narrow }, state, found, data) {
  const rows = Object.keys(WEIGHTS), high = narrow ? 36 : 27;
  const top = height - 26 - high * 4 + (narrow ? 6 : 0), left = narrow ? 0 : 196;
  const x = scale([0.1, 0.8], [left + 4, width - 6]), floor = height - 22;
  pen.text(0, narrow ? top - 16 : top - 2, "mean slope and its 95% interval", "head");
  for (const value of ticks(0.1, 0.8, 7)) {
    pen.line(x(value), top + 6, x(value), floor, "rule faint");
    pen.text(x(value), height - 5, number(value, 1), "small", "middle");
  }
  const row = (k, name, low, mean, up, kind, chosen) => {
    const y = top + 6 + (k + (narrow ? 0.72 : 0.55)) * high;
    pen.text(0, narrow ? y - 9 : y + 5, name, chosen ? "strong halo" : "halo");
    pen.line(x(Math.max(low, 0.1)), y, x(Math.min(up, 0.8)), y, `${kind} ${chosen ? "thick" : "thin"}`);
    pen.dot(x(mean), y, chosen ? 6 : 4, chosen ? kind : `open ${kind}`);
  };
  rows.forEach((weights, k) => {
    const ends = ["low", "mean", "high"].map((end) => found[`${weights}_${end}`]);
    row(k, WEIGHTS[weights], ...ends, "two_stage", weights === state.weights);
  });
  const [mean, low, up] = data.model;
  row(3, "multilevel model, all 65", low, mean, up, "multilevel", false);
}
