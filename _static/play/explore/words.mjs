// What the explorer says of a study, in sentences, and what it advises.

import { many, percent, share } from "../drawing.mjs";
import { LABELS } from "../strategies.mjs"; // written at build, by _ext/play.py
import { oneValueEach, slopeSd } from "./forms.mjs";
import { WOLF, known, wild } from "./picture.mjs";

// in the order in which one is named of those that do equally well
const ORDER = [
  "multilevel", "random_intercept", "two_stage", "cluster_robust_cr2", "cluster_robust",
  "uncorrelated", "fixed_effects", "ols",
];
// as a sentence calls them, where their labels would not do
const SHORT = {
  multilevel: "the multilevel model", random_intercept: "the random intercept",
  cluster_robust_cr2: "CR2", cluster_robust: "CR1",
  uncorrelated: "the multilevel model without correlations",
};
const called = (name) => SHORT[name] ?? LABELS[name][0].toLowerCase() + LABELS[name].slice(1);
const off = (value) => share(value, value < 0.0995 ? 3 : 2);
const size = (value) => share(value, Math.abs(value) < 0.0995 ? 3 : 2).replace(/\.?0+$/, "") || "0";
const rate = (value) => percent(value, value < 0.0995 ? 1 : 0);
const capital = (words) => words[0].toUpperCase() + words.slice(1);
const list = (words) => words.join(", ").replace(/, ([^,]*)$/, " and $1");

export function says(state, found) {
  if (found.refused) return found.refused;
  return found.run ? ofRun(state, found) : beforeIt(state, found);
}

/** Before anything is run: what theory and the stored universe know. */
function beforeIt(state, found) {
  const worst = ["random_intercept", "ols"].find((name) => known(found, name, "alarms"));
  const told = [], from = new Set();
  if (worst) {
    const alarms = known(found, worst, "alarms");
    from.add(alarms.from);
    const cries = wild(alarms) ? "would cry wolf" : "would find what is not there";
    told.push(`${capital(called(worst))} ${cries} in ${rate(alarms.value)} of studies`);
  }
  const finder = ["multilevel", "two_stage", "random_intercept", "ols"].find((name) => known(found, name, "power"));
  if (finder && state.effect) {
    const power = known(found, finder, "power");
    from.add(power.from);
    told.push(`${called(finder)} would find your effect of ${size(state.effect)} in ${rate(power.value)}`);
  }
  const source = sources(found, from);
  if (!told.length) return `${source} Run it, and your own study is simulated ${many(4000)} times.`;
  return `${capital(list(told))}. ${source} Run it for all strategies, and for your own study.`;
}

/** Where the numbers that were said come from, and what else is drawn. */
function sources({ theory, stored }, from) {
  const near = stored && `the nearest of 294 stored designs (${stored.people} people, ${stored.rows} rows, SD ${size(stored.sd)})`;
  if (!near) return Object.keys(theory).length ? "So says theory; the stored universe has no such study." : "Neither theory nor the stored universe knows of such a study.";
  if (from.has("stored")) return `So ${from.has("theory") ? "say theory and" : "says"} ${near}, which has three predictors.`;
  return `${from.size ? "So says theory. " : ""}Squares show ${near}, which has three predictors.`;
}

/** The strategies whose tests keep their promise, the one that finds most at an honest 5% first:
 * a test that rejects a little too often finds more by that alone. */
export function honest(found) {
  return found.labels
    .map(({ name }) => {
      const [alarms, power, adjusted] = ["alarms", "power", "adjusted"].map((one) => known(found, name, one));
      return { name, alarms, power, finds: adjusted ?? power };
    })
    .filter(({ alarms }) => alarms && !wild(alarms))
    .sort((one, other) => other.finds.value - one.finds.value);
}

