// The search page: what was asked stands in the address, so that a search can be sent and kept.

const SHOWN = 20;
const results = document.querySelector("#search-results");
const root = document.documentElement.dataset.content_root ?? "./";

const made = (tag, attributes = {}, ...inside) => {
  const part = Object.assign(document.createElement(tag), attributes);
  part.append(...inside);
  return part;
};

function shown(section, query, snippet) {
  const [name, title] = section.page;
  const link = made("a", { href: `${root}${name}#${section.anchor}` }, section.heading);
  const where = section.heading === title ? [] : [made("span", { className: "found-in" }, title)];
  const said = made("p", {});
  for (const [piece, met] of snippet(section, query)) said.append(met ? made("mark", {}, piece) : piece);
  return made("li", {}, made("h2", {}, link), ...where, said);
}

async function search() {
  const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  for (const field of document.querySelectorAll('input[name="q"]')) field.value = query;
  if (!results || !query) return;
  const status = made("p", { className: "found-count", role: "status" }, "Searching …");
  results.replaceChildren(status);
  const [{ prepared, found, snippet }, answer] = await Promise.all([
    import("./ranking.mjs"), fetch(`${root}_static/search/sections.json`),
  ]);
  const met = found(prepared(await answer.json()), query);
  const count = met.length === 1 ? "One section" : `${met.length || "No"} sections`;
  status.textContent = met.length
    ? `${count} on “${query}”${met.length > SHOWN ? `; the ${SHOWN} nearest` : ""}.`
    : `Nothing on “${query}”. Fewer words, or a word of the glossary, may find more.`;
  const list = made("ol", { className: "found" });
  list.append(...met.slice(0, SHOWN).map((section) => shown(section, query, snippet)));
  results.append(list);
  results.dataset.done = query;
}

if (document.querySelector(".bd-search-container")) search();
