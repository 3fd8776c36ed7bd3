// The questions of the interview: what repeats, what is the outcome, what may change it. They lead
// to a formula, which can be written by hand as well; Python holds it against the file at once.

import { element } from "../play/controls.mjs";

const PAUSE = 350; // ms after which what was typed is looked at

/** One of the file's columns; those that are likely come first. */
function column(words, id, moved) {
  const [head, ...rest] = words.replace(/ \(perhaps .*\)$/, "").split(/(?<=\?) /);
  const select = element("select", { id });
  const hint = element("span", { class: "own-hint", id: `${id}-hint` }, rest.join(" "));
  select.setAttribute("aria-describedby", hint.id);
  select.addEventListener("change", moved);
  const label = element("label", { for: id }, head);
  const node = element("div", { class: "own-question" }, label, hint, select);
  const fill = (columns, likely, kept = "") => {
    const option = (name) => {
      const { values } = columns.find((one) => one.name === name);
      const about = `${name} (${values.toLocaleString("en")} ${values === 1 ? "value" : "values"})`;
      return element("option", { value: name }, about);
    };
    const others = columns.map(({ name }) => name).filter((name) => !likely.includes(name));
    select.replaceChildren(element("option", { value: "" }, "Choose a column"));
    if (likely.length) {
      select.append(element("optgroup", { label: "Perhaps" }, ...likely.map(option)));
    }
    if (others.length) {
      const name = likely.length ? "Or" : "Columns";
      select.append(element("optgroup", { label: name }, ...others.map(option)));
    }
    select.value = kept;
  };
  return { node, fill, get value() { return select.value; } };
}

