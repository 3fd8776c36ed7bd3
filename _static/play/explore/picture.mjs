// A lane for each strategy: its real and its printed error, false alarms, power, coverage. What has
// been simulated is drawn full, with a band of two Monte Carlo errors to each side, which shrinks as
// studies come in; a bar across is theory, a square the nearest stored design.

import { percent, scale, share, ticks } from "../drawing.mjs";

const PROMISED = 0.05;
const NARROW_LANE = 24; // px from the top of a lane to what is drawn, under its name
const DOT = 4.6, RING = 7.5, SQUARE = 6.5;

/** A test is said to cry wolf where it is surely above this. */
export const WOLF = 0.055;

/** What is known best of a measure: { value, mc, from }, or null. */
export function known(found, name, measure) {
  const { run, theory, stored } = found;
  const told = run?.strategies[name];
  const value = told?.[measure] ?? null;
  if (value !== null) return { value, mc: told[`${measure}_mc`] ?? 0, from: "run" };
  if (run) return null; // what one has run is not filled up from elsewhere
  for (const [from, source] of [["theory", theory], ["stored", stored?.strategies]]) {
    const other = source?.[name]?.[measure];
    if (other !== undefined) return { value: other, mc: 0, from };
  }
  return null;
}

export const wild = (alarms) => alarms && alarms.value - 2 * alarms.mc > WOLF;

function columns({ width, narrow }) {
  if (narrow) {
    const each = (width - 28) / 3, bar = each - 42;
    return {
      errors: [4, each + 8], alarms: [each + 24, each + 24 + bar],
      power: [2 * each + 34, 2 * each + 34 + bar], covers: width, left: 0,
    };
  }
  const left = 172, room = width - left - 62, errors = left + room * 0.38;
  const part = (room * 0.62) / 2, bar = part - 68;
  return {
    errors: [left, errors], alarms: [errors + 22, errors + 22 + bar],
    power: [errors + part + 22, errors + part + 22 + bar], covers: width, left,
  };
}

