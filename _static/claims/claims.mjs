// The post's claims by verdict: a choice of verdict leaves its squares lit and its cards to be read.
// What is chosen stands in the link: #verdict=wrong.

const counts = document.querySelector(".claims-count");
const squares = [...document.querySelectorAll(".claims-map a")];
const cards = [...document.querySelectorAll(".claim")];
const classOf = (part, kind) => [...part.classList].find(name => name.startsWith(`${kind}-`))?.slice(kind.length + 1);
const verdictOf = card => classOf(card.querySelector(".verdict"), "verdict");

const status = document.createElement("p");
status.className = "claims-shown";
status.setAttribute("role", "status");
counts.after(status);

// Each verdict of the list becomes a button that chooses it, or lets all be seen again.
const buttons = [...counts.querySelectorAll(".verdict")].map(word => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `claims-choice ${word.className}`;
  button.textContent = word.textContent;
  button.dataset.verdict = verdictOf(word.parentElement);
  button.addEventListener("click", () => choose(button.getAttribute("aria-pressed") === "true" ? "" : button.dataset.verdict));
  word.replaceWith(button);
  return button;
});

function show(verdict) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  for (const square of squares) square.classList.toggle("square-dim", verdict !== "" && classOf(square, "square") !== verdict);
  for (const card of cards) card.hidden = verdict !== "" && verdictOf(card) !== verdict;
  for (const section of document.querySelectorAll("section:has(> .claim)")) {
    section.hidden = ![...section.querySelectorAll(":scope > .claim")].some(card => !card.hidden);
  }
  const shown = cards.filter(card => !card.hidden).length;
  status.textContent = verdict ? `Below: ${shown} of ${cards.length} claims, ${verdict.replace("-", " ")}.` : `Below: all ${cards.length} claims. Choose a word to see its own alone.`;
}

function choose(verdict) {
  history.replaceState(null, "", verdict ? `#verdict=${verdict}` : location.pathname + location.search);
  show(verdict);
}

function fromLink() {
  const [, verdict] = /^#verdict=([a-z-]+)$/.exec(location.hash) ?? [];
  if (verdict && buttons.some(button => button.dataset.verdict === verdict)) return show(verdict);
  show("");
  document.getElementById(location.hash.slice(1))?.scrollIntoView();  // a claim that was hidden
}

addEventListener("hashchange", fromLink);
if (location.hash) fromLink(); else show("");
