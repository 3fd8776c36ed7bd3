// The setting in the link: `page.html#play-iid?icc=0.2&plan=few` opens the plaything `iid` so.
// Values that stand where they start are left out, so a plain link is a plain setting.

const OURS = /^#play-([\w-]+)\?(.*)$/;

/** The setting with which everything starts. */
export const starts = (controls) =>
  Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.start]));

/** What the address says of this plaything; null where it speaks of none, or of another. */
export function fromAddress(name, controls) {
  const said = OURS.exec(location.hash);
  if (!said || said[1] !== name) return null;
  const state = starts(controls);
  for (const [key, text] of new URLSearchParams(said[2])) {
    const value = Object.hasOwn(controls, key) ? controls[key].read(text) : undefined;
    if (value !== undefined) state[key] = value;
  }
  return state;
}

/** The part of a link that brings this setting back. */
export function toHash(name, controls, state) {
  const moved = Object.keys(controls).filter((key) => state[key] !== controls[key].start);
  return `#play-${name}?${new URLSearchParams(moved.map((key) => [key, said(state[key])]))}`;
}

const said = (value) => ({ true: "yes", false: "no" })[value] ?? String(value);

let waiting = 0;
/** Write it into the address once the reader pauses: browsers count how often one does. */
export function toAddress(name, controls, state) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const hash = toHash(name, controls, state);
    if (!hash.endsWith("?")) history.replaceState(history.state, "", hash);
    else if (OURS.test(location.hash)) {
      history.replaceState(history.state, "", location.pathname + location.search);
    }
  }, 300);
}
