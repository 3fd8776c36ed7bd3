// The stored universe: three dials, and for each strategy how far its slope is off, how far it says
// that it is off, and how often it cries wolf.

import { percent, scale, share } from "./drawing.mjs";
import { stops } from "./stops.mjs";
import { labelled } from "./strategies.mjs"; // written at build, by _ext/play.py

export const title = "Real and printed errors of an average slope, five strategies";
export const height = { narrow: "43.5rem", wide: "36rem" };
export const lines = { narrow: 5, wide: 3 };
export const data = true; // _ext/play_data/universe.py

const LABELS = labelled("ols", "cluster_robust", "random_intercept", "two_stage", "multilevel");
const PROMISED = 0.05;

const spread = (value) => String(value).replace(/^0\./, ".");

export const controls = {
  people: stops("People", [5, 10, 20, 30, 50, 100], { start: 30 }),
  rows: stops("Rows each", [5, 6, 8, 12, 25, 50, 100], { start: 25 }),
  sd: stops("SD between people", [0, 0.1, 0.25, 0.5, 1, 2, 4], {
    start: 1, shown: (value) => spread(value),
  }),
};

/** Of each strategy real and printed error, false alarms, and how often a slope of .5 is found. */
export function numbers({ people, rows, sd }, data) {
  const at =
    (data.people.indexOf(people) * data.rows.length + data.rows.indexOf(rows)) * data.sds.length +
    data.sds.indexOf(sd);
  const found = { floor: sd / Math.sqrt(people) };
  for (const name in LABELS) {
    for (const measure of ["real", "printed"]) {
      const value = data[name][measure][at];
      found[`${name}_${measure}`] = value === null ? null : value / data.unit;
    }
    for (const measure of ["alarms", "found"]) {
      found[`${name}_${measure}`] = data[name][measure][at] / data.studies;
    }
  }
  return found;
}

const short = (value) => share(value, value < 0.0995 ? 3 : 2);

export function says({ people, rows, sd }, found) {
  const { floor, random_intercept_real: real, random_intercept_printed: printed } = found;
  const bottom = sd === 0
    ? `${people} people who do not differ: there is no floor, and any row helps.`
    : `${people} people who differ by an SD of ${spread(sd)}: the floor is ${short(floor)}.`;
  const turn = printed < 0.9 * real ? "but" : "and";
  const under = printed < floor ? ", less than the floor," : "";
  return (
    `${bottom} With ${rows} rows from each, the full model\u2019s slope is off by ` +
    `${short(found.multilevel_real)}. The random intercept\u2019s is off by ${short(real)}, ` +
    `${turn} it prints ${short(printed)}${under} and finds what is not there in ` +
    `${percent(found.random_intercept_alarms)} of studies.`
  );
}

// ---- The picture: a lane for each strategy, errors to the right in equal factors

const RANGE = [0.008, 3.2];
const TICKS = [0.01, 0.03, 0.1, 0.3, 1, 3];
const DOT = 4.6, RING = 8; // px: where a promise is kept, the dot lies in the middle of its ring
const GLIDE = 0.22; // of the way left, each frame

/** Places glide to where they should be, so that one sees who stops at the floor. */
function glide(memo, wanted, allowed) {
  let moving = false;
  for (const key in wanted) {
    const from = memo[key] ?? wanted[key], way = wanted[key] - from;
    const there = !allowed || Math.abs(way) < 0.004;
    memo[key] = there ? wanted[key] : from + way * GLIDE;
    moving ||= !there;
  }
  for (const key in memo) if (!(key in wanted)) delete memo[key];
  return moving;
}

