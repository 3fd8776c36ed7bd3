// The statistics that playthings need. Tests hold each function against scipy.

export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const mean = (values) => sum(values) / values.length;

/** Variance about the mean, over n - 1. */
export function variance(values) {
  const middle = mean(values);
  return sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
}

/** One straight line through points by least squares, and the usual test of its slope. */
export function leastSquares(x, y) {
  const n = x.length, xMean = mean(x), yMean = mean(y);
  let sxx = 0, sxy = 0, syy = 0;
  for (let i = 0; i < n; i++) {
    sxx += (x[i] - xMean) ** 2;
    sxy += (x[i] - xMean) * (y[i] - yMean);
    syy += (y[i] - yMean) ** 2;
  }
  const slope = sxy / sxx, df = n - 2;
  const residual = Math.max(syy - slope * sxy, 0);
  const error = Math.sqrt(residual / df / sxx), t = slope / error;
  return { slope, intercept: yMean - slope * xMean, error, t, df, p: tTwoSided(t, df) };
}

/** Chance that a standard normal number lies below z: Marsaglia's series, a continued fraction far
 * out, where the series would lose digits. */
export function normalBelow(z) {
  if (z > 5) return 1 - normalBelow(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < -5) {
    let fraction = -z;
    for (let k = 60; k >= 1; k--) fraction = -z + k / fraction;
    return density / fraction;
  }
  let term = z, total = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(total); k += 2) {
    term *= (z * z) / k;
    total += term;
  }
  return 0.5 + density * total;
}

/** The number below which a standard normal one lies with chance p. */
export function normalQuantile(p) {
  if (p > 0.5) return -normalQuantile(1 - p);
  return root((z) => normalBelow(z) - p, -38, 0.01);
}

/** Logarithm of the gamma function (Stirling's series, after climbing to where it is exact). */
export function logGamma(x) {
  let climbed = 0;
  while (x < 15) climbed += Math.log(x++);
  const y = 1 / (x * x);
  const tail = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + tail - climbed;
}

const betas = new Map(); // a plaything asks for the same few again and again
function logBeta(a, b) {
  const key = `${a} ${b}`;
  if (!betas.has(key)) betas.set(key, logGamma(a) + logGamma(b) - logGamma(a + b));
  return betas.get(key);
}

/** The regularised incomplete beta function, by its continued fraction. */
export function betaBelow(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaBelow(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  const tiny = 1e-300;
  let above = 1, below = 1 / (1 - ((a + b) * x) / (a + 1) || tiny), fraction = below;
  for (let m = 1; m < 500; m++) {
    const before = fraction;
    for (const step of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      below = 1 / (1 + step * below || tiny);
      above = 1 + step / above || tiny;
      fraction *= above * below;
    }
    if (Math.abs(fraction - before) < 1e-15 * Math.abs(fraction)) break;
  }
  return (front * fraction) / a;
}

/** The chance of a |t| as large as this, or larger, where nothing is going on. */
export const tTwoSided = (t, df) => betaBelow(df / (df + t * t), df / 2, 0.5);

/** The |t| beyond which a test at this level rejects. The chance of a larger |t| falls, and ever more
 * slowly, so Newton's steps from the left never go too far. */
export function tCritical(df, level = 0.05) {
  const front = 2 / (Math.sqrt(df) * Math.exp(logBeta(df / 2, 0.5)));
  let t = -normalQuantile(level / 2);
  for (let turn = 0; turn < 60; turn++) {
    const step = (tTwoSided(t, df) - level) / (front * (1 + (t * t) / df) ** (-(df + 1) / 2));
    t += step;
    if (Math.abs(step) < 1e-13 * t) break;
  }
  return t;
}

/** Chance that a chi-square with df degrees of freedom lies below x. */
export function chiSquareBelow(x, df) {
  if (x <= 0) return 0;
  const a = df / 2, half = x / 2;
  const front = Math.exp(a * Math.log(half) - half - logGamma(a));
  if (half < a + 1) {
    let term = 1 / a, total = term;
    for (let k = 1; term > 1e-17 * total; k++) total += term *= half / (a + k);
    return front * total;
  }
  let fraction = 0;
  for (let k = 200; k >= 1; k--) fraction = (k * (k - a)) / (half + 2 * k + 1 - a - fraction);
  return 1 - front / (half + 1 - a - fraction);
}

/** Where a rising function crosses zero: halving, which cannot fail. */
export function root(rising, low, high) {
  for (let turn = 0; turn < 200 && high - low > 1e-15 * Math.max(1, Math.abs(low)); turn++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The integral of a smooth function, by sixty-four-point Gauss-Legendre quadrature. */
export function integral(smooth, low, high) {
  const middle = (low + high) / 2, half = (high - low) / 2;
  let total = 0;
  for (const [node, weight] of nodes()) total += weight * smooth(middle + half * node);
  return half * total;
}

let kept = null;
function nodes(n = 64) {
  if (kept) return kept;
  kept = [];
  for (let k = 1; k <= n; k++) {
    let x = Math.cos((Math.PI * (k - 0.25)) / (n + 0.5)), slope = 0;
    for (let turn = 0; turn < 50; turn++) {
      let last = 1, now = x;
      for (let j = 2; j <= n; j++) [last, now] = [now, ((2 * j - 1) * x * now - (j - 1) * last) / j];
      slope = (n * (x * now - last)) / (x * x - 1);
      const step = now / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    kept.push([x, 2 / ((1 - x * x) * slope * slope)]);
  }
  return kept;
}
