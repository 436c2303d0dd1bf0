/** Student's t distribution: how far a mean of few observations may lie from the truth. */
import { exp, log, logGamma } from '../../engine/math.ts';

const TINY = 1e-300;

/** Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), evaluated by Lentz' method; fast for x < (a + 1)/(a + b + 2). */
function betaFraction(a: number, b: number, x: number): number {
  const safe = (y: number): number => (Math.abs(y) < TINY ? TINY : y);
  let c = 1;
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / safe(1 + even * d);
    c = safe(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / safe(1 + odd * d);
    c = safe(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

/** Regularised incomplete beta function I_x(a, b) for 0 ≤ x ≤ 1. */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(1 - x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(a, b, x)) / a : 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

/** P(|T| > t) for t ≥ 0 with that many degrees of freedom (Abramowitz and Stegun 26.7.1). */
export function tTails(t: number, degrees: number): number {
  return incompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

const known = new Map<string, number>();

/** The t for which P(|T| ≤ t) = `level`, with at least one degree of freedom: what a standard error is multiplied by. Halving to the last bit. */
export function tFactor(level: number, degrees: number): number {
  const key = `${level} ${degrees}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  let [low, high] = [0, 1];
  while (tTails(high, degrees) > 1 - level) [low, high] = [high, 2 * high];
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (tTails(middle, degrees) > 1 - level) low = middle;
    else high = middle;
  }
  known.set(key, high);
  return high;
}
