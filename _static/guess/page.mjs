// The page "What you guessed": how often she was right, how sure she was, and her guesses to take
// away or to delete.

import { forgetAll, kept } from "./store.mjs";
import { calibration } from "./verdict.mjs";

const place = document.getElementById("your-guesses");
const book = JSON.parse(document.getElementById("all-boxes").textContent);
const LEVELS = book.sure;

function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function table(caption, heads, rows) {
  const cells = (name, texts) => texts.map((text, column) => {
    const cell = made(column ? name : "th", {}, text);
    if (cell.localName === "th") cell.scope = name === "th" ? "col" : "row";
    return cell;
  });
  return made("div", { class: "guess-table", tabindex: "0", role: "region", "aria-label": caption },
    made("table", { class: "table" }, made("caption", {}, caption),
      made("thead", {}, made("tr", {}, ...cells("th", heads))),
      made("tbody", {}, ...rows.map((row) => made("tr", {}, ...cells("td", row))))));
}

const share = (right, all) => (all ? `${Math.round((100 * right) / all)}%` : "–");

function bar(level, { guesses, right }) {
  if (!guesses) return "";
  const drawn = made("span", { class: "guess-bar", "aria-hidden": "true" }, made("span"), made("span"));
  drawn.children[0].style.inlineSize = share(right, guesses);
  drawn.children[1].style.insetInlineStart = `${level}%`;
  return drawn;
}

function mine() {
  const all = kept("guesses");
  return book.boxes.filter((box) => all[box.key]).map((box) => ({ ...box, ...all[box.key] }));
}

function summary(records) {
  const given = records.filter((one) => !one.shown);
  const judged = given.filter((one) => one.right !== null);
  const right = judged.filter((one) => one.right).length;
  const looked = records.length - given.length;
  if (!records.length) return "There is no guess in this browser yet. Each chapter asks for some.";
  const words = [`You have guessed at ${given.length} of the book’s ${book.boxes.length} questions.`];
  if (judged.length) words.push(`Of ${judged.length} that are settled you were right in ${right}.`);
  const sketches = given.filter((one) => one.of);
  const total = (of) => sketches.reduce((sum, one) => sum + one[of], 0);
  if (sketches.length) words.push(`Of ${total("of")} dots that you sketched ${total("near")} lay near the truth; a sketch is right where all of its dots do.`);
  const sure = judged.filter((one) => one.sure);
  if (sure.length) {
    const mean = sure.reduce((sum, one) => sum + one.sure, 0) / sure.length;
    const hit = (100 * sure.filter((one) => one.right).length) / sure.length;
    words.push(`On average you were ${Math.round(mean)}% sure, and right in ${Math.round(hit)}%.`);
    if (sure.length < 10) words.push("Ten guesses or more will say something about how sure you should be.");
    else if (mean - hit > 10) words.push("You were surer than you should have been.");
    else if (hit - mean > 10) words.push("You could have been surer.");
    else words.push("You were about as sure as you should have been.");
  }
  if (looked) words.push(`Into ${looked} you looked without a guess.`);
  return words.join(" ");
}

const dotsOf = ({ near, of }) => (of ? `, ${near} of ${of} dots` : "");

function inCsv(records) {
  const cell = (value) => `"${String(value ?? "").replaceAll('"', '""')}"`;
  const rows = records.map((one) => [
    one.title, one.question, one.shown ? "" : one.text, one.shown ? "" : one.sure || "",
    one.right ?? "", one.of ? `${one.near} of ${one.of}` : "", one.when,
  ]);
  return [["chapter", "question", "guess", "sure, in %", "right", "dots near", "when"], ...rows]
    .map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function button(words, act) {
  const made_ = made("button", { type: "button", class: "guess-button" }, words);
  made_.addEventListener("click", act);
  return made_;
}

function download() {
  const link = made("a", { download: "guesses.csv" });
  link.href = URL.createObjectURL(new Blob([inCsv(mine())], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const status = made("p", { class: "guess-summary", role: "status" });
const rest = made("div");
place.replaceChildren(status, rest);
draw();

function draw(after = "") {
  const records = mine();
  const given = records.filter((one) => !one.shown);
  rest.replaceChildren();
  if (given.length) {
    const levels = calibration(given, LEVELS);
    rest.append(table("How sure you were, and how often you were right",
      ["you were", "guesses", "right", "share right", "as a bar"],
      levels.map((one) => [`${one.level}% sure`, String(one.guesses), String(one.right),
        share(one.right, one.guesses), bar(one.level, one)])));
    const chapters = [...new Set(given.map((one) => one.page))];
    rest.append(table("Chapter by chapter", ["chapter", "guesses", "right", "not yet settled"],
      chapters.map((page) => {
        const here = given.filter((one) => one.page === page);
        return [made("a", { href: here[0].href }, here[0].title), String(here.length),
          String(here.filter((one) => one.right).length),
          String(here.filter((one) => one.right === null).length)];
      })));
    rest.append(table("Every guess", ["question", "your guess", "sure", "right"],
      given.map((one) => [made("a", { href: `${one.href}#${one.id}` }, one.question), one.text,
        one.sure ? `${one.sure}%` : "", one.right === null ? "not yet settled" : (one.right ? "yes" : "no") + dotsOf(one)])));
  }
  if (!records.length) {
    rest.append(made("p", {}, made("a", { href: `${book.boxes[0].href}#${book.boxes[0].id}` }, "The first question")));
  }
  rest.append(made("div", { class: "guess-do" },
    ...(given.length ? [button("Download the guesses", download)] : []),
    button("Delete all that is kept", confirmDeletion)));
  status.textContent = `${after} ${summary(records)}`.trim();
}

// Asked in the page itself: what a browser's own question looks like is not ours to say.
function confirmDeletion() {
  const no = button("Keep it", () => {
    draw();
    rest.querySelector(".guess-do button:last-child").focus();
  });
  const yes = button("Delete it", () => {
    forgetAll();
    draw("All is deleted.");
    rest.querySelector(".guess-do button:last-child").focus();
  });
  rest.querySelector(".guess-do").replaceChildren(
    made("p", {}, "Delete your guesses, the chapters marked as read, and where you left off?"), no, yes);
  no.focus();
}
