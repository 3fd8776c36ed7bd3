// What a reader leaves behind stays in her own browser. Where it may not be kept (a private window,
// storage switched off, storage full) everything works until the page is left.

const PREFIX = "dependent-data.";
const here = new Map();

export function kept(name, otherwise = {}) {
  if (here.has(name)) return here.get(name);
  let value = null;
  try {
    value = JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    // not allowed, or not ours: as if nothing had been kept
  }
  return value !== null && typeof value === typeof otherwise ? value : otherwise;
}

export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    here.delete(name);
  } catch {
    here.set(name, value);
  }
}

// A change is made to what is kept now, and not to what was kept when the page was opened: the book
// may be open in two tabs.
export function change(name, how, otherwise = {}) {
  const value = kept(name, otherwise);
  how(value);
  keep(name, value);
  return value;
}

export function forgetAll() {
  here.clear();
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    }
  } catch {
    // nothing was kept
  }
}
