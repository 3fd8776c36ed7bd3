// What all playthings share: the picture takes the still figure's place, controls stand below it,
// words say what is seen, and any change is answered by one redrawing in the next frame.
//
// A plaything is a module that exports
//   title      what it is called, for those who do not see it
//   height     { narrow, wide }, in rem: the room it takes; read at build, so that nothing jumps
//   controls   the setting, by name: slider, choice, tick or kept (controls.mjs)
//   numbers    (state, data) => what is computed, by name: what the tests hold to the module
//   says       (state, numbers) => one to three sentences
//   draw       (picture, state, numbers, motion) => true while something still moves
// and, where it needs them,
//   buttons    by name: { label, press: (state) => what changes }
//   lines      { narrow, wide }: how many lines of words to leave room for
//   bare       true: a link brings the setting, so there is nothing to start over or to link to
//   data       true: the numbers that its file in _ext/play_data/ wrote at build
//   opens      (play, panel) => called once its controls stand: for parts of its own
//   drag       (picture, state, x, y, first) => what changes while a finger pulls on the picture, or
//              null; `first` says that it has just come down. Sliders must do the same.

import { element } from "./controls.mjs";
import { copyLink } from "./copy.mjs";
import { Pen } from "./drawing.mjs";
import { fromAddress, starts, toAddress, toHash } from "./state.mjs";

const NARROW = 544; // px; play.css has the same 34rem
const PAUSE = 700; // ms after which what is seen is said to those who listen
/** What the stage takes the place of: the figure's picture, whose caption stays where it is. */
function stillOf(place) {
  const still = place.querySelector(".play-still");
  let part = still.querySelector("img") ?? still.firstElementChild;
  while (part.parentElement !== still && part.parentElement.tagName !== "FIGURE") {
    part = part.parentElement;
  }
  return part;
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function mount(place, module, data) {
  const name = place.dataset.play, { controls } = module;
  let state = fromAddress(name, controls) ?? starts(controls);
  let numbers, waiting = null, pause = 0;

  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("role", "img");
  const frame = element("div", { class: "play-picture" });
  frame.append(svg);
  const words = element("p", { class: "play-says" });
  const listener = element("p", { class: "play-heard", role: "status", "aria-live": "polite" });
  const panel = element("div", { class: "play-controls" });
  const about = { class: "play-stage", role: "group", "aria-label": module.title };
  const stage = element("div", about, frame, words, panel, listener);
  if (module.lines) {
    stage.style.setProperty("--play-lines-narrow", module.lines.narrow);
    stage.style.setProperty("--play-lines-wide", module.lines.wide);
  }

  const picture = { svg, pen: new Pen(svg), width: 0, height: 0, narrow: false, place };
  const play = (place.play = { state, numbers: null, words: "", times: [], set: change, stage });

  // ---- What moves the setting

  const shown = {};
  for (const [key, control] of Object.entries(controls)) {
    if (!control.build) continue;
    const built = control.build((value) => change({ [key]: value }), `${name}-${key}`);
    shown[key] = built.show;
    panel.append(built.node);
  }
  const row = element("div", { class: "play-buttons" });
  const button = (label, press, kind = "") => {
    const node = element("button", { type: "button", class: `play-button ${kind}` }, label);
    node.addEventListener("click", press);
    row.append(node);
    return node;
  };
  for (const { label, press, kind } of Object.values(module.buttons ?? {})) {
    button(label, () => change(press(state)), kind);
  }
  if (!module.bare) button("Start over", () => change(starts(controls)), "quiet");
  const link = module.bare ? null : button("Link", copyIt, "quiet");
  link?.setAttribute("title", "Copy a link to this setting");
  module.opens?.(play, panel);
  panel.append(row);

  function change(changes) {
    const read = (key) => controls[key].read(String(changes[key])) ?? state[key];
    state = { ...state };
    for (const key in changes) state[key] = read(key);
    toAddress(name, controls, state);
    redraw();
  }

  async function copyIt() {
    listener.textContent = await copyLink(link, toHash(name, controls, state), "See address bar");
  }

  // ---- The answer

  function redraw() {
    waiting ??= requestAnimationFrame(() => {
      waiting = null;
      const before = performance.now();
      numbers = module.numbers(state, data);
      Object.assign(play, { state, numbers, words: module.says(state, numbers) });
      for (const key in shown) shown[key](state[key]);
      words.textContent = play.words;
      svg.setAttribute("aria-label", `${module.title}. ${play.words}`);
      drawOnce(true);
      play.times.push(performance.now() - before);
      hush();
    });
  }

  let moving = 0;
  function drawOnce(fresh = false) {
    cancelAnimationFrame(moving);
    if (picture.width <= 0) return;
    const motion = { allowed: !calm.matches, fresh, time: performance.now() };
    const again = module.draw(picture, state, numbers, motion, data);
    picture.pen.done();
    play.moving = Boolean(again);
    if (again) moving = requestAnimationFrame(() => drawOnce());
  }

  let first = true;
  function hush() {
    clearTimeout(pause);
    if (first) return void (first = false); // a page that opens does not talk by itself
    pause = setTimeout(() => (listener.textContent = play.words), PAUSE);
  }

  // ---- A finger on the picture

  if (module.drag) {
    let held = false;
    const pull = (event, begins) => {
      const box = svg.getBoundingClientRect();
      const at = [event.clientX - box.left, event.clientY - box.top];
      const changes = module.drag(picture, state, ...at, begins, data);
      if (changes) change(changes);
      return Boolean(changes);
    };
    svg.addEventListener("pointerdown", (event) => {
      held = pull(event, true);
      if (held) svg.setPointerCapture(event.pointerId);
    });
    // a finger that holds something does not scroll the page
    const still = (event) => held && event.preventDefault();
    svg.addEventListener("touchstart", still, { passive: false });
    svg.addEventListener("pointermove", (event) => held && pull(event, false));
    for (const end of ["pointerup", "pointercancel"]) {
      svg.addEventListener(end, () => (held = false));
    }
    svg.classList.add("pulled");
  }

  // ---- On stage

  addEventListener("hashchange", () => {
    const asked = fromAddress(name, controls);
    if (!asked) return;
    state = asked;
    redraw();
  });
  const behind = stillOf(place);
  behind.before(stage);
  behind.classList.add("play-behind");
  place.classList.add("live");
  new ResizeObserver(() => {
    const box = frame.getBoundingClientRect();
    picture.width = box.width;
    picture.height = box.height;
    picture.narrow = stage.getBoundingClientRect().width < NARROW;
    svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    if (numbers) drawOnce();
  }).observe(frame);
  redraw();
}
