// Findings under a seed of one's own: under "What we found", and on the ledger for each
// chapter. What runs are the chapter's own lines, those that its findings need, without figures;
// each finding's number and verdict then stand beside the stored ones.
//
// The seed is in the link: page.html#seed=7.

import { element } from "../play/controls.mjs";
import { ready } from "./engine.mjs";
import { runner } from "./runner.mjs";

const NEAR = "600px";
const LARGEST = 2 ** 31 - 1; // helpers.live.seed has the same
const LINK = /^#seed=(\d{1,10})$/;

// ---- The seed, one for the page

const inputs = [];
let seed = Number(LINK.exec(location.hash)?.[1] ?? any());

function any() {
  return 1 + (crypto.getRandomValues(new Uint32Array(1))[0] % 9999);
}

function take(text, from = null) {
  const value = Number(text);
  const fits = text !== "" && Number.isInteger(value) && value >= 0 && value <= LARGEST;
  from?.setAttribute("aria-invalid", String(!fits));
  if (!fits) return;
  seed = value;
  for (const input of inputs) if (input !== from) input.value = seed;
  history.replaceState(history.state, "", `#seed=${seed}`);
}

// ---- Where a finding stands, and what its line says

/** For each finding, in the chapter's order, what shows its stored sentence on this page. */
function homes(place, findings) {
  const rows = place.closest("section")?.querySelectorAll("table.findings-ledger tbody tr") ?? [];
  if (rows.length === findings.length) {
    return findings.map((_, k) => home(rows[k].querySelector("td"), true));
  }
  const used = new Map(); // in a cell that states several findings they come in its order
  return findings.map(({ name }) => {
    const cell = document.getElementById(`finding-${name}`)?.closest(".cell");
    const outputs = cell ? [...cell.querySelectorAll(".cell_output > *")] : [];
    const rank = used.get(cell) ?? 0;
    used.set(cell, rank + 1);
    return outputs[rank] ? home(outputs[rank], false) : null;
  });
}

/** A place for a line and a button, behind what is there or, in a table, at its end. */
function home(part, inside) {
  const holder = element("div", { class: "seed-home" });
  if (inside) part.append(holder);
  else part.after(holder);
  return { stored: part.textContent, holder, line: null };
}

/** Numbers as the ledger has them. */
const figure = (value) =>
  typeof value === "number" ? String(Number(value.toPrecision(4))).replace("-", "\u2212") : value;

/** The sentence under the reader's seed; words that the stored one has not stand out. */
function sentence(text, stored) {
  const words = text.split(" "), before = stored.trim().split(/\s+/);
  const same = before.length === words.length;
  return words.flatMap((word, k) => {
    const moved = same && plain(word) !== plain(before[k]);
    return [k ? " " : "", moved ? element("strong", {}, word) : word];
  });
}

const plain = (word) => word.replace(/[\u2018\u2019]/g, "'").replace(/\u2212/g, "-");

/** Where a finding's line stands: made when it is first needed. */
function line(home) {
  if (!home.line) home.holder.prepend((home.line = element("div", { class: "seed-line" })));
  return home.line;
}

function tell(home, { stored, told, asked }) {
  const node = line(home);
  node.classList.remove("stale");
  node.classList.toggle("fails", !told.holds);
  const tag = told.holds ? "stands" : "does not stand";
  const numbers = told.exact
    ? "Nothing in it is drawn at random: no seed moves it. "
    : `Stored ${figure(stored)}, yours ${figure(told.value)}. `;
  node.replaceChildren(
    element("p", {}, element("span", { class: "seed-tag" }, `Seed ${asked}: ${tag}`), " ",
      ...sentence(told.sentence, home.stored)),
    element("p", { class: "seed-why" }, numbers, told.verdict),
  );
}

// ---- One place