export function drawStudy(picture, state, found) {
  const { pen, width, height, narrow } = picture, col = columns(picture);
  const top = narrow ? 44 : 46, bottom = height - (narrow ? 58 : 46);
  const names = found.labels, count = names.length, lane = (bottom - top) / count;
  const middle = (i) => top + lane * i + (narrow ? NARROW_LANE + (lane - NARROW_LANE) / 2 : lane / 2);

  // ---- Scales
  const errors = names
    .flatMap(({ name }) => ["real", "printed"].map((one) => known(found, name, one)?.value ?? 0))
    .filter(Boolean).sort((a, b) => a - b);
  const usual = errors[Math.floor(errors.length / 2)] ?? state.noise_sd / Math.sqrt(state.people);
  const widest = Math.min(errors.at(-1) ?? usual, 2.6 * usual) * 1.12;
  const x = scale([0, widest], col.errors);
  const most = Math.max(...names.map(({ name }) => known(found, name, "alarms")?.value ?? 0));
  const a = scale([0, [0.2, 0.5, 1].find((limit) => most <= limit) ?? 1], col.alarms);
  const p = scale([0, 1], col.power);

  // ---- Heads
  pen.text(col.errors[0], 14, "error of the effect", "small strong");
  if (!narrow) pen.text(col.errors[0], 31, "dot: real, ring: printed", "small");
  pen.text(col.alarms[0], 14, narrow ? "alarms" : "false alarms", "small strong");
  pen.text(col.power[0], 14, "power", "small strong");
  if (!narrow) {
    pen.text(col.alarms[0], 31, "promised: 5%", "small");
    pen.text(col.power[0], 31, "ring: at its own 5%", "small");
    pen.text(col.covers, 14, "covers", "small strong", "end");
  } else {
    pen.text(col.errors[0], 31, "dot real, ring printed", "small");
    pen.text(col.power[0], 31, "ring: own 5%", "small");
    pen.text(col.alarms[0], 31, "tick: 5%", "small");
  }

  // ---- The floor, and the axis of errors
  const floor = Math.min(x(found.floor), col.errors[1]);
  if (floor > col.errors[0] + 1) {
    pen.box(col.errors[0], top, floor - col.errors[0], bottom - top, "fill");
    pen.line(floor, top, floor, bottom, "quiet thin");
  }
  pen.line(col.errors[0], bottom, col.errors[1], bottom, "rule");
  const marks = ticks(0, widest, narrow ? 2 : 4);
  const digits = Math.max(0, -Math.floor(Math.log10(marks[1] - marks[0] || 1) + 1e-9));
  for (const value of marks) {
    pen.line(x(value), bottom, x(value), bottom + 4, "rule");
    pen.text(x(value), bottom + 17, share(value, value ? digits : 0), "small", value ? "middle" : "start");
  }
  for (const [place, words] of [[col.alarms, percent(a.back(col.alarms[1]))], [col.power, "100%"]]) {
    pen.text(place[0], bottom + 17, "0", "small");
    if (place[1] - place[0] > 44 || narrow) pen.text(place[1], bottom + 17, words, "small", "end");
    pen.line(place[0], bottom, place[1], bottom, "rule");
  }
  legend(pen, picture, found, height - (narrow ? 10 : 6));

  // ---- Lanes
  names.forEach(({ name, label }, i) => {
    const y = middle(i), start = top + lane * i;
    pen.line(0, start, width, start, "rule faint");
    if (narrow) pen.text(0, start + 17, label, `strong ${name}`);
    else pen.text(0, y + 5, label, `strong ${name}`);
    const why = found.run?.left_out[name];
    if (why) return leftOut(picture, why, narrow ? 0 : col.left, y, name);
    drawErrors(picture, x, y, name, found, widest);
    drawShares(picture, { a, p, col }, y, name, found);
    const covers = known(found, name, "coverage");
    if (!covers) return;
    const low = covers.value + 2 * covers.mc < 1 - WOLF;
    const at = narrow ? start + 17 : y + 5, lead = narrow ? "covers " : "";
    pen.text(col.covers, at, lead + percent(covers.value, 1), `${low ? "alarm" : ""}`, "end");
  });
}

function drawErrors(picture, x, y, name, found, widest) {
  const { pen } = picture, end = x(widest);
  const real = known(found, name, "real"), printed = known(found, name, "printed");
  const within = (value) => Math.min(Math.max(value, x(0)), end);
  for (const one of [real, printed]) {
    if (!one?.mc) continue;
    const from = within(x(one.value - 2 * one.mc)), to = within(x(one.value + 2 * one.mc));
    pen.line(from, y, to, y, `band ${name}`);
  }
  other(picture, x, y, found, name, "real", widest);
  if (real && printed && real.value <= widest) {
    const flatters = printed.value + 2 * printed.mc < 0.95 * real.value;
    const from = x(printed.value), to = x(real.value), far = Math.abs(from - to);
    const way = Math.sign(to - from);
    if (flatters && far > RING) pen.line(from + way * RING, y, to, y, "alarm thick");
  }
  if (real && real.value > widest) {
    pen.text(end, y + 5, `${share(real.value, real.value < 10 ? 1 : 0)} \u2192`, `small strong ${name}`, "end");
    return;
  }
  if (printed) pen.draw("circle", { class: `line ${name} ${soft(printed)}`, cx: round(x(printed.value)), cy: round(y), r: RING });
  if (real) pen.dot(x(real.value), y, DOT, `${name} ${soft(real)}`);
}