/** After a run, or in the middle of one. */
function ofRun(state, found) {
  const { done, of } = found.run;
  const lead = done < of ? `After ${many(done)} of ${many(of)} studies: ` : "";
  const able = honest(found);
  if (!able.length) return capital(lead + noneHonest(found));
  const most = able[0].finds, near = (one) => 2 * Math.hypot(one.finds.mc, most.mc);
  const [best, ...level] = able
    .filter((one) => most.value - one.finds.value < near(one))
    .sort((one, other) => ORDER.indexOf(one.name) - ORDER.indexOf(other.name));
  const power = best.power.value;
  const same = level.length ? ` (${list(level.map(({ name }) => called(name)))} ${level.length > 1 ? "do" : "does"} as well at an honest 5%)` : "";
  const told = [];
  if (state.effect === 0) {
    told.push(`with an effect of zero all that is found is a false alarm, and ${called(best.name)} raises one in ${rate(best.alarms.value)} of studies`);
  } else {
    told.push(`use ${called(best.name)}${same}: its false alarms are ${rate(best.alarms.value)}, and it finds your effect of ${size(state.effect)} in ${percent(power)} of studies`);
  }
  told.push(`${reach(state, found, best)}`);
  const flatterer = temptation(found);
  if (flatterer) told.push(flatterer);
  told.push(condition(state));
  return capital(lead + told.map((one, i) => (i ? capital(one) : one)).filter(Boolean).join(". ") + ".");
}

/** Which effect would be found four times out of five, and what would help. */
function reach(state, found, { name, power }) {
  const { least } = found.run.strategies[name], { value: real } = known(found, name, "real");
  if (least === null) return "";
  const words = `in four studies out of five it would find one of ${size(least)}`;
  if (power.value >= 0.8 || state.effect === 0) return words;
  // what more rows cannot bring down: people's own effects, or their levels where x is theirs
  const { level_sd, noise_sd, rows, drift } = state;
  const floor = oneValueEach(state)
    ? level_sd / Math.hypot(level_sd, noise_sd * Math.sqrt(ofMean(rows, drift))) : found.floor / real;
  const more = floor > 0.9 ? "; more people would help, and more rows from each hardly"
    : floor > 0.6 ? "; more people would help most" : "; more people would help, or more rows";
  return words + more;
}

/** Variance of the mean of n rows, each of which keeps a part of the one before it; in that of a row. */
function ofMean(n, kept) {
  let sum = n;
  for (let apart = 1; apart < n; apart++) sum += 2 * (n - apart) * kept ** apart;
  return sum / n ** 2;
}

/** Of those who cry wolf, the one that prints the smallest part of its error. */
function temptation(found) {
  const tempting = found.labels
    .map(({ name }) => ({ name, ...found.run.strategies[name] }))
    .filter((one) => one.alarms !== undefined && one.alarms - 2 * one.alarms_mc > WOLF && one.real)
    .sort((one, other) => one.printed / one.real - other.printed / other.real)[0];
  if (!tempting) return "";
  if (tempting.printed > 0.95 * tempting.real) {
    return `${called(tempting.name)} prints the right error on average and still cries wolf in ${rate(tempting.alarms)}: it takes so few people for more than they are`;
  }
  return `${called(tempting.name)} prints an error of ${off(tempting.printed)} where it is ${off(tempting.real)}, and cries wolf in ${rate(tempting.alarms)}`;
}

function noneHonest(found) {
  const closest = found.labels
    .map(({ name }) => ({ name, alarms: known(found, name, "alarms") }))
    .filter(({ alarms }) => alarms)
    .sort((one, other) => one.alarms.value - other.alarms.value)[0];
  return `no strategy keeps its promise of 5% in this study; ${called(closest.name)} comes closest, with ${rate(closest.alarms.value)}. Ask more people.`;
}

/** What the advice rests on. */
function condition(state) {
  const varies = slopeSd(state);
  const parts = [];
  if (varies) parts.push(`people\u2019s effects vary by about ${size(varies)}`);
  else if (state.arms === "0" && state.share < 1) parts.push("everybody has the same effect");
  else parts.push(`people\u2019s levels vary by about ${size(state.level_sd)}`);
  parts.push(state.drift ? `a row keeps ${size(state.drift)} of the row before it` : "a row keeps nothing of the row before it");
  return `this holds if ${list(parts)}`;
}
