// The sandwich: a table of thirty by thirty products of residuals. Which of them are kept is the
// assumption; what they add up to is the standard error of the slope.

import { choice, kept, slider } from "./controls.mjs";
import { scale, share, ticks } from "./drawing.mjs";

export const title = "Which products of residuals a standard error keeps";
export const height = { narrow: "55rem", wide: "39.5rem" };
export const lines = { narrow: 5, wide: 3 };
export const data = true; // _ext/play_data/sandwich.py

const SCHOOLS = 6, PUPILS = 5, ROWS = SCHOOLS * PUPILS;
const schoolOf = (row) => Math.floor(row / PUPILS);
const NAMES = {
  one: "Ordinary", self: "White", school: "Clusters", year: "Two-way", lags: "HAC", all: "All",
};
const KEYS = Object.keys(NAMES);
const KEPT = {
  one: "one variance for all rows, and no two rows alike",
  self: "each row\u2019s own square",
  school: "rows of one school",
  year: "rows of one school or, as if its five rows were five years, of one year",
  lags: "neighbours, as if the rows were one series of days",
  all: "any two rows",
};

// Blocks by number: 1 is school 1 with itself, 2 schools 1 and 2, ... 21 school 6 with itself.
const BLOCKS = [];
for (let a = 0; a < SCHOOLS; a++) for (let b = a; b < SCHOOLS; b++) BLOCKS.push([a, b]);
const blockOf = (a, b) => BLOCKS.findIndex(([c, d]) => c === Math.min(a, b) && d === Math.max(a, b));
const blockName = (block) => {
  const [a, b] = BLOCKS[block - 1];
  return a === b ? `school ${a + 1}` : `schools ${a + 1} and ${b + 1}`;
};

export const controls = {
  keep: choice("Keep products as in", NAMES, "school"),
  lags: slider("Lags of HAC", { min: 1, max: ROWS - 1, step: 1, start: 4 }),
  block: slider("A block", {
    min: 1, max: BLOCKS.length, step: 1, start: 5, shown: blockName,
  }),
  // one bit a block that a reader keeps or strikes out, and the choice for which she did so
  flips: kept(0, { min: 0, max: 2 ** BLOCKS.length - 1 }),
  flipped: kept(0, { min: 0, max: KEYS.length - 1 }),
};

export const buttons = {
  flip: { label: "Keep or strike this block", press: (state) => flip(state, state.block), kind: "main" },
};

const flipsOf = ({ keep, flips, flipped }) => (KEYS.indexOf(keep) === flipped ? flips : 0);

function flip(state, block) {
  const flips = flipsOf(state) ^ (1 << (block - 1));
  return { block, flips, flipped: KEYS.indexOf(state.keep) };
}

/** What is kept of the product of two rows, from 0 to 1, before a reader changes blocks. */
function weight({ keep, lags }, i, j) {
  if (keep === "one" || keep === "self") return Number(i === j);
  if (keep === "all") return 1;
  if (keep === "lags") return Math.max(0, 1 - Math.abs(i - j) / (lags + 1));
  const alike = schoolOf(i) === schoolOf(j) || (keep === "year" && i % PUPILS === j % PUPILS);
  return Number(alike);
}

/** The table: what is taken for the covariance of each two rows; null where that is nothing. */
function table(state, { residuals, ordinary }) {
  const flips = flipsOf(state), cells = [];
  const whole = BLOCKS.map(([a, b]) => state.keep === "all" || (a === b && "school year".includes(state.keep)));
  for (let i = 0; i < ROWS; i++) {
    for (let j = 0; j < ROWS; j++) {
      const block = blockOf(schoolOf(i), schoolOf(j)), product = residuals[i] * residuals[j];
      const changed = (flips >> block) & 1;
      const kept = changed ? Number(!whole[block]) : weight(state, i, j);
      const plain = state.keep === "one" && !changed;
      cells.push(kept ? kept * (plain ? ordinary : product) : null);
    }
  }
  return cells;
}

