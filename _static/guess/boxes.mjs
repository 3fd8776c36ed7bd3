// "Before you run it": a box takes a guess, and what came out stays veiled until there is one, or
// until the reader wants to see it. The veil is a closed <details>, so that it hides from everyone
// alike, opens without this script, and opens for a link or a search that leads into it.

import { change, kept } from "./store.mjs";
import { Sketch, sketched } from "./sketch.mjs";
import { inUnits, inWords, isRight, nearOnes, told } from "./verdict.mjs";

class Box {
  constructor(form) {
    this.form = form;
    this.about = JSON.parse(form.dataset.guess);
    this.key = form.dataset.key;
    this.veil = document.getElementById(form.dataset.veil);
    this.asked = form.querySelector(".guess-asked");
    this.said = form.querySelector(".guess-said");
    this.again = form.querySelector(".guess-again");
    this.judge = form.querySelector(".guess-judge");
    const paper = form.querySelector(".guess-paper");
    this.sketch = paper && new Sketch(paper, this.about);
    this.line = form.querySelector(".guess-line input");
    form.addEventListener("submit", (event) => this.give(event));
    this.again.addEventListener("click", () => this.askAgain());
    this.judge?.addEventListener("click", (event) => this.judged(event));
    this.line?.addEventListener("input", () => this.moved());
    this.veil?.addEventListener("toggle", () => this.looked());
    this.show();
  }

  get record() {
    return kept("guesses")[this.key];
  }

  note(record) {
    change("guesses", (all) => {
      if (record) all[this.key] = { ...record, when: new Date().toISOString().slice(0, 16) };
      else delete all[this.key];
    });
    this.show();
  }

  // As the page should look for what is known of this box.
  show() {
    const record = this.record;
    const done = Boolean(record) || showsAll();
    this.asked.hidden = done;
    this.again.hidden = !record;
    if (this.judge) this.judge.hidden = !(record && !record.shown && record.right === null);
    this.say(!record ? "" : record.shown ? "You looked without a guess." : told(this.about, record));
    if (this.veil && done) this.veil.open = true;
    this.marks(record);
  }

  say(words) {
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  // Her mark and the truth's on the line, for the eye: the words beside it say the same.
  marks(record) {
    if (this.sketch) {
      const place = this.form.querySelector(".guess-sketched");
      place.hidden = !record || record.shown;
      place.replaceChildren(...(place.hidden ? [] : sketched(this.about, record.said)));
      return;
    }
    const drawn = this.form.querySelector(".guess-marks");
    if (!drawn) return;
    drawn.hidden = !record || record.shown;
    if (drawn.hidden) return;
    const { from, to, right } = this.about;
    const at = (value) => `${Math.min(100, Math.max(0, (100 * (value - from)) / (to - from)))}%`;
    drawn.querySelector(".guess-mine").style.insetInlineStart = at(record.said);
    drawn.querySelector(".guess-truth").style.insetInlineStart = at(right);
  }

  moved() {
    this.touched = true;
    const words = inUnits(this.about, Number(this.line.value));
    this.form.querySelector(".guess-value").textContent = words;
    this.line.setAttribute("aria-valuetext", words);
  }

  answer() {
    if (this.about.kind === "choice") {
      const chosen = this.form.querySelector(".guess-answers input:checked");
      return chosen ? Number(chosen.value) : null;
    }
    if (this.sketch) return this.sketch.answer();
    if (this.about.kind === "number") return this.touched ? Number(this.line.value) : null;
    return this.form.querySelector(".guess-answers input").value.trim() || null;
  }

  give(event) {
    event.preventDefault();
    const said = this.answer();
    if (said === null) {
      this.say({
        choice: "Choose an answer first.",
        number: "Move the mark along the line first.",
        sketch: "Put a dot into each column first.",
        free: "Write a few words first.",
      }[this.about.kind]);
      if (this.sketch) return void this.sketch.focus();
      this.form.querySelector(".guess-answers input").focus();
      return;
    }
    const sure = Number(this.form.querySelector(".guess-sure input:checked")?.value ?? 0);
    const text = inWords(this.about, said);
    const dots = this.sketch ? { near: nearOnes(this.about, said), of: said.length } : {};
    this.note({ said, text, sure, right: isRight(this.about, said), ...dots });
    this.announce("What came out is shown below.");
    (this.judge?.hidden === false ? this.judge.querySelector("button") : this.again)
      .focus({ preventScroll: true });
  }

  judged(event) {
    const verdict = event.target.closest("button")?.value;
    if (!verdict) return;
    this.note({ ...this.record, right: verdict === "right" });
    this.again.focus({ preventScroll: true });
  }

  askAgain() {
    this.note(null);
    this.touched = false;
    this.form.reset();
    this.sketch?.reset();
    if (this.line) this.form.querySelector(".guess-value").textContent = "";
    if (this.veil && !showsAll()) this.veil.open = false;
    this.announce("Asked again.");
    this.form.querySelector(".guess-answers input")?.focus({ preventScroll: true });
  }

  // The veil was opened by hand, by a link or by a search in the page.
  looked() {
    if (this.veil.open && !this.record && !showsAll()) this.note({ shown: true });
  }

  announce(words) {
    this.say(`${this.said.textContent} ${words}`.trim());
  }
}

function showsAll() {
  return kept("settings").showEverything === true;
}

// A link may lead to a finding, a figure, or a plaything in a setting (`#play-iid?icc=0.5`).
function openFor(hash) {
  const name = hash.slice(1).split("?")[0];
  const target = name && document.getElementById(decodeURIComponent(name));
  for (let veil = target && target.closest("details"); veil; veil = veil.parentElement.closest("details")) {
    veil.open = true;
  }
  if (target && target.closest("details")) target.scrollIntoView();
}

const boxes = [...document.querySelectorAll("form.guess")].map((form) => new Box(form));

for (const everything of document.querySelectorAll(".guess-everything input")) {
  everything.checked = showsAll();
  everything.addEventListener("change", () => {
    change("settings", (all) => { all.showEverything = everything.checked; });
    for (const box of boxes) {
      if (!everything.checked && box.veil && !box.record) box.veil.open = false;
      box.show();
    }
  });
}

openFor(location.hash);
addEventListener("hashchange", () => openFor(location.hash));
