// Controls: what a reader moves. Each is described by a small record, says how it is read from a
// link, and builds a labelled part of the page that tells `moved(value)` when she moves it.

export function element(tag, attributes = {}, ...inside) {
  const node = document.createElement(tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  node.append(...inside);
  return node;
}

/** A number on a line. `shown` says it in words, for the eye and for screen readers alike. */
export function slider(label, { min, max, step, start, shown = String }) {
  const read = (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) return undefined;
    const near = min + Math.round((Math.min(Math.max(value, min), max) - min) / step) * step;
    return Number(near.toFixed(10));
  };
  const build = (moved) => {
    const input = element("input", { type: "range", min, max, step });
    const value = element("span", { class: "play-value", "aria-hidden": "true" });
    input.addEventListener("input", () => moved(read(input.value)));
    const show = (now) => {
      input.value = now;
      value.textContent = shown(now);
      input.setAttribute("aria-valuetext", shown(now));
    };
    const words = element("span", { class: "play-label" }, label);
    return { node: element("label", { class: "play-slider" }, words, value, input), show };
  };
  return { start, read, build };
}

/** One of a few: `options` holds the words of each by its short name, which stands in links. */
export function choice(label, options, start) {
  const read = (text) => (Object.hasOwn(options, text) ? text : undefined);
  const build = (moved, group) => {
    const inputs = Object.keys(options).map((value) =>
      element("input", { type: "radio", name: group, value }),
    );
    const node = element("fieldset", { class: "play-choice" }, element("legend", {}, label));
    for (const input of inputs) {
      input.addEventListener("change", () => moved(input.value));
      node.append(element("label", {}, input, element("span", {}, options[input.value])));
    }
    const show = (now) => inputs.forEach((input) => (input.checked = input.value === now));
    return { node, show };
  };
  return { start, read, build };
}

/** Yes or no. */
export function tick(label, start) {
  const read = (text) => ({ yes: true, no: false, true: true, false: false })[text];
  const build = (moved) => {
    const input = element("input", { type: "checkbox" });
    input.addEventListener("change", () => moved(input.checked));
    const node = element("label", { class: "play-tick" }, input, element("span", {}, label));
    return { node, show: (now) => (input.checked = now) };
  };
  return { start, read, build };
}

/** A number that has no control of its own: buttons or a drag move it, and links keep it. */
export function kept(start, { min, max, digits = 0 }) {
  const read = (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) return undefined;
    return Number(Math.min(Math.max(value, min), max).toFixed(digits));
  };
  return { start, read };
}
