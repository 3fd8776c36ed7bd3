// The stored design nearest to the reader's, of 294 that `make universe` simulated. They have three
// slopes, x new in each row, and one SD for levels and effects alike, in units of the noise.

import { oneValueEach } from "./forms.mjs";

const closest = (values, wanted, shift = 0) => {
  const off = values.map((value) => Math.abs(Math.log((value + shift) / (wanted + shift))));
  return off.indexOf(Math.min(...off));
};

const FEWEST = 4; // rows: with less, what it knows of five is too far away

/** What it says of each strategy; null where the universe has nothing like the reader's study. */
export function nearest(state, data) {
  const { people, rows, effect, effect_sd, noise_sd } = state;
  if (oneValueEach(state) || state.share || state.drift || rows < FEWEST) return null;
  const at = {
    people: closest(data.people, people),
    rows: closest(data.rows, rows),
    sd: closest(data.sds, effect_sd / noise_sd, 0.05),
  };
  const cell = (at.people * data.rows.length + at.rows) * data.sds.length + at.sd;
  const found = {};
  // it knows the power of one effect only
  const same = Math.abs(Math.abs(effect) / noise_sd - data.effect) < 0.01;
  for (const { name } of data.strategies) {
    const { alarms, power, adjusted, real, printed } = data.cells[name];
    found[name] = { alarms: alarms[cell] / data.studies };
    if (same) {
      found[name].power = power[cell] / data.studies;
      found[name].adjusted = adjusted[cell] / data.studies;
    }
    if (real[cell] !== null) {
      found[name].real = (real[cell] / data.unit) * noise_sd;
      found[name].printed = (printed[cell] / data.unit) * noise_sd;
    }
  }
  return {
    people: data.people[at.people], rows: data.rows[at.rows], sd: data.sds[at.sd], strategies: found,
  };
}
