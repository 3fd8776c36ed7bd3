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

function drawPanel(pen, box, curve, now, title) {
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
  for (const one of new Set(points.map(({ strategy }) => strategy))) {
    const own = points.filter(({ strategy }) => strategy === one);
    if (own.length > 1) pen.path(own.map(({ size, power }) => [x(size), y(power)]), `thin faint ${one}`);
  }
  for (const { size, power, power_mc, strategy } of points) {
    const [from, to] = [-2, 2].map((k) => y(Math.min(Math.max(power + k * power_mc, 0), 1)));
    pen.line(x(size), from, x(size), to, strategy);
  }
  for (const { size, power, strategy } of points) pen.dot(x(size), y(power), size === now ? 6.5 : 4.5, strategy);
}

/** Whose power the dots are, by sizes where these differ, and why there are none at some. */
function dots({ along, label, units }) {
  const others = [], without = [];
  for (const name in along) {
    const at = (key, value) => {
      const sizes = along[name].filter((one) => one[key] === value).map(({ size }) => size);
      return `${[...new Set([sizes[0], sizes.at(-1)])].join(" to ")} ${units[name]}`;
    };
    const each = (key) => new Set(along[name].map((one) => one[key]).filter((value) => value && value !== label));
    for (const other of each("label")) others.push(`${other} at ${at("label", other)}`);
    for (const why of each("why")) without.push(`No dots at ${at("why", why)}: ${why}`);
  }
  return { whose: others.length ? `what would be used at each size: ${[label, ...others].join(", ")}` : label, without };
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
    const { along, now, units } = told;
    ["people", "rows"].forEach((name, i) => {
      const box = { ...each, left: narrow ? 0 : i * (width / 2 + 8), top: narrow ? (i * height) / 2 : 0 };
      if (along[name].length) drawPanel(pen, box, along[name], now[name], `Power over ${units[name]}`);
    });
    pen.done();
  }
  new ResizeObserver(draw).observe(frame);

  return {
    node,
    /** along: the points of each curve; now: the plan's sizes; label: of the test that it would use; units: of sizes. */
    show(next) {
      told = next;
      const words = Object.entries(next.along).filter(([, points]) => points.length).map(([name, points]) => {
        const said = points.map(({ size, power }) => `${size}: ${power === null ? "no answer" : percent(power)}`);
        return `Power over ${next.units[name]}: ${said.join(", ")}`;
      });
      svg.setAttribute("aria-label", `${words.join(". ")}.`);
      const formulas = Object.values(next.along).flat().filter(({ closed_form }) => closed_form != null);
      const others = new Set(formulas.filter((one) => one.closed_form_of !== one.label).map((one) => one.closed_form_of));
      const { whose, without } = dots(next);
      key.textContent =
        `Dots: ${whose}; ${next.studies.toLocaleString("en")} studies each, with two Monte Carlo errors to either side` +
        `${formulas.length ? `; thin line: the closed form${others.size ? ` of ${[...others].join(", ")}` : ""}` : ""}; upright: your plan; red: 80%.` +
        without.map((why) => ` ${why}`).join("");
      draw();
    },
  };
}
