// What theory says of a study, at once: the closed forms of `helpers.live.explorer.closed_forms`,
// where each is explained. One predictor; x is normal, or says in which arm somebody is.

import { falseAlarmRate } from "../studies.mjs";
import { integral, logGamma, normalBelow, normalQuantile, tCritical } from "../statistics.mjs";

const CRITICAL_Z = normalQuantile(0.975);
const MANY = 20; // people, or rows beyond each one's first, from which forms for many hold
const LINES = ["ols", "cluster_robust", "cluster_robust_cr2"]; // all have the same estimate

/** How often a test at 5% rejects a true null whose error it prints so many times too large. */
const alarmsAt = (ratio) => 2 * normalBelow(-CRITICAL_Z * ratio);

/** Chance that a non-central t variable lies below t: over the chi variable in its denominator. */
function nonCentralBelow(t, df, shift) {
  const log = (df / 2) * Math.log(df / 2) - logGamma(df / 2) + Math.LN2;
  const product = (s) =>
    s === 0 ? 0 : normalBelow(t * s - shift) * Math.exp(log + (df - 1) * Math.log(s) - (df * s * s) / 2);
  const far = 9 / Math.sqrt(2 * df), low = Math.max(0, 1 - far);
  return integral(product, low, 1) + integral(product, 1, 1 + far);
}

/** Share of two-sided t-tests that find an effect. */
export function tTestPower(effect, variance, df) {
  const shift = Math.abs(effect) / Math.sqrt(variance), limit = tCritical(df);
  return 1 - nonCentralBelow(limit, df, shift) + nonCentralBelow(-limit, df, shift);
}

/** SD of people's own effects, where they can have one. */
export const slopeSd = (state) => (oneValueEach(state) ? 0 : state.effect_sd);
/** Whether x is the same in all rows of a person. */
export const oneValueEach = ({ arms, share }) => arms !== "0" || share === 1;

export function closedForms(state) {
  const { people, share, drift, arms } = state;
  const floor = slopeSd(state) / Math.sqrt(people);
  if (drift) return { floor, strategies: {} };
  if (arms !== "0") return { floor, strategies: ofArms(state) };
  return { floor, strategies: share ? ofSharedValues(state) : ofNewValues(state) };
}

function ofArms({ people, rows, effect, level_sd, noise_sd, arms }) {
  const size = (arm) => Math.floor((people - 1 - arm) / arms) + 1; // assigned in turn
  const variance = (level_sd ** 2 + noise_sd ** 2 / rows) * (1 / size(0) + 1 / size(1));
  const real = Math.sqrt(variance), told = {};
  for (const name of LINES) told[name] = { real };
  const t = { real, printed: real, power: tTestPower(effect, variance, people - Number(arms)) };
  told[rows > 1 ? "random_intercept" : "ols"] = t; // of one row each no model can tell levels
  return told;
}

function ofSharedValues(state) {
  const { people: G, rows: n, share, level_sd, noise_sd } = state, slope = slopeSd(state);
  if (share === 1) return ofOneValueEach(G, n, level_sd, noise_sd);
  if (G < MANY) return {};
  const c = 1 + (n - 1) * share ** 2, d = 1 + (n - 1) * share;
  const inside = slope ** 2 * (1 + (2 * c) / n) + (level_sd ** 2 * d) / n + noise_sd ** 2 / n;
  const real = Math.sqrt(inside / G);
  const printed = Math.sqrt((noise_sd ** 2 + level_sd ** 2 + slope ** 2) / (G * n));
  const told = {};
  for (const name of LINES) told[name] = { real };
  Object.assign(told.ols, { printed, alarms: alarmsAt(printed / real) });
  return told;
}

/** Exact; errors have no variance with three people or fewer. */
function ofOneValueEach(G, n, level, noise) {
  const told = { ols: { alarms: falseAlarmRate(G, n, level ** 2 / (level ** 2 + noise ** 2)) } };
  if (G <= 3) return told;
  const real = Math.sqrt((level ** 2 + noise ** 2 / n) / (G - 3));
  const squares = (G - 2) * (n * level ** 2 + noise ** 2) + G * (n - 1) * noise ** 2;
  told.ols.printed = Math.sqrt(squares / ((G * n - 2) * n * (G - 3)));
  for (const name of LINES) told[name] = { ...told[name], real };
  return told;
}

function ofNewValues(state) {
  const { people: G, rows: n, effect, effect_sd: slope } = state, told = {};
  if (G * n > 3) {
    const { real, printed } = pooled(state);
    for (const name of LINES) told[name] = { real };
    Object.assign(told.ols, { printed, alarms: alarmsAt(printed / real) });
  }
  if (n > 1) told.random_intercept = randomIntercept(state);
  if (n > 3) {
    const variance = (slope ** 2 + state.noise_sd ** 2 / (n - 3)) / G, real = Math.sqrt(variance);
    told.two_stage = { real, printed: real };
    if (n > 7) told.two_stage.power = tTestPower(effect, variance, G - 1);
  }
  return told;
}

/** Both exact, the letters those of helpers.theory.pooled_ols. */
function pooled({ people: G, rows: n, level_sd: level, effect_sd: slope, noise_sd: noise }) {
  const v = G * n - 1, r = v - 2, h = (n * (G - 1)) / v;
  const trace = n - 1 / G, square = n - 1 + (1 - 1 / G) ** 2;
  const diagonal = (2 * square + trace ** 2) / (v * (v + 2));
  const B = (v * square - trace ** 2) / (v * (v + 2) * (v - 1)), A = diagonal - B;
  const common = (noise ** 2 + level ** 2 * h) / r;
  const real = common + slope ** 2 * (G * (A + (B * (v - 2)) / r) + h / (G * n * r));
  const d = (v - 2) * (1 - h / (G * n) - G * (A + B)) + (1 - 1 / G) * (1 - 1 / v);
  const printed = common + (slope ** 2 * d) / (r * (v - 1));
  return { real: Math.sqrt(real), printed: Math.sqrt(printed) };
}

/** For many people, the letters those of helpers.theory.random_intercept. */
function randomIntercept({ people: G, rows: n, level_sd: level, effect_sd: slope, noise_sd: noise }) {
  const all = noise ** 2 + slope ** 2, w = 1 / (1 + (n * level ** 2) / all);
  const m = n - 1 + w, q = n - 1 + w ** 2;
  const parts = level ** 2 * w ** 2 * n + slope ** 2 * (m ** 2 + 2 * q) + noise ** 2 * q;
  const real = Math.sqrt(parts / (G * m ** 2)), printed = Math.sqrt(all / (G * m));
  const alarms = alarmsAt(printed / real);
  return G * (n - 1) < MANY ? { alarms } : { real, printed, alarms };
}
