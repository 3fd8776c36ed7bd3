// A budget split between people and nights: how exact the study is, and what it finds, on which df.

import { slider } from "./controls.mjs";
import { number, percent, scale, share } from "./drawing.mjs";
import { integral, logGamma, normalBelow, tCritical } from "./statistics.mjs";
import { stops } from "./stops.mjs";

export const title = "One budget, from a few nights of many people to many nights of few";
export const height = { narrow: "50rem", wide: "40rem" };
export const lines = { narrow: 8, wide: 4 };

const BUDGET = 1200; // what 6,000 buys in nights of 5
const EFFECT = 0.4, FEWEST = 4, MOST = 100; // the difference to be found; people; nights
const WAYS = { arm: "an arm of people", own: "own evenings" };
const NIGHTS = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 30, 36, 44, 52, 60, 70, 80, 90, 100];

const nights = (count) => `${count} nights`;
const spread = (label, start) =>
  slider(`${label} differ, SD`, { min: 0, max: 1, step: 0.05, start, shown: share });

export const controls = {
  nights: stops("Nights a person", NIGHTS, { start: 18 }),
  price: stops("Finding one costs", [0, 1, 2, 5, 10, 20, 40], { start: 10, shown: nights }),
  levels: spread("Levels", 0.5),
  responses: spread("Responses", 0.4),
};

/** People that the budget buys: as many who walk as who do not. */
const peopleFor = (each, price) => 2 * Math.floor(BUDGET / (price + each) / 2);

/** What people bring to the variance: their levels where they are the arms, else their responses. */
const parts = ({ levels, responses }) => ({ arm: 4 * levels ** 2, own: responses ** 2 });

const error = (part, each, people) => Math.sqrt((part + 4 / each) / people);

const tail = (z) => (z < -7 ? 0 : z > 7 ? 1 : normalBelow(z)); // what is cut off is below 1e-11

const limits = new Map(), heights = new Map();
const once = (kept, df, make) => kept.get(df) ?? kept.set(df, make(df)).get(df);

/** The share of t tests that find an effect so many errors away: over all that the estimated error
 * may be, how often the estimate lies beyond it. */
function power(away, df) {
  const limit = once(limits, df, tCritical);
  const front = once(heights, df, () => Math.log(2) + (df / 2) * Math.log(df / 2) - logGamma(df / 2));
  const found = (s) =>
    (tail(away - limit * s) + tail(-away - limit * s)) *
    Math.exp(front + (df - 1) * Math.log(s) - (df * s * s) / 2);
  const wide = 8 / Math.sqrt(2 * df);
  return integral(found, Math.max(1 - wide, 0), 1 + wide);
}

function planOf(way, part, each, people) {
  const off = error(part, each, people), df = people - (way === "arm" ? 2 : 1);
  return { error: off, df, power: power(EFFECT / off, df) };
}

export function numbers(state) {
  const { price } = state, part = parts(state), found = {};
  found.people = peopleFor(state.nights, price);
  for (const way in WAYS) {
    const here = planOf(way, part[way], state.nights, found.people);
    for (const what in here) found[`${way}_${what}`] = here[what];
    found[`${way}_curve`] = NIGHTS.map((each) => {
      const people = peopleFor(each, price);
      return people < FEWEST ? null : planOf(way, part[way], each, people).power;
    });
    const best = Math.max(...found[`${way}_curve`]);
    found[`${way}_best`] = best;
    found[`${way}_best_nights`] = NIGHTS[found[`${way}_curve`].indexOf(best)];
  }
  return found;
}

export function says({ nights: each, price }, found) {
  const way = (name) => `${percent(found[`${name}_power`])}, on ${found[`${name}_df`]} degrees of freedom`;
  const best = (name) => `${found[`${name}_best_nights`]} nights (${percent(found[`${name}_best`])})`;
  return (
    `${each} nights each leave money for ${found.people} people. As arms they find a difference of ` +
    `0.4 with a power of ${way("arm")}; walking on evenings of their own, ${way("own")}. ` +
    `The same money finds most with ${best("arm")} in arms, and with ${best("own")} on own evenings.`
  );
}

// ---- The picture: how far off the difference is, and how often it is found

