// A slider over listed values, such as 5, 10, 20, 50: the state holds the value, not its place.

import { element } from "./controls.mjs";

export function stops(label, values, { start, shown = String }) {
  const read = (text) => {
    const asked = Number(text);
    if (text.trim() === "" || !Number.isFinite(asked)) return undefined;
    const off = values.map((value) => Math.abs(value - asked));
    return values[off.indexOf(Math.min(...off))];
  };
  const build = (moved) => {
    const input = element("input", { type: "range", min: 0, max: values.length - 1, step: 1 });
    const value = element("span", { class: "play-value", "aria-hidden": "true" });
    input.addEventListener("input", () => moved(values[Number(input.value)]));
    const show = (now) => {
      input.value = values.indexOf(now);
      value.textContent = shown(now);
      input.setAttribute("aria-valuetext", shown(now));
    };
    const words = element("span", { class: "play-label" }, label);
    return { node: element("label", { class: "play-slider" }, words, value, input), show };
  };
  return { start, read, build };
}
