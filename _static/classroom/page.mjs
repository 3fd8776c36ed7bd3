// The page on which a class draws a sampling distribution. A link to `my_study` shows a student her
// own study and what to hand in, and nothing else; everyone else sees the teacher's side: the link
// for the class, and the box into which codes, numbers or files go. Nothing leaves the browser.

import { controls as designs, designOf } from "../play/classroom.mjs";
import { element } from "../play/controls.mjs";
import { copy } from "../play/copy.mjs";
import { controls as studyControls } from "../play/my_study.mjs";
import { fromAddress, starts, toHash } from "../play/state.mjs";
import { collected, hand, news } from "./handed_in.mjs";

const root = document.documentElement;
const isStudent = () => location.hash.startsWith("#play-my_study?");
const plain = () => location.href.split("#")[0];

function side() {
  root.classList.toggle("class-student-here", isStudent());
}
addEventListener("hashchange", side);
side();

const button = (label, press, kind = "") => {
  const node = element("button", { type: "button", class: `class-button ${kind}` }, label);
  node.addEventListener("click", () => press(node));
  return node;
};

// ---- The student's side

function studentSide(place) {
  const code = element("output", { class: "class-code", "aria-label": "Your code" });
  const heard = element("p", { class: "class-heard", role: "status", "aria-live": "polite" });
  place.replaceChildren(element("p", { class: "class-lead" }, "Hand in this code:"), code, heard,
    element("p", { class: "class-small" },
      "It carries the design, the number of your study and your estimate; a wrong letter is " +
      "noticed. This browser keeps your study, so that the page shows the same one again. Take " +
      "another only if somebody before you has handed this one in. Nothing is sent anywhere."));
  news.addEventListener("study", ({ detail }) => (code.textContent = detail));
  news.addEventListener("copied", ({ detail }) => {
    heard.textContent = detail;
    setTimeout(() => (heard.textContent = ""), 4000);
  });
}

// ---- The teacher's side

const teachers = () => designOf(fromAddress("classroom", designs) ?? starts(designs));
let design = teachers();

function linkSide(place) {
  const box = element("input", {
    type: "text", readonly: "", class: "class-address", "aria-label": "Link for your students",
  });
  const open = element("a", { class: "class-button quiet", target: "_blank", rel: "noopener" },
    "See what a student sees");
  place.replaceChildren(box, element("div", { class: "class-row" },
    button("Copy the link", (node) => copy(node, box.value, () => "Select and copy it")), open));
  const show = () => {
    box.value = open.href = plain() + toHash("my_study", studyControls, { ...design, seed: 0 });
  };
  news.addEventListener("class", show);
  show();
}

function collectSide(place) {
  const area = element("textarea", {
    id: "class-codes", rows: 7, spellcheck: "false", autocomplete: "off",
    placeholder: "One a line: codes, or plain estimates",
  });
  const file = element("input", { type: "file", multiple: "", accept: ".csv,.txt,text/*",
    id: "class-files" });
  const told = element("ul", { class: "class-problems" }), count = element("p", {});
  const heard = element("div", { class: "class-heard", role: "status", "aria-live": "polite" },
    count, told);
  const clear = button("Clear", () => {
    area.value = "";
    changed();
  }, "quiet");
  place.replaceChildren(
    element("label", { for: "class-codes", class: "class-lead" }, "What your students hand in"),
    area,
    element("div", { class: "class-row" },
      element("label", { class: "class-button quiet class-file" }, "Choose saved studies", file),
      clear, element("span", { class: "class-small" }, "or drop the files here")),
    heard);

  const name = () => `class-codes ${JSON.stringify(design)}`;
  try {
    area.value = localStorage.getItem(name()) ?? "";
  } catch {
    // a browser that keeps nothing
  }
  hand(area.value);
  function changed() {
    hand(area.value);
    try {
      if (area.value) localStorage.setItem(name(), area.value);
      else localStorage.removeItem(name());
    } catch {
      // as above
    }
    document.getElementById("play-classroom").play?.set({});
    tellOf(collected(design));
  }
  let pause = 0, said = "";
  function tellOf({ studies, problems }) {
    clearTimeout(pause);
    pause = setTimeout(() => {
      const one = studies.length === 1;
      const counted = one ? "One study is counted" : `${studies.length} studies are counted`;
      const left = problems.length === 1 ? "one line is not:" : `${problems.length} lines are not:`;
      const words = !area.value.trim() ? "" : counted + (problems.length ? `, ${left}` : ".");
      if (said === (said = [words, ...problems].join("\n"))) return; // it has been said
      count.textContent = words;
      told.replaceChildren(...problems.map((problem) => element("li", {}, problem)));
    }, 500);
  }
  area.addEventListener("input", changed);

  async function take(files) {
    const lines = await Promise.all([...files].map(lineOf));
    const before = area.value.trimEnd();
    area.value = [...(before ? [before] : []), ...lines].join("\n");
    file.value = "";
    changed();
  }
  file.addEventListener("change", () => take(file.files));
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
    else {
      area.value = `${area.value.trimEnd()}\n${event.dataTransfer.getData("text")}`.trim();
      changed();
    }
  });
  news.addEventListener("class", () => tellOf(collected(design)));
  tellOf(collected(design));
}

/** The code that a file stands for: in its name, or else in its text. */
async function lineOf(file) {
  const named = /(?<![0-9A-Za-z])[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{3}(?![0-9A-Za-z])/;
  const found = named.exec(file.name) ?? named.exec((await file.text()).slice(0, 10_000));
  return found ? found[0] : `${file.name} (no code in it)`;
}

news.addEventListener("class", ({ detail }) => (design = detail.design));
for (const [kind, mount] of [["student", studentSide], ["link", linkSide], ["collect", collectSide]]) {
  const place = document.querySelector(`.class-${kind}-box`);
  if (place) mount(place);
}