function frameOf({ width, height, narrow }) {
  const left = 42, right = narrow ? 8 : 150, top = 46, gap = 36, bottom = 42;
  const high = (height - top - gap - bottom) / 2;
  const x = scale([Math.log(2), Math.log(MOST)], [left, width - right]);
  return { left, right: width - right, tops: [top, top + high + gap], high, x };
}

const LINES = { arm: "shade5", own: "shade0" };

export function draw(picture, state, found) {
  const { pen, narrow } = picture, frame = frameOf(picture), { left, right, tops, high, x } = frame;
  const part = parts(state), chosen = x(Math.log(state.nights));
  const panels = [
    { words: "how far the difference scatters", range: [0, 0.4], marks: [0, 0.1, 0.2, 0.3, 0.4], shown: (v) => share(v, 1) },
    { words: "power", range: [0, 1], marks: [0, 0.25, 0.5, 0.75, 1], shown: percent },
  ];
  panels.forEach(({ words, range, marks, shown }, k) => {
    const y = (panels[k].y = scale(range, [tops[k] + high, tops[k]]));
    pen.text(0, tops[k] - 12, words, "head");
    for (const mark of marks) {
      pen.line(left, y(mark), right, y(mark), mark ? "rule faint" : "rule");
      pen.text(left - 6, y(mark) + 4, mark ? shown(mark) : "0", "small", "end");
    }
  });
  for (const each of [2, 4, 6, 10, 16, 30, 60, 100]) {
    pen.text(x(Math.log(each)), tops[1] + high + 17, String(each), "small", "middle");
  }
  pen.text(right, tops[1] + high + 35, "nights a person", "small", "end");
  pen.line(chosen, tops[0] - 4, chosen, tops[1] + high, "thin quiet");
  const side = chosen > (left + right) / 2;
  pen.text(chosen + (side ? -8 : 8), tops[0] + 4, `${found.people} people`, "strong halo", side ? "end" : "start");

  const [off, often] = panels;
  for (const way in WAYS) drawWay(pen, frame, way, { state, found, off, often, part: part[way], chosen });
  if (narrow) {
    pen.text(right, tops[1] - 12, "own evenings", "halo strong blue", "end");
    pen.text(right - 102, tops[1] - 12, "arms", "halo strong amber", "end");
  }
}

function drawWay(pen, { left, right, tops, high, x }, way, { state, found, off, often, part, chosen }) {
  const floor = tops[0] + high, price = state.price, kind = LINES[way];
  // by formula, people and parts of people; above the panel it is cut off
  const path = [];
  for (let at = 0; at <= 60; at++) {
    const each = 2 * (MOST / 2) ** (at / 60), people = BUDGET / (price + each);
    path.push([x(Math.log(each)), off.y(Math.min(error(part, each, people), 0.42))]);
  }
  pen.path(path, kind);
  const best = Math.sqrt((price * 4) / part);
  if (best > 2 && best < MOST) pen.line(x(Math.log(best)), tops[0], x(Math.log(best)), floor, `${kind} dashed thin`);
  const curve = found[`${way}_curve`];
  pen.path(NIGHTS.flatMap((each, i) => (curve[i] === null ? [] : [[x(Math.log(each)), often.y(curve[i])]])), kind);
  pen.dot(chosen, off.y(Math.min(found[`${way}_error`], 0.42)), 6, kind);
  pen.dot(chosen, often.y(found[`${way}_power`]), 6, kind);
  if (right + 100 > left + 600) return;
  const last = curve.at(-1) ?? 0, apart = found.own_curve.at(-1) - found.arm_curve.at(-1);
  const shift = Math.abs(apart) * high < 18 ? (way === "own" ? -9 : 9) * Math.sign(apart || 1) : 0;
  pen.text(right + 10, often.y(last) + 5 + shift, WAYS[way], `strong ${way === "arm" ? "amber" : "blue"}`);
}

/** A finger goes along the nights. */
export function drag(picture, state, px) {
  const { x } = frameOf(picture), wanted = x.back(px);
  const off = NIGHTS.map((each) => Math.abs(Math.log(each) - wanted));
  return { nights: NIGHTS[off.indexOf(Math.min(...off))] };
}
