// What a student hands in: eleven letters that carry the design, the seed and the estimate, and two
// of which are there to notice mistakes. Letters that look alike are not used (no I, L, O, U).
//
// The first nine letters are a number in base 32, the last two that number modulo 1021. 1021 is
// prime, so one wrong letter among the nine always changes the remainder, and so do two neighbours
// that have changed places.

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PRIME = 1021;
const HALF = 2 ** 14; // the estimate times 100, moved up so that it is never negative

export const MOST_SEEDS = 2 ** 20;
const CODE = /(?<![0-9A-Za-z])([0-9A-Za-z]{4})[- ]?([0-9A-Za-z]{4})[- ]?([0-9A-Za-z]{3})(?![0-9A-Za-z])/;

const digits = (value, length) => {
  let text = "";
  for (let k = 0; k < length; k++) {
    text = LETTERS[value % 32] + text;
    value = Math.floor(value / 32);
  }
  return text;
};
const value = (text) => [...text].reduce((sum, letter) => sum * 32 + LETTERS.indexOf(letter), 0);

/** Ten bits that tell one design from another (the hash of Fowler, Noll and Vo). */
export function mark({ kind, people, rows, effect, level, own }) {
  let hash = 0x811c9dc5;
  for (const letter of [kind, people, rows, effect, level, own].join(" ")) {
    hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  }
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & 1023;
}

const hundredths = (estimate) =>
  Math.min(Math.max(Math.round(estimate * 100), -HALF), HALF - 1) + HALF;

export function encode(design, seed, estimate) {
  const body = digits(mark(design), 2) + digits(seed, 4) + digits(hundredths(estimate), 3);
  const all = body + digits(value(body) % PRIME, 2);
  return `${all.slice(0, 4)}-${all.slice(4, 8)}-${all.slice(8)}`;
}

/** What a line says: { seed, estimate, mark } of a code, { wrong } where it is mistyped, { estimate }
 * of a plain number, or null where there is nothing of either kind. */
export function decode(line) {
  const plain = number(line);
  if (plain !== null) return { estimate: plain };
  const found = CODE.exec(line);
  if (!found) return null;
  const text = found.slice(1).join("").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  if (![...text].every((letter) => LETTERS.includes(letter))) return { wrong: found[0] };
  const body = text.slice(0, 9);
  if (value(body) % PRIME !== value(text.slice(9))) return { wrong: found[0] };
  return {
    mark: value(body.slice(0, 2)),
    seed: value(body.slice(2, 6)),
    estimate: (value(body.slice(6)) - HALF) / 100,
    code: `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`,
  };
}

/** A line that is a number and nothing else, however its minus and its decimals are written. */
function number(line) {
  const text = line.trim().replace(/\u2212|\u2013/g, "-").replace(",", ".");
  return /^[-+]?(\d{1,3}(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : null;
}
