// A glossary term shows its definition where it is used: on hover, on focus, at a first tap. The card
// lies over the page and moves nothing in it.

const TERM = 'article a.reference.internal[href*="#term-"]';
const GLOSSARY = new URL("../../chapters/glossary.html", import.meta.url);
const WAIT = 180; // a pointer that only passes by opens nothing
const GAP = 8;

let terms = null;
let card = null;
let shownFor = null;
let timer = null;
let touched = false;

async function definition(link) {
  terms ??= fetch(new URL("glossary.json", import.meta.url)).then((answer) => answer.json());
  try {
    return (await terms)[decodeURIComponent(new URL(link.href).hash.slice(1))];
  } catch {
    terms = null; // not to be had now: the link still leads to the page
    return undefined;
  }
}

function makeCard() {
  card = document.createElement("div");
  card.id = "term-card";
  card.className = "term-card";
  card.popover = "manual";
  card.setAttribute("role", "note");
  card.setAttribute("aria-label", "Glossary");
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  card.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") closeSoon(); });
  card.addEventListener("focusout", (event) => { if (!card.contains(event.relatedTarget)) closeSoon(); });
  // beside the articles, so that the links in it are not terms themselves
  document.body.append(card);
}

function place(link) {
  const at = link.getClientRects()[0];
  const { offsetWidth: width, offsetHeight: height } = card;
  const left = Math.max(GAP, Math.min(at.left, document.documentElement.clientWidth - width - GAP));
  const below = at.bottom + GAP + height <= innerHeight || at.top < height + GAP;
  card.style.left = `${left}px`;
  card.style.top = `${below ? at.bottom + GAP : at.top - height - GAP}px`;
}

async function show(link) {
  if (shownFor === link) return;
  const found = await definition(link);
  if (!found || (wanted !== link)) return;
  if (!card) makeCard();
  close();
  const name = document.createElement("strong");
  name.textContent = found.term;
  const text = document.createElement("div");
  text.innerHTML = found.html; // from the book's own glossary, served beside it
  for (const inner of text.querySelectorAll("a[href]")) {
    inner.href = new URL(inner.getAttribute("href"), GLOSSARY);
  }
  const more = document.createElement("a");
  more.className = "term-more";
  more.href = link.href;
  more.textContent = "In the glossary";
  card.replaceChildren(name, text, more);
  card.showPopover();
  card.scrollTop = 0;
  place(link);
  shownFor = link;
  link.setAttribute("aria-describedby", card.id);
}

function close() {
  clearTimeout(timer);
  if (!shownFor) return;
  shownFor.removeAttribute("aria-describedby");
  shownFor = null;
  card.hidePopover();
}

let wanted = null;
function want(link, wait) {
  clearTimeout(timer);
  wanted = link;
  timer = setTimeout(() => show(link), wait);
}

function closeSoon() {
  clearTimeout(timer);
  wanted = null;
  timer = setTimeout(close, 250);
}

const termAt = (event) => event.target instanceof Element && event.target.closest(TERM);

document.addEventListener("pointerover", (event) => {
  const link = termAt(event);
  if (link && event.pointerType !== "touch") want(link, WAIT);
});
document.addEventListener("pointerout", (event) => {
  if (termAt(event) && event.pointerType !== "touch") closeSoon();
});
document.addEventListener("pointerdown", (event) => {
  touched = event.pointerType === "touch";
  if (shownFor && !termAt(event) && !card.contains(event.target)) close();
});
document.addEventListener("focusin", (event) => {
  const link = termAt(event);
  if (link && link.matches(":focus-visible")) want(link, 0);
});
document.addEventListener("focusout", (event) => {
  if (termAt(event) && !card?.contains(event.relatedTarget)) closeSoon();
});
document.addEventListener("click", (event) => {
  const link = termAt(event);
  if (!link || !touched || shownFor === link || event.ctrlKey || event.metaKey) return;
  event.preventDefault(); // the first tap shows the card, which has the link; a second one follows it
  want(link, 0);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !shownFor) return;
  if (card.contains(document.activeElement)) shownFor.focus();
  wanted = null;
  close();
});
addEventListener("scroll", () => { if (shownFor) close(); }, { passive: true });
