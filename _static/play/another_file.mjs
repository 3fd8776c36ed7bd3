// One file, four strategies; then another, and a count of who came closest and who missed.

import { slider } from "./controls.mjs";
import { many, number, percent, scale, ticks } from "./drawing.mjs";

export const title = "Four strategies and three slopes, file after file";
export const height = { narrow: "53rem", wide: "31rem" };
export const lines = { narrow: 6, wide: 3 };
export const data = true; // _ext/play_data/another_file.py

const FILES = 200, SLOPES = 3, COEFFICIENTS = 4;
const REACH = 0.2; // from a truth to the end of its axis

export const controls = {
  drawn: slider("Files opened", { min: 1, max: FILES, step: 1, start: 1 }),
};

export const buttons = {
  one: { label: "Another file", press: ({ drawn }) => ({ drawn: drawn + 1 }), kind: "main" },
  more: { label: "20 more", press: ({ drawn }) => ({ drawn: drawn + 20 }) },
};

const estimate = ({ estimates, unit }, name, file, term) =>
  unit * estimates[name][file * COEFFICIENTS + term];
const reach = ({ reaches, unit }, name, file, slope) => unit * reaches[name][file * SLOPES + slope - 1];

/** Sum of the distances of four estimates from the truth. */
const off = (data, name, file) =>
  data.truth.reduce((sum, truth, term) => sum + Math.abs(estimate(data, name, file, term) - truth), 0);

const misses = (data, name, file, slope) =>
  Math.abs(estimate(data, name, file, slope) - data.truth[slope]) > reach(data, name, file, slope);

export function numbers({ drawn }, data) {
  const names = Object.keys(data.labels), found = { drawn }, now = drawn - 1;
  for (const name of names) {
    Object.assign(found, { [`${name}_closest`]: 0, [`${name}_last`]: 0, [`${name}_missed`]: 0 });
    for (let slope = 1; slope <= SLOPES; slope++) {
      found[`${name}_x${slope}`] = estimate(data, name, now, slope);
      found[`${name}_reach${slope}`] = reach(data, name, now, slope);
    }
  }
  for (let file = 0; file < drawn; file++) {
    const order = names.map((name) => [off(data, name, file), name]).sort(([a], [b]) => a - b);
    found[`${order[0][1]}_closest`]++;
    found[`${order.at(-1)[1]}_last`]++;
    if (file === now) found.winner = order[0][1];
    for (const name of names) {
      for (let slope = 1; slope <= SLOPES; slope++) found[`${name}_missed`] += misses(data, name, file, slope);
    }
  }
  found.labels = data.labels;
  return found;
}

