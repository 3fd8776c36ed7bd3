// Which chapters have been read, and where the reader left off: kept in her browser, shown in the
// contents and on the home page.

import { change, kept } from "../guess/store.mjs";

const ROOT = new URL("../../", import.meta.url);

function pageOf(address) {
  const path = new URL(address, location.href).pathname;
  if (!path.startsWith(ROOT.pathname)) return null;
  return path.slice(ROOT.pathname.length).replace(/(?:index)?(?:\.html)?$/, "");
}

const here = pageOf(location.href);
const article = document.querySelector("article.bd-article");
const IS_CHAPTER = here.startsWith("chapters/") && article;

function markContents() {
  const read = kept("read");
  for (const link of document.querySelectorAll("nav.bd-links a.reference.internal")) {
    const done = Boolean(read[pageOf(link.href)]);
    if (done === link.classList.contains("is-read")) continue;
    link.classList.toggle("is-read", done);
    if (!done) {
      link.querySelector(".only-said").remove();
      continue;
    }
    const words = document.createElement("span");
    words.className = "only-said";
    words.textContent = " (read)";
    link.append(words);
  }
}

// The heading above the middle of the screen says where she is, however the page is laid out later.
function section() {
  let last = null;
  for (const heading of article.querySelectorAll("section[id] > :is(h2, h3)")) {
    if (heading.getBoundingClientRect().top > innerHeight / 2) break;
    last = heading;
  }
  return last;
}

function words(heading) {
  const copy = heading.cloneNode(true);
  for (const link of copy.querySelectorAll(".headerlink, .only-said")) link.remove();
  return copy.textContent.trim();
}

function remember() {
  const at = section();
  const title = article.querySelector("h1");
  if (!title || !at) return; // whoever only opened the page has left off nowhere
  change("place", (place) => {
    place.page = here;
    place.title = words(title);
    place.id = at.parentElement.id;
    place.section = words(at);
  });
}

let waiting = null;
function later() {
  waiting ??= setTimeout(() => {
    waiting = null;
    remember();
  }, 400);
}

// At the end of the page, after its headings have been passed, it has been read.
function watchEnd() {
  const end = document.querySelector(".prev-next-footer");
  if (!end) return;
  new IntersectionObserver((seen, watcher) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watcher.disconnect();
    change("read", (read) => { read[here] = new Date().toISOString().slice(0, 10); });
    markContents();
  }).observe(end);
}

function offerToGoOn() {
  const place = kept("place");
  if (!place.page || kept("settings").noGoOn === `${place.page}#${place.id}`) return;
  const box = document.createElement("aside");
  box.className = "go-on";
  box.setAttribute("aria-label", "Where you left off");
  const link = document.createElement("a");
  link.href = new URL(`${place.page}.html#${place.id}`, ROOT);
  link.textContent = "Go on where you left off";
  const where = document.createElement("span");
  where.textContent = `${place.title.split(":")[0]}, ${place.section}`;
  link.append(where);
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", "Close");
  close.textContent = "×";
  close.addEventListener("click", () => {
    change("settings", (all) => { all.noGoOn = `${place.page}#${place.id}`; });
    box.remove();
  });
  box.append(link, close);
  document.querySelector("main").append(box);
}

markContents();
if (IS_CHAPTER) {
  addEventListener("scroll", later, { passive: true });
  watchEnd();
} else if (here === "" || here === "intro") {
  offerToGoOn();
}
