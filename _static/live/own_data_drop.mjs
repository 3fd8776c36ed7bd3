// Where a file is dropped or chosen, and the book's own files to try with.

import { element } from "../play/controls.mjs";

const EXAMPLES = {
  sleepstudy: "18 people who slept too little",
  exam: "65 schools in London",
  orthodont: "27 growing jaws",
};
const ENDINGS = ".csv,.tsv,.tab,.txt,.dat,.xlsx,.dta";

/** `choose` gets { name, size, bytes } of a file, or { example }; `asked` is one that a link names. */
export function drop({ choose, asked }) {
  const input = element("input", { type: "file", accept: ENDINGS, id: "own-file" });
  const words = element("span", { class: "own-drop-words" });
  words.append(
    element("strong", {}, "Choose a file"),
    element("span", { class: "own-drop-mouse" }, " or drop it here"),
    element("span", { class: "own-drop-kinds" }, "CSV, TSV or Excel (.xlsx). It stays on your computer."),
  );
  const label = element("label", { class: "own-drop", for: "own-file" }, input, words);
  const take = (file) =>
    file && choose({ name: file.name, size: file.size, bytes: async () => new Uint8Array(await file.arrayBuffer()) });
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = ""; // so that the same file, mended, can be chosen again
  });

  // a file that misses the box would open in place of the page
  let inside = 0;
  const files = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => files(event) && (inside++, label.classList.add("over")));
  addEventListener("dragleave", (event) => {
    if (files(event) && --inside <= 0) label.classList.remove("over");
  });
  addEventListener("dragover", (event) => files(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    inside = 0;
    label.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });

  const list = element("div", { class: "own-examples", role: "group", "aria-label": "Files of the book" });
  list.append(element("span", {}, "Or try one of the book’s:"));
  for (const [name, about] of Object.entries(EXAMPLES)) {
    const named = name === asked;
    const kind = `own-example${named ? " asked" : ""}`;
    const button = element("button", { type: "button", class: kind, "data-example": name }, about);
    if (named) button.append(element("span", {}, " (your link names it)"));
    button.addEventListener("click", () => choose({ example: name }));
    list.append(button);
  }
  return element("div", { class: "own-choose" }, label, list);
}
