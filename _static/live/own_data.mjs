// Your own data, here: a file is chosen or dropped, Python comes to it, three questions lead to a
// formula, and the report of `make report` appears below. No part of a file leaves this page.
//
// A link may name an example and a formula, #play-own_data?example=sleepstudy&formula=...; of a
// file of the reader's own it says nothing.

import { element } from "../play/controls.mjs";
import { copyLink } from "../play/copy.mjs";
import { fromAddress, starts, toAddress, toHash } from "../play/state.mjs";
import { ready, startEngine } from "./engine.mjs";
import { drop } from "./own_data_drop.mjs";
import { questions } from "./own_data_questions.mjs";
import { reportView } from "./own_data_report.mjs";
import { runner } from "./runner.mjs";

const NAME = "own_data";
const PACKAGES = ["numpy", "scipy", "pandas", "formulaic", "matplotlib", "openpyxl"];
const PATIENCE = 60_000; // ms that a stop may take: without a network Python would not come again
const GONE = "There is no file yet"; // how the engine says that its worker has been another since
const text = { start: "", read: (said) => said.slice(0, 500) };
const LINKED = { example: text, formula: text, term: text, time: text };

const place = document.querySelector(".own-data");
const still = [...place.childNodes];
const quiet = startEngine({ packages: PACKAGES }); // for answers that take no time
let chosen = null; // { name, size, bytes() } or { example }
let open = null; // what the engine found in it
let linked = fromAddress(NAME, LINKED);

// ---- Python takes the file, once, and again where a stop has cost it its memory

async function take(engine) {
  if (chosen.example) return engine.call("own_data_page.keep_example", { name: chosen.example });
  const { name, size } = chosen;
  await engine.call("own_data_page.may_come", { name, size });
  return engine.call("own_data_page.keep", { name, content: await chosen.bytes() });
}

async function ask(engine, name, args, how) {
  try {
    return await engine.call(name, args, how);
  } catch (error) {
    if (!error.message.startsWith(GONE) || !chosen) throw error;
    await take(engine);
    return engine.call(name, args, how);
  }
}

/** Once Python is there, there is nothing to load and nothing to say of its weight. */
function pythonIsHere() {
  place.classList.add("has-python");
  making.node.querySelector(".run-words").textContent = "Some seconds, for most files.";
}

const count = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

// ---- First a file

const reading = runner({
  label: "Load Python",
  packages: PACKAGES,
  async begin(engine, show) {
    if (!chosen) {
      await engine.call("own_data_page.here");
      pythonIsHere();
      show("Python is here. From now on this page needs no network.");
      return;
    }
    const mine = chosen;
    form.hide();
    report.clear();
    const found = await take(engine);
    if (mine !== chosen) return;
    open = found;
    pythonIsHere();
    const about = found.what ? `: ${found.what}` : "";
    const size = `${count(found.rows, "row")}, ${count(found.columns.length, "column")}`;
    show(`${found.name}, ${size}${about}. From now on this page needs no network.`);
    form.show(found, linked?.example && linked.example === chosen.example ? linked : null);
    linked = null;
  },
});

function choose(next) {
  chosen = next;
  if (!next.example) history.replaceState(history.state, "", location.pathname + location.search);
  form.hide();
  report.clear();
  making.stop(PATIENCE);
  reading.again();
}

// ---- Then the questions

const form = questions({
  formula: (answers) => ask(quiet, "own_data_page.formula", answers),
  check: (asked) => ask(quiet, "own_data_page.check", asked),
  changed(said) {
    report.stale();
    making.node.hidden = !said;
    link.hidden = !said || !chosen?.example;
    if (said && chosen?.example) toAddress(NAME, LINKED, inLink(said));
  },
});
const inLink = (said) => ({ ...starts(LINKED), example: chosen.example, ...said });

// ---- And the report

const report = reportView();
const making = runner({
  label: "Make the report",
  packages: PACKAGES,
  patience: PATIENCE,
  async begin(engine, show) {
    report.clear();
    const asked = form.said();
    const told = await ask(engine, "own_data_page.report", asked, {
      onPartial(part) {
        const heading = report.add(part.html);
        if (heading) show(heading, part.share);
      },
    });
    report.finish(told);
    show(`The report is below. ${told.says}`);
  },
});

const link = element("button", { type: "button", class: "own-quiet" }, "Copy a link to this");
link.addEventListener("click", () => copyLink(link, toHash(NAME, LINKED, inLink(form.said()))));

// ---- On stage

const box = drop({ choose, asked: linked?.example });
const stage = element("div", { class: "own-stage", id: `play-${NAME}` });
const last = element("div", { class: "own-make" }, making.node, link);
stage.append(box, reading.node, form.node, last, report.node);
making.node.hidden = link.hidden = true;
for (const part of still) part.remove?.();
place.append(stage);
place.classList.add("live");
ready().then((there) => {
  if (there === undefined || there?.runtime) return;
  place.style.minHeight = `${place.offsetHeight}px`; // what stands below has been seen: it stays
  box.remove(); // without an engine the words of those without scripts hold
  for (const part of still) stage.append(part);
});

// what the tests look at
place.ownData = { choose, quiet, file: () => open };
