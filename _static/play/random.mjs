// Random numbers with a seed, so that a link shows everyone the same studies.

/** A generator of uniform numbers in (0, 1): Chris Doty-Humphrey's sfc32, started from two whole
 * numbers (a seed, and which of its streams), which twenty idle turns mix. */
export function uniforms(seed, stream = 0) {
  let a = seed | 0, b = stream | 0, c = 0x9e3779b9 | 0, count = 1;
  const next = () => {
    const sum = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return ((sum >>> 0) + 0.5) / 4294967296;
  };
  for (let turn = 0; turn < 20; turn++) next();
  return next;
}

/** A generator of standard normal numbers, in pairs by the polar method. */
export function normals(seed, stream = 0) {
  const uniform = uniforms(seed, stream);
  let spare = null;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const u = 2 * uniform() - 1, v = 2 * uniform() - 1, square = u * u + v * v;
      if (square > 0 && square < 1) {
        const stretch = Math.sqrt((-2 * Math.log(square)) / square);
        spare = v * stretch;
        return u * stretch;
      }
    }
  };
}
