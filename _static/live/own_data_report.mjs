// The report as it grows, part by part, and both of its files to download when it is whole.

import { element } from "../play/controls.mjs";

/** The report stands within a chapter: its headings are one step lower. */
const LOWER = { H1: "h2", H2: "h3", H3: "h4" };

function lowered(html) {
  const parts = new DOMParser().parseFromString(html, "text/html").body;
  for (const heading of parts.querySelectorAll("h1, h2, h3")) {
    heading.replaceWith(element(LOWER[heading.tagName], {}, ...heading.childNodes));
  }
  return [...parts.childNodes];
}

export function reportView() {
  const body = element("div", { class: "own-report-body" });
  const stale = element("p", { class: "own-stale", hidden: "" }, "The question has changed since: this answers the one before.");
  const files = element("p", { class: "own-files", hidden: "" });
  const about = { class: "own-report", role: "region", "aria-label": "The report", hidden: "" };
  const node = element("div", about, stale, files, body);
  let addresses = [];

  function file(name, kind, content, words) {
    const address = URL.createObjectURL(new Blob([content], { type: kind }));
    addresses.push(address);
    return element("a", { href: address, download: name, class: "own-file" }, words);
  }

  return {
    node,
    clear() {
      for (const address of addresses) URL.revokeObjectURL(address);
      addresses = [];
      body.replaceChildren();
      files.hidden = node.hidden = stale.hidden = true;
    },
    /** Adds what has come and hands back its heading, if there is one. */
    add(html) {
      node.hidden = false;
      const parts = lowered(html);
      body.append(...parts);
      return parts.find((part) => /^H\d$/.test(part.tagName))?.textContent;
    },
    finish({ page, notebook, stem }) {
      files.replaceChildren(
        file(`${stem}.html`, "text/html", page, "Download the report"),
        file(`${stem}.ipynb`, "application/x-ipynb+json", notebook, "Download its notebook"),
      );
      files.hidden = false;
    },
    /** The question has changed since: what stands here answers the one before. */
    stale() {
      stale.hidden = node.hidden;
    },
  };
}
