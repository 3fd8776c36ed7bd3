// The picture of the home page and of `iid`: two plans side by side. Above, the study that was drawn
// last, with its line; below, a brick for each study where its p-value lies, red below .05.

import { percent, pValue, scale } from "./drawing.mjs";
import { rowsOf } from "./studies.mjs";
import { leastSquares } from "./statistics.mjs";

const BINS = 20;
const PEOPLE = [
  "cluster_robust", "random_intercept", "two_stage", "multilevel", "fixed_effects", "ols",
];
const FALL = 420, LONGEST = 4200; // ms: of one brick, and of all that one press sends down

/** An exact rate, to a tenth of a percent. */
export const rate = (value) => percent(value, 1).replace(".0%", "%");

/** Draw both plans; true while bricks fall. `sides` holds a plan, a title and its p-values each. */
export function drawAlarms(picture, sides, count, motion) {
  const memo = (picture.memo ??= { landed: 0, sent: [], key: "", unit: 0 });
  follow(memo, sides.map(({ key }) => key).join(), count, motion);
  const { time } = motion;
  while (memo.sent.length && time >= memo.sent[0].start + FALL) {
    memo.landed = memo.sent.shift().study + 1;
  }
  const flying = memo.sent.filter(({ start }) => time >= start);
  const newest = (flying.at(-1)?.study ?? memo.landed - 1);

  const gap = picture.narrow ? 22 : 48;
  const width = (picture.width - gap) / 2;
  const frame = layout(picture, width);
  const piles = sides.map(({ p }) => pile(p, memo.landed));
  memo.unit = unit(memo, piles, frame, motion);
  sides.forEach((side, i) => {
    const left = i * (width + gap);
    drawStudy(picture, frame, left, side, newest);
    drawPile(picture, frame, left, side, piles[i], memo, { flying, time });
  });
  const settled = Math.abs(memo.unit - goal(piles, frame)) < 0.02;
  return motion.allowed && (memo.sent.length > 0 || !settled);
}

/** What has landed already, and what is sent down now. */
function follow(memo, key, count, { allowed, time }) {
  const coming = memo.sent.length ? memo.sent.at(-1).study + 1 : memo.landed;
  if (memo.key !== key || count < coming || (count > coming && !allowed)) {
    const opens = memo.key === "" && allowed;
    Object.assign(memo, { key, sent: [], landed: opens ? 0 : count, unit: 0 });
    if (opens) follow(memo, key, count, { allowed, time });
  } else if (count > coming) {
    const step = Math.min(110, LONGEST / (count - coming));
    for (let study = coming; study < count; study++) {
      memo.sent.push({ study, start: time + (study - coming) * step });
    }
  }
}

function layout({ height, narrow }, width) {
  const pileHigh = Math.round(height * (narrow ? 0.46 : 0.44));
  const floor = height - 38, top = floor - pileHigh;
  return { width, study: { top: 30, bottom: top - (narrow ? 20 : 24) }, floor, top, pileHigh };
}

function pile(p, landed) {
  const heights = new Array(BINS).fill(0);
  for (let i = 0; i < landed; i++) heights[binOf(p[i])]++;
  return heights;
}

const binOf = (p) => Math.min(Math.floor(p * BINS), BINS - 1);
const goal = (piles, frame) => Math.min(10, frame.pileHigh / Math.max(...piles.flat(), 1));

/** The height of a brick: it glides to what the tallest pile leaves room for. */
function unit(memo, piles, frame, motion) {
  const wanted = goal(piles, frame);
  if (!memo.unit || !motion.allowed) return wanted;
  return memo.unit + (wanted - memo.unit) * (wanted < memo.unit ? 0.35 : 0.12);
}

