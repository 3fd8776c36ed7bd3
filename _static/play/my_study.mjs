// One student's own study: its rows, its estimate, and the code to hand in. The design stands in the
// link that the teacher has sent; the seed is this browser's own and stays the same for a design.

import { encode, mark, MOST_SEEDS } from "../classroom/code.mjs";
import { tell } from "../classroom/handed_in.mjs";
import { analysed, rowsOf } from "../classroom/study.mjs";
import { controls as designs, designOf } from "./classroom.mjs";
import { kept } from "./controls.mjs";
import { number, pValue, scale, ticks } from "./drawing.mjs";
import { mean } from "./statistics.mjs";

export const title = "Your own study";
export const height = { narrow: "38rem", wide: "32rem" };
export const lines = { narrow: 8, wide: 4 };
export const bare = true;

// named in full, since the build keeps only the styles whose names stand in a script
const SHADES = ["shade0", "shade1", "shade2", "shade3", "shade4", "shade5"];

const still = ({ start, read }) => ({ start, read }); // in the link, without a control
export const controls = {
  ...Object.fromEntries(Object.keys(designOf({})).map((key) => [key, still(designs[key])])),
  seed: kept(0, { min: 0, max: MOST_SEEDS - 1 }), // 0: this browser's own
};

const own = new Map();
/** The seed that this browser has drawn for a design, once. */
export function ownSeed(design, anew = false) {
  const name = `class-seed-${mark(design)}`;
  let seed = own.get(name);
  try {
    seed ??= Number(localStorage.getItem(name)) || undefined;
  } catch {
    // a browser that keeps nothing: the seed lasts as long as the page
  }
  if (anew || !seed) seed = 1 + (crypto.getRandomValues(new Uint32Array(1))[0] % (MOST_SEEDS - 1));
  own.set(name, seed);
  try {
    localStorage.setItem(name, String(seed));
  } catch {
    // as above
  }
  return seed;
}

let shown = null; // what stands on the page

export const buttons = {
  copy: { label: "Copy the code", press: copy },
  save: { label: "Save the study", press: save },
  another: { label: "Another study", press: another, kind: "quiet" },
};

function copy() {
  const told = (words) => tell("copied", words);
  navigator.clipboard?.writeText(shown.code).then(
    () => told("Copied."), () => told("Select the code, and copy it."));
  return {};
}

function save() {
  const rows = shown.y.map((y, i) => `${shown.person[i] + 1},${shown.x[i]},${y.toFixed(4)}`);
  const text = ["person,app,answer", ...rows, ""].join("\r\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `study-${shown.code}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return {};
}

function another(state) {
  ownSeed(designOf(state), true);
  return { seed: 0 };
}

export function numbers(state) {
  const design = designOf(state), seed = state.seed || ownSeed(design);
  const { x, y, person } = rowsOf(design, seed), told = analysed(design, { x, y });
  const code = encode(design, seed, told.estimate);
  shown = { code, x, y, person };
  tell("study", code);
  return {
    seed, code, x, y, person, estimate: told.estimate,
    rowsError: told.rows.error, rowsP: told.rows.p,
    peopleError: told.people.error, peopleP: told.people.p,
  };
}

export function says({ kind, people, rows }, found) {
  const who = kind === "who"
    ? `half of your ${people} people had the app, all answered on ${rows} days`
    : `your ${people} people answered on ${rows} days, half of them with the app`;
  const more = found.estimate < 0 ? "lower" : "higher";
  return (
    `Study number ${found.seed}: ${who}. With the app the answers are ` +
    `${number(Math.abs(found.estimate))} ${more}: your estimate is ${number(found.estimate)}. One ` +
    `line through all ${people * rows} rows prints an error of ${number(found.rowsError)} ` +
    `(${pValue(found.rowsP)}); one number a person, and a t test on these, ` +
    `${number(found.peopleError)} (${pValue(found.peopleP)}). Hand in: ${found.code}`
  );
}

export function draw({ pen, width, height, narrow }, { kind, people }, found) {
  const floor = height - 30, top = 26, left = 34, gap = narrow ? 16 : 34;
  const reach = Math.max(...found.y.map(Math.abs)) * 1.05, y = scale([-reach, reach], [floor, top]);
  const strip = (width - left - gap) / 2;
  for (const value of ticks(-reach, reach, 5)) {
    pen.line(left, y(value), width, y(value), "rule");
    pen.text(left - 6, y(value) + 4, number(value, Math.abs(value) % 1 ? 1 : 0), "small", "end");
  }
  const middles = [0, 1].map((app) => {
    const from = left + app * (strip + gap), mine = [];
    const those = Array.from({ length: people }, (_, g) => g)
      .filter((g) => kind === "when" || (g >= people / 2 ? 1 : 0) === app);
    those.forEach((g, k) => {
      const at = from + ((k + 0.5) / those.length) * strip;
      const ys = found.y.filter((_, i) => found.person[i] === g && found.x[i] === app);
      const shade = SHADES[Math.floor((k * SHADES.length) / those.length)];
      for (const value of ys) pen.dot(at, y(value), narrow ? 2 : 2.6, `${shade} faint`);
      const half = Math.min((0.4 * strip) / those.length, 11);
      pen.line(at - half, y(mean(ys)), at + half, y(mean(ys)), shade);
      mine.push(...ys);
    });
    pen.text(from + strip / 2, height - 8, app ? "with the app" : "without", "head", "middle");
    return { from, value: mean(mine) };
  });
  for (const { from, value } of middles) {
    pen.line(from, y(value), from + strip, y(value), "thick");
    pen.text(from + 2, y(value) - 7, number(value), "strong halo");
  }
}
