// A study that one student draws, what two analyses make of it, and what is true of all such studies.
//
// People answer several times, with an app or without. Either half of the people have it (`who`), or
// all people have it half of the time (`when`). Their levels vary, what the app does for each may
// vary, and each answer has noise with an SD of 1. Everything is balanced, so both analyses, one
// line through all rows and one number a person, give the same estimate: only their errors differ.

import { normals, uniforms } from "../play/random.mjs";
import { leastSquares, mean, tTwoSided, variance } from "../play/statistics.mjs";

const NOISE = 1;
const MANY = 4000; // studies behind what is said of the long run

/** The rows of a study: x is 1 with the app, y the answer, person counts from 0. */
export function rowsOf({ kind, people, rows, effect, level, own }, seed) {
  const draw = normals(seed, 16), x = [], y = [], person = [];
  for (let g = 0; g < people; g++) {
    const usual = level * draw(), hers = effect + own * draw();
    for (let i = 0; i < rows; i++) {
      const half = kind === "who" ? g >= people / 2 : i >= rows / 2;
      x.push(half ? 1 : 0);
      y.push(usual + (half ? hers : 0) + NOISE * draw());
      person.push(g);
    }
  }
  return { x, y, person };
}

/** What the two analyses make of them: one estimate, and an error and p-value each. */
export function analysed({ kind, people, rows }, { x, y }) {
  const line = leastSquares(x, y);
  const part = (g, app) => y.filter((_, i) => Math.floor(i / rows) === g && x[i] === app);
  const each = Array.from({ length: people }, (_, g) => g);
  let byPerson;
  if (kind === "who") {
    const means = each.map((g) => mean(y.slice(g * rows, (g + 1) * rows)));
    byPerson = leastSquares(each.map((g) => (g >= people / 2 ? 1 : 0)), means);
  } else {
    const gains = each.map((g) => mean(part(g, 1)) - mean(part(g, 0)));
    byPerson = fromGains(mean(gains), variance(gains), people);
  }
  const { slope: estimate, error, p } = line;
  return { estimate, rows: { error, p }, people: { error: byPerson.error, p: byPerson.p } };
}

function fromGains(gain, spread, people) {
  const error = Math.sqrt(spread / people);
  return { error, p: tTwoSided(gain / error, people - 1) };
}

/** One student's study, by its seed. */
export const study = (design, seed) => ({ seed, ...analysed(design, rowsOf(design, seed)) });

// ---- What is true of all of them

/** The SD of the estimate, exactly, and the root mean square of what each analysis prints. */
export function theory({ kind, people: G, rows: n, level, own }) {
  const N = G * n, within = NOISE ** 2;
  const without = level ** 2 + within / n; // variance of one person's mean
  if (kind === "who") {
    const withApp = without + own ** 2;
    const real = (without + withApp) * (2 / G);
    const left = G * (n - 1) * within + n * (G / 2 - 1) * (without + withApp);
    const printed = (left / (N - 2)) * (4 / N);
    return { real: Math.sqrt(real), rows: Math.sqrt(printed), people: Math.sqrt(real) };
  }
  const gain = own ** 2 + (4 * within) / n; // variance of what the app does for one person
  const middle = level ** 2 + own ** 2 / 4 + within / n;
  const left = G * (n - 2) * within + (G - 1) * (n * middle + (n / 4) * gain);
  const printed = (left / (N - 2)) * (4 / N);
  const real = Math.sqrt(gain / G);
  return { real, rows: Math.sqrt(printed), people: real };
}

/** The share of studies with p < .05, by each analysis: of 4,000, drawn without their rows, since
 * the sums of squares that the tests need are chi-square numbers, all independent. */
export function longRun(design) {
  const key = JSON.stringify(design);
  if (last.key === key) return last.shares;
  const { kind, people: G, rows: n, effect, level, own } = design, N = G * n;
  const draw = normals(4, 4), chi = chiSquares(5, 4), { real } = theory(design);
  let rows = 0, people = 0;
  const without = level ** 2 + NOISE ** 2 / n, withApp = without + own ** 2;
  const gain = own ** 2 + (4 * NOISE ** 2) / n, middle = level ** 2 + own ** 2 / 4 + NOISE ** 2 / n;
  const tied = own ** 2 / 2 / gain, free = Math.max(middle - tied ** 2 * gain, 0);
  for (let s = 0; s < MANY; s++) {
    const estimate = effect + real * draw();
    let between, error, df;
    if (kind === "who") {
      between = n * (without * chi(G / 2 - 1) + withApp * chi(G / 2 - 1));
      error = Math.sqrt((between / n / (G - 2)) * (4 / G));
      df = G - 2;
    } else {
      const gains = gain * chi(G - 1), z = draw();
      const middles = tied ** 2 * gains + 2 * tied * Math.sqrt(gains * free) * z
        + free * (z ** 2 + chi(G - 2));
      between = n * middles + (n / 4) * gains;
      error = Math.sqrt(gains / (G - 1) / G);
      df = G - 1;
    }
    const inside = NOISE ** 2 * chi(kind === "who" ? G * (n - 1) : G * (n - 2));
    const ofRows = Math.sqrt(((between + inside) / (N - 2)) * (4 / N));
    if (tTwoSided(estimate / ofRows, N - 2) < 0.05) rows++;
    if (tTwoSided(estimate / error, df) < 0.05) people++;
  }
  last.key = key;
  last.shares = { rows: rows / MANY, people: people / MANY };
  return last.shares;
}
const last = {};

/** A generator of chi-square numbers, by the method of Marsaglia and Tsang for gamma numbers. */
function chiSquares(seed, stream) {
  const draw = normals(seed, stream), uniform = uniforms(seed, stream + 1);
  return (df) => {
    if (df <= 0) return 0;
    if (df === 1) return draw() ** 2;
    const d = df / 2 - 1 / 3, c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const z = draw(), v = (1 + c * z) ** 3;
      if (v <= 0) continue;
      if (Math.log(uniform()) < z * z / 2 + d - d * v + d * Math.log(v)) return 2 * d * v;
    }
  };
}