function drawStudy({ pen, narrow }, frame, left, side, newest) {
  const { width, study } = frame;
  pen.text(left, 14, side.title, "head");
  const x = scale([-2.4, 2.4], [left + 6, left + width - 6]);
  const y = scale([-2.7, 2.7], [study.bottom - 4, study.top + 4]);
  pen.line(left, study.bottom, left + width, study.bottom, "rule");
  pen.text(left + width, study.bottom + 14, "age", "small", "end");
  pen.line(left, study.top, left, study.bottom, "rule");
  pen.text(left + 5, study.top + 10, "answer", "small");
  if (newest < 0) return;
  const rows = rowsOf(side.plan, newest), fit = leastSquares(rows.x, rows.y);
  const few = side.plan.people <= PEOPLE.length;
  const within = (value, most) => Math.min(Math.max(value, -most), most);
  rows.x.forEach((age, i) => {
    const kind = few ? PEOPLE[rows.person[i]] : "";
    pen.dot(x(within(age, 2.4)), y(within(rows.y[i], 2.7)), narrow ? 3 : 4, kind);
  });
  const alarm = fit.p < 0.05 ? "alarm" : "quiet";
  const ends = lineWithin(fit, Math.max(-2.4, Math.min(...rows.x)), Math.min(2.4, Math.max(...rows.x)));
  pen.path(ends.map(([age, answer]) => [x(age), y(answer)]), `${alarm} thick`);
  const words = `${pValue(fit.p)}`;
  pen.text(left + width, study.top + 4, words, `halo strong ${fit.p < 0.05 ? "alarm" : ""}`, "end");
}

/** The line from one age to another, cut where it leaves the frame. */
function lineWithin({ slope, intercept }, from, to) {
  const most = 2.7, at = (x) => intercept + slope * x;
  return [from, to].map((x) => {
    const y = Math.min(Math.max(at(x), -most), most);
    return [slope ? (y - intercept) / slope : x, y];
  });
}

function drawPile({ pen, narrow }, frame, left, side, heights, memo, { flying, time }) {
  const { width, floor, top, study } = frame, { landed } = memo, size = memo.unit;
  const right = left + width, bad = side.expected > 0.055;
  const bin = width / BINS, thick = bin - (narrow ? 1 : 2);
  const kind = (i) => (i === 0 ? "alarm" : "calm");
  heights.forEach((high, i) => {
    if (high) pen.draw("path", { class: `box ${kind(i)}`, d: bricks(left + i * bin, floor, thick, high, size) });
  });
  for (const { study: which, start } of flying) {
    const i = binOf(side.p[which]), done = (time - start) / FALL;
    const end = floor - (heights[i] + 1) * size, from = study.bottom - 10;
    const y = from + (end - from) * done * done;
    pen.box(left + i * bin, y, thick, Math.max(size - 1, 2), kind(i));
  }
  pen.line(left, floor, left + width, floor, "rule");
  if (landed) {
    const promised = floor - (landed / BINS) * size;
    pen.line(left, promised, left + width, promised, "dashed thin quiet");
    if (bad && landed >= 20) pen.text(right, promised - 5, "promised 5%", "small halo", "end");
  }
  pen.text(left, floor + 15, "0", "small");
  pen.text(left + bin * 1.1 + (narrow ? 2 : 4), floor + 15, ".05", "small alarm", "start");
  pen.text(left + width, floor + 15, "1", "small", "end");
  pen.text(left + width * 0.56, floor + 15, "p-value", "small", "middle");

  const share = landed ? heights[0] / landed : 0;
  const big = narrow ? 40 : 54;
  const words = landed < 20 ? `${heights[0]} of ${landed}` : percent(share);
  pen.draw("text", { class: `count halo ${bad ? "alarm" : ""}`, x: right, y: top + big * 0.78, "text-anchor": "end" }, words);
  const line = narrow ? 17 : 20, below = top + big * 0.78 + line;
  pen.text(right, below, "false alarms", "halo strong", "end");
  if (side.expected !== null) {
    pen.text(right, below + line, `expected ${rate(side.expected)}`, "halo", "end");
  }
}

/** So many bricks on top of each other, as one path; where they are too low to part, one block. */
function bricks(x, floor, width, count, size) {
  const w = width.toFixed(1), left = x.toFixed(1);
  if (size < 2.6) {
    return `M${left} ${(floor - count * size).toFixed(1)}h${w}V${floor}h-${w}z`;
  }
  const h = (size - 0.9).toFixed(2);
  let d = "";
  for (let k = 1; k <= count; k++) d += `M${left} ${(floor - k * size).toFixed(1)}h${w}v${h}h-${w}z`;
  return d;
}
