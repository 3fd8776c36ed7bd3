// A number that a reader types or slides: the box takes any value between two limits and refuses
// others in words, under itself; the slider stops at handy ones.

import { element } from "../controls.mjs";

const minus = (value) => String(value).replace("-", "\u2212");

/** What the text in a box stands for, or why it stands for nothing. */
function understood(text, { min, max, whole }) {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  if (!plain) return { why: `A number from ${minus(min)} to ${minus(max)}.` };
  const value = Number(plain);
  if (!Number.isFinite(value)) return { why: `\u201c${text.trim()}\u201d is no number.` };
  if (whole && !Number.isInteger(value)) return { why: "A whole number, please." };
  if (value < min) return { why: `At least ${minus(min)}.` };
  if (value > max) return { why: `At most ${minus(max)}.` };
  return { value: Number(value.toFixed(4)) };
}

/** `note` is what stands under the control while nothing is wrong: draw() fills it. */
export function entry(label, { min, max, whole = false, start, stops }) {
  const limits = { min, max, whole };
  // from a link: what lies beyond a limit is taken to it, since there is no box to refuse it under
  const read = (text) => {
    const value = Number(text);
    if (!text.trim() || !Number.isFinite(value)) return undefined;
    const within = Math.min(Math.max(value, min), max);
    return understood(String(whole ? Math.round(within) : within), limits).value;
  };
  const build = (moved, id) => {
    const box = element("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", class: "explore-box",
      id, "aria-describedby": `${id}-note`, "data-min": min, "data-max": max,
    });
    const range = element("input", {
      type: "range", min: 0, max: stops.length - 1, step: 1, "aria-label": label,
    });
    const words = element("label", { class: "play-label", for: id }, label);
    const note = element("span", { class: "explore-note", id: `${id}-note` });
    const node = element("div", { class: "play-slider explore-entry" }, words, box, range, note);
    let now = start;

    const nearest = () => {
      const off = stops.map((stop) => Math.abs(stop - now));
      return off.indexOf(Math.min(...off));
    };
    let crossed = false, about = ""; // refused for what stands at another control; what it says else
    const write = (text, refused) => {
      node.classList.toggle("refused", refused);
      box.setAttribute("aria-invalid", String(refused));
      if (refused) note.setAttribute("role", "alert");
      else note.removeAttribute("role");
      if (note.textContent !== text) note.textContent = text;
    };
    const tell = (why = "") => write(why || about, Boolean(why) || crossed);
    box.addEventListener("input", () => {
      const { value, why } = understood(box.value, limits);
      tell(why);
      if (value !== undefined) moved(value);
    });
    box.addEventListener("change", () => {
      if (!node.classList.contains("refused")) box.value = minus(now);
    });
    box.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      const beyond = way > 0 ? stops.find((stop) => stop > now) : stops.findLast((stop) => stop < now);
      if (beyond === undefined) return;
      box.value = minus(beyond);
      tell();
      moved(beyond);
    });
    range.addEventListener("input", () => {
      const value = stops[Number(range.value)];
      box.value = minus(value);
      tell();
      moved(value);
    });
    const show = (value) => {
      const typed = understood(box.value, limits).value;
      now = value;
      range.value = nearest();
      range.setAttribute("aria-valuetext", minus(value));
      // what is being typed is left alone, and what was refused stays to be mended
      if (typed !== value && !(node.classList.contains("refused") && box === document.activeElement)) {
        box.value = minus(value);
        tell();
      }
    };
    node.say = (text, refused = false) => {
      const own = node.classList.contains("refused") && !crossed;
      [about, crossed] = [text, refused];
      if (refused || !own) write(text, refused);
    };
    return { node, show };
  };
  return { start, read, build, min, max };
}