export function numbers(state, data) {
  const cells = table(state, data), { pull } = data;
  const [a, b] = BLOCKS[state.block - 1];
  let variance = 0, count = 0, block = 0;
  cells.forEach((cell, at) => {
    if (cell === null) return;
    const i = Math.floor(at / ROWS), j = at % ROWS, part = cell * pull[i] * pull[j];
    count++;
    variance += part;
    if (blockOf(schoolOf(i), schoolOf(j)) === blockOf(a, b)) block += part;
  });
  if (Math.abs(variance) < 1e-12) variance = 0; // the square of a sum that is zero
  return { kept: count, variance, error: Math.sqrt(Math.max(variance, 0)), block, real: data.real };
}

export function says(state, found) {
  const { kept, variance, error, real } = found;
  const { keep, block } = state, flips = flipsOf(state);
  const lags = keep === "lags" ? ` (${state.lags} ${state.lags === 1 ? "lag" : "lags"}, fading)` : "";
  const hands = flips ? flips.toString(2).replaceAll("0", "").length : 0;
  const own = flips ? `, changed by hand in ${hands === 1 ? "one block" : `${hands} blocks`}` : "";
  const what = keep === "one" ? `${KEPT.one}${own}` : `${kept} of 900 products are kept: ${KEPT[keep]}${lags}${own}`;
  const then =
    variance < 0
      ? `They add up to a variance below zero, ${share(variance, 3)}: there is no such error.`
      : `The slope\u2019s standard error is ${share(error, 3)}.`;
  const last =
    kept === ROWS ** 2 && variance === 0
      ? "Whoever assumes nothing learns nothing: the residuals, weighted by the predictor, add up to zero."
      : flips
        ? `The block of ${blockName(block)} adds ${share(found.block, 3)} to the variance, ${share(variance, 3)}.`
        : "";
  const truth = `In the world from which these schools were drawn it is ${share(real, 3)}.`;
  return [`${NAMES[keep]}: ${what}.`, then, last || truth].join(" ");
}

// ---- The picture

const STEPS = 7; // strengths of colour

function frameOf({ width, height, narrow }) {
  const margin = 16; // for the schools' numbers
  const size = narrow ? Math.min(width - 2 * margin, height - 244) : Math.min(height - 44, width * 0.53);
  const left = narrow ? (width - size) / 2 : margin;
  const list = narrow
    ? { left: 0, right: width, top: size + 74, high: 19.5 }
    : { left: left + size + 38, right: width, top: 62, high: Math.min(36, (size - 84) / 7) };
  return { size, left, top: 1, cell: size / ROWS, list };
}

export function draw(picture, state, found, motion, data) {
  const memo = (picture.memo ??= { seen: {} });
  if (!memo.listens) listen(picture, memo);
  memo.state = state;
  const frame = frameOf(picture);
  drawTable(picture, frame, state, table(state, data), data);
  drawErrors(picture, frame, state, found, memo);
}

