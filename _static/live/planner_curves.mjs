// Power over people and over rows: simulated studies as dots with two Monte Carlo errors to either
// side, the closed form as a line where one holds, 80% as a rule.

import { element } from "../play/controls.mjs";
import { Pen, scale, ticks } from "../play/drawing.mjs";

const NARROW = 544; // px
const percent = (share) => `${Math.round(100 * share)}%`;

/** Round numbers on a line on which each doubling is as long. */
function doublings(low, high) {
  const round = [1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000];
  const inside = round.filter((value) => value >= low * 0.97 && value <= high * 1.03);
  while (inside.length > 6) for (let i = inside.length - 2; i > 0; i -= 2) inside.splice(i, 1);
  return inside;
}

function drawPanel(pen, box, curve, now, usual, title) {
  const { left, top, width, height } = box;
  const points = curve.filter(({ power }) => power !== null);
  const sizes = curve.map(({ size }) => size);
  const low = Math.min(...sizes, now), high = Math.max(...sizes, now);
  const across = scale([Math.log(low) - 0.05, Math.log(high) + 0.05], [left + 40, left + width - 14]);
  const x = (size) => across(Math.log(size));
  const y = scale([0, 1], [top + height - 42, top + 26]);
  pen.text(left + 40, top + 12, title, "head");
  for (const value of ticks(0, 1, 5)) {
    pen.line(left + 40, y(value), left + width - 8, y(value), "rule");
    pen.text(left + 32, y(value) + 5, percent(value), "small", "end");
  }
  for (const value of doublings(low, high)) pen.text(x(value), top + height - 22, String(value), "small", "middle");
  pen.line(left + 40, y(0.8), left + width - 8, y(0.8), "dashed alarm");
  pen.line(x(now), y(0), x(now), y(1), "dashed quiet");
  const formula = points.filter(({ closed_form }) => closed_form !== null);
  if (formula.length > 1) pen.path(formula.map((one) => [x(one.size), y(one.closed_form)]), "thin");
  pen.path(points.map(({ size, power }) => [x(size), y(power)]), `thin faint ${usual}`);
  for (const { size, power, power_mc } of points) {
    const [from, to] = [-2, 2].map((k) => y(Math.min(Math.max(power + k * power_mc, 0), 1)));
    pen.line(x(size), from, x(size), to, usual);
  }
  for (const { size, power } of points) pen.dot(x(size), y(power), size === now ? 6.5 : 4.5, usual);
}

/** The picture of both curves; `show` draws what has come so far. */
export function curves() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("role", "img");
  const key = element("p", { class: "plan-key" });
  const frame = element("div", { class: "plan-picture" });
  frame.append(svg);
  const node = element("div", { class: "plan-curves play" }, frame, key);
  const pen = new Pen(svg);
  let told = null;

  function draw() {
    const width = frame.clientWidth;
    if (!told || !width) return;
    const narrow = width < NARROW, height = narrow ? 480 : 270;
    frame.style.height = `${height}px`;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const each = narrow ? { width, height: height / 2 } : { width: width / 2 - 8, height };
    const { along, now, usual, titles } = told;
    ["people", "rows"].forEach((name, i) => {
      const box = { ...each, left: narrow ? 0 : i * (width / 2 + 8), top: narrow ? (i * height) / 2 : 0 };
      if (along[name].length) drawPanel(pen, box, along[name], now[name], usual, titles[name]);
    });
    pen.done();
  }
  new ResizeObserver(draw).observe(frame);

  return {
    node,
    /** along: the points of each curve; now: the plan's sizes; usual: whose power; titles; of: whose closed form. */
    show(next) {
      told = next;
      const words = Object.entries(next.along).filter(([, points]) => points.length).map(([name, points]) => {
        const said = points.map(({ size, power }) => `${size}: ${power === null ? "none" : percent(power)}`);
        return `${next.titles[name]}: ${said.join(", ")}`;
      });
      svg.setAttribute("aria-label", `${words.join(". ")}.`);
      const formula = Object.values(next.along).flat().some(({ closed_form }) => closed_form != null);
      key.textContent =
        `Dots: ${next.label}, ${next.studies.toLocaleString("en")} studies each, with two Monte Carlo errors to either side` +
        `${formula ? `; black line: the closed form${next.of}` : ""}; upright: your plan; red: 80%.`;
      draw();
    },
  };
}
