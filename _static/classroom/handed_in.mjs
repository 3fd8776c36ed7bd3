// The studies that a class has handed in, shared by the box where they are pasted and the picture;
// and what the playthings tell the page when they have something new.

import { decode, mark } from "./code.mjs";
import { study } from "./study.mjs";

/** Tells of "class" (the teacher has another design), "study" (a student has another study, with this
 * code) and "copied" (what came of copying it). */
export const news = new EventTarget();
export const tell = (kind, detail) => news.dispatchEvent(new CustomEvent(kind, { detail }));

let lines = [];
export const hand = (text) => (lines = text.split(/\r?\n/));

const checked = new Map(); // studies are drawn once, however often the picture is

/** The studies on the lines that belong to a design, and what is wrong with the others. */
export function collected(design) {
  const studies = [], problems = [], seen = new Map(), mine = mark(design);
  const key = JSON.stringify(design);
  lines.forEach((line, k) => {
    if (!line.trim()) return;
    const where = `Line ${k + 1}`, said = decode(line);
    if (!said) problems.push(`${where} holds neither a code nor a number.`);
    else if (said.wrong) problems.push(`${where}: ${said.wrong} has a wrong letter somewhere.`);
    else if (said.seed === undefined) studies.push({ estimate: said.estimate, plain: true });
    else if (said.mark !== mine) problems.push(`${where}: ${said.code} belongs to another design.`);
    else if (seen.has(said.seed)) {
      problems.push(`${where} is the study of line ${seen.get(said.seed)} again: counted once.`);
    } else {
      const name = `${key} ${said.seed}`;
      if (!checked.has(name)) checked.set(name, study(design, said.seed));
      const drawn = checked.get(name);
      if (Math.abs(drawn.estimate - said.estimate) > 0.0051) {
        problems.push(`${where}: the estimate in ${said.code} is not the one of its study.`);
      } else {
        seen.set(said.seed, k + 1);
        studies.push(drawn);
      }
    }
  });
  return { studies, problems };
}