const listed = (words) => `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

export function says(state, found) {
  const { drawn, labels, winner } = found, names = Object.keys(labels);
  const label = (name) => labels[name].toLowerCase();
  const first = `In file ${drawn} ${label(winner)} comes closest to the truth.`;
  if (drawn === 1) {
    return `${first} Is it then the one to choose? And whose intervals will miss most often? Guess, and open another file.`;
  }
  const counts = (what) => listed(names.map((name) => `${label(name)} ${found[`${name}_${what}`]}`));
  const all = many(SLOPES * drawn);
  return (
    `${first} Closest in ${drawn} files: ${counts("closest")} times. ` +
    `Of ${all} intervals of 95% each, ${number(0.05 * SLOPES * drawn, 0)} should miss the truth: ${counts("missed")} did.`
  );
}

// ---- The picture: a row for each strategy, a column for each slope, and the tally

function frameOf({ width, height, narrow }) {
  const label = 118, gap = narrow ? 0 : 14;
  if (!narrow) {
    const tally = Math.min(170, width * 0.25), panel = (width - label - tally - 3 * gap) / SLOPES;
    const panels = [0, 1, 2].map((k) => ({ left: label + k * (panel + gap), width: panel, top: 34 }));
    const row = Math.min(66, (height - 74) / 4);
    return { label, row, panels, tally: { left: width - tally + 8, width: tally - 8, top: 34 } };
  }
  const block = (height - 8) / 4, row = (block - 54) / 4;
  const panels = [0, 1, 2].map((k) => ({ left: label, width: width - label - 6, top: 24 + k * block }));
  return { label, row, panels, tally: { left: label, width: width - label, top: 24 + 3 * block + 8 } };
}

export function draw(picture, { drawn }, found, motion, data) {
  const { pen, narrow } = picture, frame = frameOf(picture), names = Object.keys(data.labels);
  const { row, panels, tally } = frame;
  const middle = (top, k) => top + (k + 0.5) * row;
  for (const { top } of narrow ? [...panels, tally] : [panels[0]]) {
    names.forEach((name, k) => pen.text(frame.label - 12, middle(top, k) + 5, data.labels[name], "", "end"));
  }
  panels.forEach((panel, k) => drawPanel(pen, panel, row, names, k + 1, drawn, data));
  drawTally(picture, tally, row, names, found);
}

function drawPanel(pen, { left, width, top }, row, names, slope, drawn, data) {
  const truth = data.truth[slope], now = drawn - 1, floor = top + 4 * row;
  const x = scale([truth - REACH, truth + REACH], [left, left + width]);
  const within = (value) => Math.min(Math.max(x(value), left), left + width);
  pen.text(left, top - 10, `x${slope}`, "head");
  for (const value of ticks(truth - REACH, truth + REACH, 3)) {
    pen.line(x(value), top, x(value), floor, "rule faint");
    pen.text(x(value), floor + 16, number(value, 1), "small", "middle");
  }
  pen.line(left, floor, left + width, floor, "rule");
  pen.line(x(truth), top, x(truth), floor, "dashed thin");
  names.forEach((name, k) => {
    const y = top + (k + 0.5) * row, middle = estimate(data, name, now, slope);
    let past = "";
    for (let file = 0; file < now; file++) {
      past += `M${within(estimate(data, name, file, slope)).toFixed(1)} ${(y + row * 0.2).toFixed(1)}v${(row * 0.2).toFixed(1)}`;
    }
    if (past) pen.draw("path", { class: `line ${name} thin faint`, d: past });
    const long = reach(data, name, now, slope), low = within(middle - long), high = within(middle + long);
    pen.line(low, y, high, y, `${name} bar`);
    pen.dot(within(middle), y, Math.min(6, row * 0.2), name);
    if (!misses(data, name, now, slope)) return;
    const end = middle > truth ? low : high;
    pen.line(x(truth), y, end, y, "alarm bar");
    pen.text(x(truth) + (middle > truth ? -6 : 6), y + 5, "missed", "small strong alarm halo", middle > truth ? "end" : "start");
  });
}

/** Two bars a strategy: how often it came closest, and how many of its intervals missed. */
function drawTally({ pen, narrow }, { left, width, top }, row, names, found) {
  const half = (width - 16) / 2, right = left + half + 16;
  pen.text(left, top - 10, "closest", "head");
  pen.text(right, top - 10, "missed", "head");
  const most = 0.5, part = scale([0, most], [0, half - 34]);
  const promised = right + part(0.05);
  names.forEach((name, k) => {
    const y = top + (k + 0.5) * row, high = Math.min(12, row * 0.4);
    const bar = (from, value, words) => {
      const long = part(Math.min(value, most));
      pen.box(from, y - high / 2, Math.max(long, 1), high, name);
      pen.text(from + long + 5, y + 5, words, "strong halo");
    };
    bar(left, found[`${name}_closest`] / found.drawn, String(found[`${name}_closest`]));
    bar(right, found[`${name}_missed`] / (SLOPES * found.drawn), percent(found[`${name}_missed`] / (SLOPES * found.drawn)));
  });
  const floor = top + 4 * row;
  pen.line(left, floor, left + half, floor, "rule");
  pen.line(right, floor, right + half, floor, "rule");
  pen.line(promised, top, promised, floor, "dashed thin");
  pen.text(left, floor + 16, `of ${found.drawn}`, "small");
  pen.text(promised, floor + 16, "5%", "small", "middle");
}