async function mount(place) {
  const chapter = place.id.replace(/^seed-/, "");
  const [site, told] = await Promise.all([ready(), linesOf(chapter)]);
  if (!site?.runtime || !told) return; // what stands there without scripts stays
  const kept = homes(place, told.findings);
  const found = kept.map((home, k) => ({ ...told.findings[k], home }));
  const findings = found.filter(({ home }) => home);

  const input = element("input", {
    type: "number", inputmode: "numeric", min: 0, max: LARGEST, step: 1, value: seed,
  });
  input.addEventListener("input", () => take(input.value, input));
  inputs.push(input);
  const dice = element("button", { type: "button", class: "seed-quiet" }, "Another");
  dice.addEventListener("click", () => take(String(any())));

  let only = null; // the one finding that was asked for; null for all
  let busy = false;
  const sum = element("p", { class: "seed-sum" });
  const run = runner({
    label: `Run all ${findings.length}`,
    packages: told.packages,
    begin: async (engine, show) => {
      busy = true;
      try {
        await held(engine, show);
      } finally {
        busy = false;
      }
    },
  });

  async function held(engine, show) {
    const asked = seed, mine = only === null ? findings : [only];
    only = null;
    if (input.getAttribute("aria-invalid") === "true") {
      const message = `A seed is a whole number from 0 to ${LARGEST.toLocaleString("en")}.`;
      throw Object.assign(new Error(message), { kind: "InputError" });
    }
    for (const { home } of mine) home.line?.classList.add("stale");
    const needs = new Set(mine.flatMap((one) => one.needs));
    const lines = told.lines.filter((_, k) => needs.has(k));
    const fell = [], latest = { seed: asked, told: [], seconds: 0 };
    let stood = 0, begun = 0;
    const hear = (part) => {
      begun ||= performance.now();
      show(`Cell ${part.cell}, line ${part.done} of ${part.of}`, part.share);
      for (const one of part.found) {
        const finding = mine.find(({ name }) => name === one.name);
        if (!finding) continue;
        latest.told.push(one);
        tell(finding.home, { stored: finding.value, told: one, asked });
        if (one.holds) stood++;
        else fell.push(finding);
      }
    };
    await engine.call("seed.under_seed", { lines, seed: asked }, { onPartial: hear });
    latest.seconds = (performance.now() - begun) / 1000;
    place.seed.latest = latest; // for the tests, and for whoever measures how long it takes
    show(words(asked, stood, fell.length));
    sum.replaceChildren(...fell.map((one) => leadTo(one)));
  }

  const alone = element("button", { type: "button", class: "seed-quiet", "aria-pressed": "false" },
    "One by one");
  alone.addEventListener("click", () => {
    const on = alone.getAttribute("aria-pressed") !== "true";
    alone.setAttribute("aria-pressed", String(on));
    for (const finding of findings) one(finding, on);
  });
  function one(finding, on) {
    finding.button ??= element("button", { type: "button", class: "seed-quiet seed-one" },
      "Run this one");
    if (!on) return finding.button.remove();
    finding.button.onclick = () => {
      if (busy) return;
      only = finding;
      line(finding.home).replaceChildren(element("p", { class: "seed-why" }, "Running \u2026"));
      run.start();
    };
    finding.home.holder.append(finding.button);
  }

  const seconds = told.seconds
    ? `All of them take about ${rounded(told.seconds)} more, one alone often a few seconds.`
    : "";
  const about = place === places[0]
    ? "Other random numbers move each number a little; its sentence should stand. Python, in this " +
      "page, runs the chapter\u2019s own lines for that, all but the figures. "
    : "";
  place.replaceChildren(
    element("p", { class: "seed-lead" }, element("b", {}, "Try it under your own seed. "), about,
      seconds),
    element("div", { class: "seed-row" },
      element("label", { class: "seed-seed" }, "Your seed ", input), dice, alone),
    run.node,
    sum,
  );
  place.classList.add("ready");
  place.seed = { shown: findings.length, of: told.findings.length, latest: null };
}

const words = (asked, stood, fell) =>
  !fell ? `Under seed ${asked} ${stood === 1 ? "it stands" : `all ${stood} stand`}.`
    : stood + fell === 1 ? `Under seed ${asked} it does not stand.`
      : `Under seed ${asked} ${stood} of ${stood + fell} stand. Not so:`;

function leadTo({ name, home }) {
  home.holder.id ||= `seed-line-${name}`;
  return element("a", { href: `#${home.holder.id}` }, name);
}

const rounded = (seconds) =>
  seconds < 50 ? `${Math.max(5, Math.ceil(seconds / 5) * 5)} seconds`
    : `${Math.ceil(seconds / 30) / 2} minutes`;

async function linesOf(chapter) {
  const answer = await fetch(new URL(`./findings/${chapter}.json`, import.meta.url));
  return answer.ok ? answer.json() : null;
}

const near = new IntersectionObserver(
  (seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      mount(target).catch((error) => console.error("Findings cannot be run here.", error));
    }
  },
  { rootMargin: NEAR },
);
const places = [...document.querySelectorAll(".seed-here")];
for (const place of places) near.observe(place);
if (LINK.test(location.hash)) places[0]?.scrollIntoView();
