// Studies of people who answer once or several times, and what the ordinary regression makes of
// them. Age, one value a person, has nothing to do with the answers: each p below .05 is a false
// alarm. Answers have variance 1, a share `icc` of it between people.

import { normals } from "./random.mjs";
import { betaBelow, integral, leastSquares, logGamma, sum, tCritical } from "./statistics.mjs";

export const MOST = 2000; // studies that one may draw

const luck = new Map();

/** The standard normal numbers behind one study: they stay as the icc moves. */
function luckOf(people, each, seed, study) {
  const key = `${people} ${each} ${seed}`;
  if (!luck.has(key)) {
    if (luck.size > 40) luck.clear();
    luck.set(key, []);
  }
  const kept = luck.get(key);
  while (kept.length <= study) {
    const draw = normals(seed, kept.length);
    kept.push(Float64Array.from({ length: 2 * people + people * each }, draw));
  }
  return kept[study];
}

/** The rows of one study: x (age), y (answer), person. */
export function rowsOf({ people, each, icc, seed }, study) {
  const z = luckOf(people, each, seed, study);
  const x = [], y = [], person = [];
  const between = Math.sqrt(icc), within = Math.sqrt(1 - icc);
  for (let i = 0; i < people * each; i++) {
    const who = Math.floor(i / each);
    person.push(who);
    x.push(z[who]);
    y.push(between * z[people + who] + within * z[2 * people + i]);
  }
  return { x, y, person };
}

/** The p-values of the first so many studies of a plan; only what is new is computed. */
export function pValues(plan, count) {
  const key = `${plan.people} ${plan.each} ${plan.icc} ${plan.seed}`;
  if (last.get(plan.side)?.key !== key) last.set(plan.side, { key, p: [] });
  const { p } = last.get(plan.side);
  while (p.length < count) {
    const { x, y } = rowsOf(plan, p.length);
    p.push(leastSquares(x, y).p);
  }
  return p;
}
const last = new Map();

/** How often the ordinary regression rejects at 5% in the long run: exact for any number of people
 * above two. The derivation is that of helpers.theory.cluster_level_false_alarm_rate_exact. */
export function falseAlarmRate(people, each, icc) {
  const df = people * each - 2, k = tCritical(df) ** 2 / df;
  const inner = people * (each - 1), ratio = (1 - icc) / (1 + (each - 1) * icc);
  const logBeta = logGamma(0.5) + logGamma((people - 2) / 2) - logGamma((people - 1) / 2);
  const density = (angle) =>
    2 * Math.exp((people - 3) * Math.log(Math.sin(angle)) - logBeta);
  const chance = (angle) => {
    if (inner === 0) return 1;
    const room = ((1 + k) * Math.cos(angle) ** 2 - k) / (k * ratio);
    return betaBelow(room / (1 + room), inner / 2, (people - 1) / 2);
  };
  const least = Math.max(Math.PI / 2 - 12 / Math.sqrt(people), 0);
  const widest = Math.acos(Math.sqrt(k / (1 + k)));
  // where answers are very alike the chance falls off steeply at the wide end
  const cuts = [0, 0.7, 0.95, 1].map((part) => least + part * (widest - least));
  const product = (angle) => density(angle) * chance(angle);
  return sum([0, 1, 2].map((i) => integral(product, cuts[i], cuts[i + 1])));
}

/** Of each plan the alarms among so many studies, the last of them, and what is to be expected. */
export function ofStudies(plans, drawn) {
  const told = {};
  for (const [side, plan] of Object.entries(plans)) {
    const p = pValues(plan, drawn), { x, y } = rowsOf(plan, drawn - 1);
    let alarms = 0;
    for (let i = 0; i < drawn; i++) alarms += p[i] < 0.05;
    Object.assign(told, {
      [`${side}_alarms`]: alarms,
      [`${side}_last_p`]: p[drawn - 1],
      [`${side}_x`]: x,
      [`${side}_y`]: y,
      [`${side}_expected`]: falseAlarmRate(plan.people, plan.each, plan.icc),
    });
  }
  return told;
}
