// Drawing in SVG, anew for each setting: the nodes of the last drawing are used again, and only
// attributes that differ are written, which is what keeps a slider's answer short.

const SVG = "http://www.w3.org/2000/svg";

export class Pen {
  constructor(svg) {
    this.svg = svg;
    this.drawn = [];
    this.next = 0;
  }

  /** Draw one thing after the last: a tag, its attributes (colours are classes), its words. */
  draw(tag, attributes, words) {
    let kept = this.drawn[this.next];
    if (!kept || kept.tag !== tag) {
      const node = document.createElementNS(SVG, tag);
      if (kept) this.svg.replaceChild(node, kept.node);
      else this.svg.append(node);
      kept = this.drawn[this.next] = { tag, node, attributes: {}, words: undefined };
    }
    for (const name in attributes) {
      const value = attributes[name];
      if (kept.attributes[name] !== value) kept.node.setAttribute(name, value);
    }
    for (const name in kept.attributes) {
      if (!(name in attributes)) kept.node.removeAttribute(name);
    }
    kept.attributes = attributes;
    if (kept.words !== words) kept.node.textContent = kept.words = words;
    this.next++;
  }

  /** Take away what the last drawing had beyond this one. */
  done() {
    for (const { node } of this.drawn.splice(this.next)) node.remove();
    this.next = 0;
  }

  line(x1, y1, x2, y2, kind) {
    this.draw("path", { class: `line ${kind}`, d: `M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}` });
  }

  path(points, kind) {
    const d = points.map(([x, y], i) => `${i ? "L" : "M"}${at(x)} ${at(y)}`).join("");
    this.draw("path", { class: `line ${kind}`, d });
  }

  dot(x, y, r, kind) {
    this.draw("circle", { class: `dot ${kind}`, cx: at(x), cy: at(y), r: at(r) });
  }

  box(x, y, width, height, kind) {
    const size = { x: at(x), y: at(y), width: at(Math.max(width, 0)) };
    this.draw("rect", { class: `box ${kind}`, ...size, height: at(Math.max(height, 0)) });
  }

  /** Words; `anchor` says which part of them stands at x: start, middle or end. */
  text(x, y, words, kind = "", anchor = "start") {
    this.draw("text", { class: kind, x: at(x), y: at(y), "text-anchor": anchor }, words);
  }

  /** An arrow from one point to another; none where they are one. */
  arrow(x1, y1, x2, y2, kind) {
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (length < 1.5) return;
    const head = Math.min(6, length * 0.6), u = (x2 - x1) / length, v = (y2 - y1) / length;
    const wing = (side) =>
      `${at(x2 - head * (u + side * 0.5 * v))} ${at(y2 - head * (v - side * 0.5 * u))}`;
    const tip = `${at(x2)} ${at(y2)}`;
    const d = `M${at(x1)} ${at(y1)}L${tip}M${wing(1)}L${tip}L${wing(-1)}`;
    this.draw("path", { class: `line ${kind}`, d });
  }
}

const at = (value) => Math.round(value * 100) / 100;

/** From numbers to places: `scale([0, 1], [40, 300])(0.5)` is 170; `.back` leads back. */
export function scale([low, high], [from, to]) {
  const place = (value) => from + ((value - low) / (high - low)) * (to - from);
  place.back = (where) => low + ((where - from) / (to - from)) * (high - low);
  return place;
}

/** Round numbers from low to high, about so many. */
export function ticks(low, high, about = 5) {
  const rough = (high - low) / about, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    found.push(Math.round(k * step * 1e10) / 1e10);
  }
  return found;
}

/** Heights of labels, moved as little as it takes to lie so far apart. */
export function spread(heights, apart) {
  const order = heights.map((_, i) => i).sort((i, j) => heights[i] - heights[j]);
  const blocks = [];
  order.forEach((i, rank) => {
    blocks.push([heights[i] - rank * apart]);
    const middle = (block) => block.reduce((total, value) => total + value, 0) / block.length;
    while (blocks.length > 1 && middle(blocks.at(-2)) > middle(blocks.at(-1))) {
      const above = blocks.pop();
      blocks.at(-1).push(...above);
    }
  });
  const placed = [];
  let rank = 0;
  for (const block of blocks) {
    const middle = block.reduce((total, value) => total + value, 0) / block.length;
    for (const _ of block) placed[order[rank]] = middle + apart * rank++;
  }
  return placed;
}

// ---- Numbers in words, as the book writes them: a true minus, no zero before the point of a share

export const number = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=.*[1-9])/, "\u2212").replace(/^-/, "");
export const share = (value, digits = 2) => number(value, digits).replace(/^(\u2212?)0\./, "$1.");
export const percent = (value, digits = 0) => `${number(100 * value, digits)}%`;
export const pValue = (p) => (p < 0.001 ? "p < .001" : `p = ${share(p, p < 0.0995 ? 3 : 2)}`);
export const many = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
