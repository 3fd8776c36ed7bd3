// Which sections of the book answer a query best. No page is touched here: the search page shows
// what comes out, and the tests ask it in a browser.

const WORD = /[\p{L}\p{N}]+(?:[-'’.][\p{L}\p{N}]+)*/gu;

// "df" must not meet ".pdf", so whole words are compared; a plural meets its singular.
const stem = (word) =>
  word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;

export const words = (text) => (text.toLowerCase().match(WORD) ?? []).flatMap((word) => {
  const parts = word.split(/[-'’.]/);
  return parts.length > 1 ? [stem(word), ...parts.map(stem)] : [stem(word)];
});

// A question is asked in more words than it is about: these do not count where others do.
const LIGHT = new Set("a an and are can do does for how i in is it me my need of on only or should the this to what when where which who why with you".split(" ").map(stem));
const heavy = (asked) => (asked.some((word) => !LIGHT.has(word)) ? asked.filter((word) => !LIGHT.has(word)) : asked);

const phrase = (text) => ` ${(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(stem).join(" ")} `;

// Read once: how often each word stands in each section.
export function prepared(index) {
  const sections = index.sections.map(([page, anchor, heading, text, weight, terms, names]) => {
    const counts = new Map();
    for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return {
      page: index.pages[page], anchor, heading, text, counts, terms,
      weight: weight * index.pages[page][2],
      names: (names ?? []).map(phrase),
      title: new Set(words(heading)), phrase: phrase(heading), said: phrase(text),
      length: text.length / 6 + 30,
    };
  });
  const places = new Map();
  for (const section of sections)
    for (const word of new Set([...section.counts.keys(), ...section.title]))
      places.set(word, (places.get(word) ?? 0) + 1);
  return { sections, places };
}

export function found({ sections, places }, query) {
  query = query.replace(/^\s*what do(?:es)? (.+?) mean\b.*$/i, "$1");
  const asked = heavy([...new Set((query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(stem))]);
  if (!asked.length) return [];
  const wholes = [...new Set([phrase(query), phrase(asked.join(" "))])];
  const are = (names) => wholes.some((whole) => names.includes(whole));
  const within = (text) => wholes.some((whole) => whole.trim().includes(" ") && text.includes(whole));
  const rare = new Map(asked.map((word) => [word, Math.log(1 + sections.length / (1 + (places.get(word) ?? 0)))]));
  // A section that leads to the glossary for a word is where a chapter brings it up.
  const terms = new Set(sections.filter((one) => are(one.names)).map((one) => one.anchor));
  const scored = [];
  for (const section of sections) {
    const named = are(section.names);
    let score = 0, met = 0;
    for (const word of asked) {
      const often = section.counts.get(word) ?? 0, headed = section.title.has(word);
      met += often > 0 || headed;
      score += rare.get(word) * (often / (often + 0.6 + section.length / 250) + 1.6 * headed);
    }
    if (within(section.phrase)) score += 8;
    if (within(section.said)) score += 3;
    if (wholes.includes(section.phrase)) score += 6;
    if (section.terms.some((term) => terms.has(term))) score = 2 * score + 1;
    score *= section.weight * (met / asked.length) ** 2;
    if (named) score += 1000;  // a term of the glossary: what it is, before all that uses it
    if (score > 0) scored.push({ ...section, score, all: met === asked.length });
  }
  scored.sort((one, other) => other.score - one.score);
  const complete = scored.filter((section) => section.all || section.score > 999);
  return complete.length ? complete : scored;
}

// The words around the first place where the query is met, as [text, is it met] pieces.
export function snippet(section, query, length = 220) {
  const asked = heavy((query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(stem));
  if (!asked.length) return [[section.text.slice(0, length), false]];
  const start = asked.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const meets = new RegExp(`(?<![\\p{L}\\p{N}])(?:${start.join("|")})s?(?![\\p{L}\\p{N}])`, "giu");
  const first = section.text.search(meets);
  let from = Math.max(0, first - length / 3);
  if (from > 0) from = section.text.indexOf(" ", from) + 1;
  let text = section.text.slice(from, from + length);
  if (from + length < section.text.length) text = `${text.slice(0, text.lastIndexOf(" "))} …`;
  if (from > 0) text = `… ${text}`;
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(meets)) {
    pieces.push([text.slice(at, match.index), false], [match[0], true]);
    at = match.index + match[0].length;
  }
  return [...pieces, [text.slice(at), false]].filter(([piece]) => piece);
}