function drawTable({ pen, narrow }, { size, left, top, cell }, state, cells, { residuals }) {
  // as in the still figure: roots, and some colour for the smallest, so that small products show
  const largest = residuals.map(Math.abs).sort((a, b) => b - a)[1], least = 0.3;
  const paths = {};
  pen.box(left, top, size, size, "paper");
  cells.forEach((value, at) => {
    if (!value) return;
    const i = Math.floor(at / ROWS), j = at % ROWS;
    const strength = Math.min(1, least + ((1 - least) * Math.sqrt(Math.abs(value))) / largest);
    const kind = `${value > 0 ? "plus" : "minus"} s${Math.max(1, Math.ceil(strength * STEPS))}`;
    const x = (left + j * cell).toFixed(2), y = (top + i * cell).toFixed(2), side = cell.toFixed(2);
    paths[kind] = `${paths[kind] ?? ""}M${x} ${y}h${side}v${side}h-${side}z`;
  });
  for (const kind of Object.keys(paths).sort()) pen.draw("path", { class: `box ${kind}`, d: paths[kind] });
  for (let k = 0; k <= SCHOOLS; k++) {
    const at = k * PUPILS * cell;
    pen.line(left + at, top, left + at, top + size, "rule");
    pen.line(left, top + at, left + size, top + at, "rule");
  }
  const [a, b] = BLOCKS[state.block - 1], side = PUPILS * cell;
  for (const [row, column] of a === b ? [[a, b]] : [[a, b], [b, a]]) {
    pen.box(left + column * side, top + row * side, side, side, "chosen");
  }
  for (let k = 0; k < SCHOOLS; k++) {
    const at = (k + 0.5) * PUPILS * cell;
    pen.text(left - 5, top + at + 4, String(k + 1), "small", "end");
    pen.text(left + at, top + size + 15, String(k + 1), "small", "middle");
  }
  const right = left + size, below = top + size + 34;
  pen.text(left, below, narrow ? "touch a block" : "school by school; click a block", "small");
  pen.text(right, below, "above zero", "small strong plus", "end");
  pen.text(right - 68, below, "below,", "small strong minus", "end");
}

/** The errors, a row each: a row keeps its dot once a reader has seen it. */
function drawErrors({ pen, narrow }, { list }, state, found, { seen }) {
  const flips = flipsOf(state), { left, right, top, high } = list;
  const x = scale([0, 0.6], [left + 74, right - 46]);
  const rows = [...KEYS, "own"];
  const now = flips ? "own" : state.keep, floor = top + rows.length * high - high / 2 + 4;
  seen[now] = found.variance < 0 ? null : found.error;
  if (!narrow) {
    pen.text(left, 16, "Standard error", "head");
    pen.text(left, 35, "of the slope", "head");
  }
  for (const value of ticks(0, 0.6, 3)) {
    pen.line(x(value), top - high / 2, x(value), floor, "rule faint");
    pen.text(x(value), floor + 16, value ? share(value, 1) : "0", "small", "middle");
  }
  pen.line(x(found.real), top - high / 2 - 2, x(found.real), floor, "dashed thin");
  pen.text(x(found.real), top - high / 2 - 6, "real", "small strong", "middle");
  rows.forEach((key, k) => {
    const y = top + k * high, chosen = key === now;
    if (key === "own" && !("own" in seen)) return;
    pen.text(left, y + 5, NAMES[key] ?? "Yours", chosen ? "strong" : "");
    if (!(key in seen)) return void pen.text(x(0.015), y + 4, "?", "small");
    if (seen[key] === null) {
      return void pen.text(x(0.015), y + 4, "variance below 0", chosen ? "strong alarm halo" : "small halo");
    }
    const at = x(Math.min(seen[key], 0.6));
    pen.line(x(0), y, at, y, chosen ? "cluster_robust thick" : "cluster_robust thin faint");
    pen.dot(at, y, chosen ? 6.5 : 4, chosen ? "cluster_robust" : "open cluster_robust");
    pen.text(right, y + 5, seen[key] ? share(seen[key], 3) : "0", chosen ? "strong" : "", "end");
  });
  if (narrow) pen.text(left, floor + 34, "standard error of the slope", "small");
}

/** A click on a block keeps it or strikes it out. A click, not a finger that comes down to scroll. */
function listen(picture, memo) {
  memo.listens = true;
  picture.svg.addEventListener("click", (event) => {
    const { left, top, cell } = frameOf(picture), box = picture.svg.getBoundingClientRect();
    const column = schoolOf((event.clientX - box.left - left) / cell);
    const row = schoolOf((event.clientY - box.top - top) / cell);
    if (Math.min(row, column) < 0 || Math.max(row, column) >= SCHOOLS) return;
    picture.place.play.set(flip(memo.state, blockOf(row, column) + 1));
  });
}
