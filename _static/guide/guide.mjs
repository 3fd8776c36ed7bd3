// The guide, asked question by question. The page holds all questions and answers; this script shows
// one question at a time, keeps what was said in the link (#said=nnyn) and shows where it led.

import { copyLink } from "../play/copy.mjs";

const guide = document.querySelector(".guide");
const steps = [...guide.querySelectorAll(":scope > .guide-step")];
const goesOn = step => step.querySelector(".guide-goes-on") !== null;
const question = step => step.querySelector(".guide-question").textContent.trim();
const heading = step => step.querySelector(".guide-answer strong").textContent.trim();

const SPLIT = steps.findIndex(goesOn);
// Once x is split it is the deviation that is asked about, and that is never one value a cluster.
const NOT_AFTER_SPLIT = 5;

let said = read();

function read() {
  const found = /^#said=([yn]*)$/.exec(location.hash);
  return found ? found[1].slice(0, steps.length - 1) : "";
}

// Where the answers so far lead: the questions that were met, and whether the last is an answer.
function walk(answers) {
  const met = [];
  let number = 0, used = 0, split = false;
  for (; number < steps.length - 1; number++) {
    if (split && number === NOT_AFTER_SPLIT) continue;
    if (used === answers.length) return { met, next: number, split };
    const yes = answers[used++] === "y";
    met.push({ number, yes });
    if (yes && number === SPLIT) split = true;
    else if (yes) return { met, answer: number, split, used };
  }
  return { met, answer: steps.length - 1, split, used };
}

const controls = guide.querySelector(".guide-controls");
guide.classList.add("guide-asks");
const part = name => controls.querySelector(name);

function show(speak) {
  const { met, next, answer, split } = walk(said);
  const trail = part(".guide-trail");
  trail.replaceChildren(...met.map(({ number, yes }, place) => {
    const item = document.createElement("li"), change = document.createElement("button");
    change.type = "button";
    change.textContent = yes ? "yes" : "no";
    change.title = "Ask me this again";
    change.setAttribute("aria-label", `You said ${change.textContent}. Ask me this again.`);
    change.addEventListener("click", () => { set(said.slice(0, place), true); });
    item.append(question(steps[number]).replace(/^\d+\.\s*/, "") + " ", change);
    return item;
  }));
  const asked = next !== undefined;
  part(".guide-now").hidden = !asked;
  if (asked) part(".guide-asked").textContent = question(steps[next]).replace(/^\d+\.\s*/, "");
  steps.forEach((step, number) => {
    const splitting = split && number === SPLIT;
    step.classList.toggle("guide-shown", number === answer || splitting);
  });
  guide.classList.toggle("guide-split", split);
  part('[data-does="back"]').disabled = part('[data-does="anew"]').disabled = said === "";
  if (speak) {
    part("[role=status]").textContent = asked
      ? `Next question: ${part(".guide-asked").textContent}`
      : `The answer: ${split ? heading(steps[SPLIT]) + " Then: " : ""}${heading(steps[answer])}`;
  }
}

function set(answers, focus) {
  said = answers.slice(0, walk(answers).used ?? answers.length);
  history.replaceState(null, "", said ? `#said=${said}` : location.pathname + location.search);
  show(true);
  if (focus && !part(".guide-now").hidden) part(".guide-buttons button").focus();
}

const does = {
  back: () => set(said.slice(0, -1), true),
  anew: () => set("", true),
  link: button => copyLink(button, location.hash),
  all: button => {
    const all = guide.classList.toggle("guide-all");
    button.setAttribute("aria-pressed", String(all));
  },
};
controls.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button?.dataset.says) set(said + button.dataset.says, true);
  if (button?.dataset.does) does[button.dataset.does](button);
});
addEventListener("hashchange", () => { if (location.hash.startsWith("#said")) { said = read(); show(true); } });
show(false);
