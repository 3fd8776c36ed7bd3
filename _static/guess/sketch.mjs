// A sketch: a dot in each column of a small plot. A finger or a pointer puts it there, and may draw
// through all columns at once; by keyboard each column is a slider. What came out is drawn beside it.

import { inUnits, isNear } from "./verdict.mjs";

const SVG = "http://www.w3.org/2000/svg";

function made(tag, about = {}, ...inside) {
  const node = document.createElement(tag);
  for (const name in about) node.setAttribute(name, about[name]);
  node.append(...inside);
  return node;
}

/** An empty plot: its ends at the side, the columns' names below. */
function paper(about) {
  const lines = document.createElementNS(SVG, "svg");
  lines.setAttribute("viewBox", "0 0 100 100");
  lines.setAttribute("preserveAspectRatio", "none");
  lines.setAttribute("aria-hidden", "true");
  const columns = about.dots.map(() => made("span", { class: "sketch-column" }));
  const plot = made("div", { class: "sketch-plot" }, lines, ...columns);
  const ends = [about.to, (about.from + about.to) / 2, about.from].map((end) => made("span", {}, inUnits({ ...about, step: tidy(end) }, end)));
  const names = about.dots.map((name) => made("span", {}, name));
  const node = made("div", { class: "sketch" },
    made("div", { class: "sketch-ends", "aria-hidden": "true" }, ...ends), plot,
    made("div", { class: "sketch-names", "aria-hidden": "true" }, ...names));
  return { node, plot, lines, columns };
}

const tidy = (number) => (Number.isInteger(number) ? 1 : Number(`1e-${String(number).split(".")[1].length}`));
const height = ({ from, to }, value) => Math.min(1, Math.max(0, (value - from) / (to - from)));

/** Put a dot into a column; its number stands above it, or below. */
function put(column, about, value, kind, below = false) {
  let dot = column.querySelector(`.${kind}`);
  if (!dot) {
    dot = made("span", { class: `sketch-dot ${kind}`, "aria-hidden": "true" }, made("span"));
    column.append(dot);
  }
  dot.style.insetBlockEnd = `${100 * height(about, value)}%`;
  dot.classList.toggle("below", below);
  return dot;
}

/** Join the dots of each list by a line. */
function join(lines, about, lists) {
  lines.replaceChildren();
  if (!about.curve) return;
  for (const kind in lists) {
    const line = document.createElementNS(SVG, "polyline");
    const at = (i) => (100 * (i + 0.5)) / about.dots.length;
    const known = lists[kind].map((value, i) => [i, value]).filter(([, value]) => value !== null);
    line.setAttribute("points", known.map(([i, value]) => `${at(i)},${100 * (1 - height(about, value))}`).join(" "));
    line.setAttribute("class", kind);
    lines.append(line);
  }
}

/** The plot that takes a guess. */
export class Sketch {
  constructor(place, about) {
    Object.assign(this, { about, place }, paper(about));
    this.inputs = about.dots.map((name, i) => {
      const { from, to, step } = about;
      const input = made("input", { type: "range", min: from, max: to, step, "aria-label": name });
      input.addEventListener("input", () => this.set(i, Number(input.value)));
      this.columns[i].append(input);
      return input;
    });
    const hint = "Put a dot into each column: tap, draw, or press Tab and the arrow keys.";
    place.append(this.node, made("p", { class: "sketch-hint" }, hint));
    let held = false;
    this.plot.addEventListener("pointerdown", (event) => {
      held = true;
      this.plot.setPointerCapture(event.pointerId);
      this.pull(event, true);
      event.preventDefault(); // no text is marked
    });
    this.plot.addEventListener("pointermove", (event) => held && this.pull(event));
    for (const end of ["pointerup", "pointercancel"]) this.plot.addEventListener(end, () => (held = false));
    this.reset();
  }

  reset() {
    this.values = this.about.dots.map(() => null);
    for (const input of this.inputs) {
      input.value = (this.about.from + this.about.to) / 2;
      input.setAttribute("aria-valuetext", "no dot yet");
    }
    this.draw();
  }

  pull(event, begins = false) {
    const box = this.plot.getBoundingClientRect(), { from, to, step } = this.about;
    const across = (event.clientX - box.left) / box.width;
    const i = Math.min(Math.max(Math.floor(across * this.inputs.length), 0), this.inputs.length - 1);
    const up = Math.min(Math.max((box.bottom - event.clientY) / box.height, 0), 1);
    const value = from + Math.round((up * (to - from)) / step) * step;
    this.inputs[i].value = value;
    if (begins) this.inputs[i].focus({ preventScroll: true });
    this.set(i, Number(this.inputs[i].value));
  }

  set(i, value) {
    this.values[i] = value;
    this.inputs[i].setAttribute("aria-valuetext", inUnits(this.about, value));
    this.draw();
  }

  draw() {
    this.columns.forEach((column, i) => {
      const value = this.values[i];
      const dot = put(column, this.about, value ?? (this.about.from + this.about.to) / 2, "mine");
      dot.classList.toggle("unset", value === null);
      dot.firstChild.textContent = value === null ? "?" : inUnits(this.about, value);
    });
    join(this.lines, this.about, { mine: this.values });
  }

  answer() {
    return this.values.includes(null) ? null : this.values;
  }

  focus() {
    this.inputs[Math.max(this.values.indexOf(null), 0)].focus();
  }
}

/** Her dots and the truth's in one plot, for the eye: the words beside it say the same. */
export function sketched(about, said) {
  const { node, columns, lines } = paper(about);
  columns.forEach((column, i) => {
    const low = said[i] < about.right[i]; // the upper of two numbers stands above its dot
    put(column, about, said[i], "mine", low).firstChild.textContent = inUnits(about, said[i]);
    put(column, about, about.right[i], "truth", !low).firstChild.textContent = inUnits(about, about.right[i]);
    column.classList.toggle("near", isNear(about, said[i], i));
  });
  join(lines, about, { mine: said, truth: about.right });
  node.setAttribute("aria-hidden", "true");
  const key = made("p", { class: "sketch-key", "aria-hidden": "true" },
    made("span", { class: "mine" }, "you"), made("span", { class: "truth" }, "it is"));
  return [node, key];
}