export function draw(picture, { rows }, found, motion, data) {
  const { pen, width, height, narrow } = picture;
  const memo = (picture.memo ??= {});
  const wanted = { floor: Math.log(Math.max(found.floor, RANGE[0] / 1.5)) };
  for (const name in LABELS) {
    for (const measure of ["real", "printed"]) {
      const value = found[`${name}_${measure}`];
      if (value !== null) wanted[`${name}_${measure}`] = Math.log(value);
    }
    wanted[`${name}_alarms`] = found[`${name}_alarms`];
  }
  const moving = glide(memo, wanted, motion.allowed);

  const left = narrow ? 4 : 138, right = width - (narrow ? 104 : 196);
  const top = narrow ? 42 : 46, bottom = height - 40;
  const x = scale(RANGE.map(Math.log), [left, right]);
  const wolf = scale([0, 1], narrow ? [right + 18, right + 60] : [right + 28, right + 118]);
  const finds = width;

  // The floor, and what lies below it
  const edge = Math.max(x(memo.floor), left - 4);
  pen.box(left - 4, top - 8, edge - left + 4, bottom - top + 8, "fill");
  if (edge > left) {
    pen.line(edge, top - 8, edge, bottom, "quiet thin");
    const inside = edge - left > 90;
    pen.text(inside ? edge - 6 : edge + 6, top - 14, "floor", "small", inside ? "end" : "start");
  }
  for (const value of TICKS) {
    const at = x(Math.log(value));
    pen.line(at, bottom, at, bottom + 4, "rule");
    pen.text(at, bottom + 18, share(value, value < 0.1 ? 2 : value < 1 ? 1 : 0), "small", "middle");
  }
  pen.line(left - 4, bottom, right, bottom, "rule");
  pen.text(right, bottom + 34, narrow ? "error of a slope" : "error of the slope, in equal factors", "small", "end");
  legend(pen, left, bottom + 34);

  // Columns
  pen.text(wolf(0), 14, narrow ? "false" : "false alarms", "small");
  if (narrow) pen.text(wolf(0), 28, "alarms", "small");
  pen.text(finds, 14, narrow ? "finds" : "finds a", "small", "end");
  pen.text(finds, 28, narrow ? "a .5" : "slope of .5", "small", "end");

  const lane = (bottom - top) / 5;
  Object.keys(LABELS).forEach((name, i) => {
    const y = top + lane * (i + (narrow ? 0.68 : 0.5));
    if (i) pen.line(narrow ? left - 4 : 0, top + lane * i, width, top + lane * i, "rule faint");
    if (narrow) pen.text(left, y - 15, LABELS[name], `strong ${name}`);
    else pen.text(0, y + 5, LABELS[name], `strong ${name}`);
    drawErrors(picture, x, y, name, found, memo);

    const alarms = found[`${name}_alarms`];
    const wild = alarms > PROMISED + 4 * Math.sqrt((PROMISED * (1 - PROMISED)) / data.studies);
    const kind = wild ? "alarm" : "calm";
    pen.box(wolf(0), y - 6, wolf(1) - wolf(0), 12, "fill");
    pen.box(wolf(0), y - 6, wolf(memo[`${name}_alarms`]) - wolf(0), 12, kind);
    pen.line(wolf(PROMISED), y - 9, wolf(PROMISED), y + 9, "thin");
    const beside = narrow ? [wolf(0), y - 12, "start"] : [wolf(1) + 8, y + 5, "start"];
    pen.text(beside[0], beside[1], percent(alarms), `strong ${wild ? "alarm" : ""}`, beside[2]);
    pen.text(finds, narrow ? y - 12 : y + 5, percent(found[`${name}_found`]), "", "end");
  });
  return moving;
}

/** What is real, a dot; what is printed, a ring; red between them where the ring flatters. */
function drawErrors({ pen, narrow }, x, y, name, found, memo) {
  if (found[`${name}_real`] === null) {
    pen.text(x(Math.log(RANGE[1])), y + 5, narrow ? "no variance exists" : "with a single spare row no variance exists", "small halo", "end");
    return;
  }
  const within = (value) => Math.min(x(value), x(Math.log(RANGE[1])));
  const real = within(memo[`${name}_real`]), printed = within(memo[`${name}_printed`]);
  const flatters = found[`${name}_printed`] < 0.9 * found[`${name}_real`];
  const way = Math.sign(real - printed), far = Math.abs(real - printed);
  if (far > RING) pen.line(printed + way * RING, y, real, y, flatters ? "alarm thick" : "quiet");
  pen.dot(real, y, DOT, name);
  ring(pen, printed, y, name);
}

const ring = (pen, x, y, kind) =>
  pen.draw("circle", { class: `line ${kind}`, cx: x.toFixed(2), cy: y.toFixed(2), r: RING });

function legend(pen, left, y) {
  pen.dot(left + 4, y - 4, DOT, "calm");
  pen.text(left + 14, y, "real", "small");
  ring(pen, left + 55, y - 4, "calm");
  pen.text(left + 68, y, "printed", "small");
}