function drawShares({ pen, narrow, ...picture }, { a, p, col }, y, name, found) {
  const whole = { pen, narrow, ...picture };
  const alarms = known(found, name, "alarms"), power = known(found, name, "power");
  const thick = narrow ? 12 : 13, top = y - thick / 2;
  pen.box(col.alarms[0], top, col.alarms[1] - col.alarms[0], thick, "fill");
  if (alarms) {
    const kind = wild(alarms) ? "alarm" : "calm";
    pen.box(col.alarms[0], top, a(alarms.value) - col.alarms[0], thick, `${kind} ${soft(alarms)}`);
    error(pen, a, alarms, y, col.alarms);
    const words = percent(alarms.value, alarms.value < 0.0995 ? 1 : 0);
    const strong = alarms.from === "run" ? "strong" : "small";
    pen.text(col.alarms[1] + 6, y + 5, words, `${strong} ${wild(alarms) ? "alarm" : ""}`);
  }
  pen.line(a(PROMISED), top - 3, a(PROMISED), top + thick + 3, "thin");
  other(whole, a, y, found, name, "alarms", 1);
  pen.box(col.power[0], top, col.power[1] - col.power[0], thick, "fill");
  if (!power) return other(whole, p, y, found, name, "power", 1);
  const useless = wild(alarms) ? "faint" : "";
  pen.box(col.power[0], top, p(power.value) - col.power[0], thick, `${name} ${soft(power)} ${useless}`);
  error(pen, p, power, y, col.power);
  const own = known(found, name, "adjusted");
  if (own) pen.draw("circle", { class: `open ${name}`, cx: round(p(own.value)), cy: round(y), r: 4 });
  const strong = power.from === "run" ? "strong" : "small";
  pen.text(col.power[1] + 6, y + 5, percent(power.value), strong);
  other(whole, p, y, found, name, "power", 1);
}

/** Two Monte Carlo errors to each side of a bar's end. */
function error(pen, at, { value, mc }, y, [low, high]) {
  if (!mc) return;
  const within = (place) => Math.min(Math.max(place, low), high);
  pen.line(within(at(value - 2 * mc)), y, within(at(value + 2 * mc)), y, "whisker");
}

/** Theory's bar and the stored square, beside what has been simulated. */
function other({ pen }, at, y, found, name, measure, most) {
  const theory = found.theory[name]?.[measure], stored = found.stored?.strategies[name]?.[measure];
  if (stored !== undefined && stored <= most) {
    const size = { width: SQUARE, height: SQUARE, x: round(at(stored) - SQUARE / 2), y: round(y - 14.5) };
    pen.draw("rect", { class: "stored", ...size });
  }
  if (theory !== undefined && theory <= most) pen.line(at(theory), y - 11, at(theory), y + 11, "theory");
}

/** What is not simulated yet is drawn more softly. */
const soft = ({ from }) => (from === "run" ? "" : "soft");

function leftOut({ pen, width, narrow }, why, left, y, name) {
  const words = why.startsWith(name) ? why.slice(name.length + 1) : why;
  const fits = Math.floor((width - left) / 6), lines = [""];
  for (const word of `left out: ${words}`.split(" ")) {
    if (lines.at(-1).length + word.length + 1 > fits) lines.push("");
    lines[lines.length - 1] += `${lines.at(-1) && " "}${word}`;
  }
  const first = y + 5 - (lines.length - 1) * 7.5 - (narrow ? 2 : 0);
  lines.slice(0, 2).forEach((line, i) => pen.text(left, first + 15 * i, line, "small"));
}

function legend(pen, { narrow }, found, y) {
  let at = 0;
  const item = (draw, words) => {
    draw(at + 5);
    pen.text(at + 15, y, words, "small");
    at += 15 + words.length * 6.1 + 14;
  };
  item((x) => pen.line(x, y - 12, x, y + 2, "theory"), "theory");
  item((x) => pen.draw("rect", { class: "stored", x: x - 3.25, y: y - 8, width: SQUARE, height: SQUARE }),
    narrow ? "nearest stored" : "nearest stored design");
  if (found.run) item((x) => pen.line(x - 5, y - 4, x + 5, y - 4, "whisker"), narrow ? "2 MC errors" : "two Monte Carlo errors to each side");
  if (found.floor > 0) item((x) => pen.box(x - 5, y - 10, 10, 10, "fill"), narrow ? "floor" : "below the floor");
}

const round = (value) => Math.round(value * 100) / 100;