export function questions({ formula: formulaOf, check, changed }) {
  const node = element("div", { class: "own-questions", hidden: "" });
  let found, parts, known = null, turn = 0, waiting = 0;

  const varies = element("fieldset", { class: "own-varies", hidden: "" });
  const ownYes = element("input", { type: "radio", name: "own-effect", value: "yes", checked: "" });
  const ownNo = element("input", { type: "radio", name: "own-effect", value: "no" });
  const formula = element("input", { type: "text", id: "own-formula", spellcheck: "false", autocomplete: "off", autocapitalize: "none" });
  const note = element("p", { class: "own-note", role: "status", "aria-live": "polite" });
  const term = element("select", { id: "own-term" });
  const time = element("select", { id: "own-time" });
  const others = element("div", { class: "own-others", role: "group", "aria-label": "Further predictors" });
  const wrote = element("div", { class: "own-wrote", hidden: "" });

  function build() {
    const [repeats, outcome, interest] = found.questions;
    parts = {
      cluster: column(repeats, "own-cluster", answered),
      outcome: column(outcome, "own-outcome", answered),
      predictor: column(interest, "own-predictor", answered),
    };
    const names = found.columns.map(({ name }) => name);
    parts.cluster.fill(found.columns, found.groupings.slice(0, 8));
    parts.outcome.fill(found.columns, found.outcomes.slice(0, 8));
    parts.predictor.fill(found.columns, []);
    time.replaceChildren(element("option", { value: "" }, "None: the file’s order"));
    time.append(...names.map((name) => element("option", { value: name }, name)));
    others.replaceChildren();
    for (const name of names.slice(0, 60)) {
      const input = element("input", { type: "checkbox", value: name });
      input.addEventListener("change", answered);
      others.append(element("label", {}, input, element("span", {}, name)));
    }
    varies.replaceChildren(
      element("legend", {}, ""),
      element("label", {}, ownYes, element("span", {}, "Yes, or I do not know")),
      element("label", {}, ownNo, element("span", {}, "No")),
    );
    const more = element("details", { class: "own-more" }, element("summary", {}, "More: further predictors, time, another coefficient, the formula by hand"));
    const labelled = (label, control, hint) =>
      element("div", { class: "own-question" }, element("label", { for: control.id }, label), element("span", { class: "own-hint" }, hint), control);
    more.append(
      element("p", { class: "own-label" }, "Which other columns shall be held equal?"),
      others,
      labelled("Which coefficient is of interest?", term, "The report is about this one."),
      labelled("Which column orders the rows?", time, "Numbers or dates, where rows of a cluster follow each other."),
      labelled("The formula", formula, "As y ~ x + (x | person). Products are x * z; several bars make several groupings."),
    );
    const three = [parts.cluster.node, parts.outcome.node, parts.predictor.node];
    wrote.replaceChildren(varies, more, note);
    node.replaceChildren(element("div", { class: "own-three" }, ...three), wrote);
  }

  const answers = () => ({
    cluster: parts.cluster.value,
    outcome: parts.outcome.value,
    predictors: [parts.predictor.value, ...[...others.querySelectorAll("input:checked:not(:disabled)")].map(({ value }) => value)],
    own_effect: ownYes.checked,
  });

  /** What was chosen becomes a formula, once there is enough of it. */
  async function answered() {
    const said = answers(), mine = ++turn;
    for (const input of others.querySelectorAll("input")) {
      const taken = [said.cluster, said.outcome, parts.predictor.value].includes(input.value);
      input.disabled = taken;
      if (taken) input.checked = false;
    }
    if (!said.cluster || !said.outcome || !said.predictors[0]) return void held(mine); // what a link wrote
    wrote.hidden = false;
    try {
      const told = await formulaOf(answers());
      if (mine !== turn) return;
      const share = Math.round(100 * told.varies);
      varies.hidden = told.varies === 0;
      varies.firstChild.textContent =
        `${said.predictors[0]} varies within ${share}% of ${said.cluster}. ` +
        `May its effect differ from one ${said.cluster} to another?`;
      formula.value = told.formula;
      await held(mine);
    } catch (error) {
      refuse(error, mine);
    }
  }

  /** A formula is held against the file. */
  async function held(mine = ++turn, wanted = {}) {
    settle(null);
    const text = formula.value.trim();
    if (!text) return;
    try {
      const told = await check({ formula: text, time: wanted.time ?? time.value });
      if (mine !== turn) return;
      known = told;
      const before = wanted.term || term.value;
      term.replaceChildren(...told.coefficients.map((name) => element("option", { value: name }, name)));
      term.value = told.coefficients.includes(before) ? before : told.coefficients[0];
      const rows = told.rows.toLocaleString("en"), clusters = told.clusters.toLocaleString("en");
      const gaps = told.left_out ? `, ${told.left_out.toLocaleString("en")} with gaps left out` : "";
      say(`${text}: ${rows} rows in ${clusters} clusters${gaps}.`, false);
      settle(known);
    } catch (error) {
      refuse(error, mine);
    }
  }

  function refuse(error, mine) {
    if (mine !== turn || error.kind === "stopped") return;
    say(error.message, true);
    settle(null);
  }

  function say(words, wrong) {
    note.textContent = words;
    note.classList.toggle("wrong", wrong);
  }

  function settle(now) {
    known = now;
    changed(known ? said() : null);
  }

  const said = () => ({ formula: formula.value.trim(), term: term.value, time: time.value });

  ownYes.addEventListener("change", answered);
  ownNo.addEventListener("change", answered);
  term.addEventListener("change", () => changed(known ? said() : null));
  time.addEventListener("change", () => held());
  formula.addEventListener("input", () => {
    const mine = ++turn;
    settle(null);
    clearTimeout(waiting);
    waiting = setTimeout(() => mine === turn && held(mine), PAUSE);
  });

  return {
    node,
    said,
    hide() {
      turn++;
      node.hidden = true;
      settle(null);
    },
    show(file, linked) {
      found = file;
      term.replaceChildren();
      formula.value = "";
      wrote.hidden = varies.hidden = true;
      say("", false);
      build();
      node.hidden = false;
      if (!linked?.formula) return;
      wrote.hidden = false;
      wrote.querySelector("details").open = true;
      formula.value = linked.formula;
      time.value = found.columns.some(({ name }) => name === linked.time) ? linked.time : "";
      held(++turn, { term: linked.term, time: time.value });
    },
  };
}
