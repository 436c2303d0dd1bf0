/** Two normal distributions of scores, of safe and of unsafe content: how well a threshold tells them apart. */
import { exp } from '../../engine/math.ts';

/** Standard normal distribution function, absolute error below 1e-15 (series of Marsaglia 2004); 0 or 1 beyond 8 standard deviations. */
export function normalShare(x: number): number {
  if (x <= -8) return 0;
  if (x >= 8) return 1;
  let term = x;
  let sum = x;
  for (let k = 3; sum + term !== sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * exp(-0.5 * x * x)) / 2.5066282746310002;
}

/** The x below which that share of a standard normal lies, by bisection between −8 and 8. */
export function normalQuantile(share: number): number {
  let low = -8;
  let high = 8;
  for (let k = 0; k < 60; k++) {
    const x = (low + high) / 2;
    if (normalShare(x) < share) low = x;
    else high = x;
  }
  return (low + high) / 2;
}

/** Scores of safe content have mean 0 and standard deviation 1, those of unsafe content these. */
export interface Scores {
  readonly mean: number;
  readonly spread: number;
}

/**
 * The distributions with that area under the ROC curve, which is the chance that unsafe content scores higher than safe: AUC = Φ(mean ÷ √(1 + spread²))
 * (binormal model; Green and Swets 1966, Hanley and McNeil 1982).
 */
export const scoresOf = (auc: number, spread: number): Scores => ({ mean: normalQuantile(auc) * Math.sqrt(1 + spread * spread), spread });

/** Share of safe, and of unsafe, content with scores from `low` to below `high`. */
export const safeBetween = (low: number, high: number): number => normalShare(high) - normalShare(low);
export const unsafeBetween = ({ mean, spread }: Scores, low: number, high: number): number => normalShare((high - mean) / spread) - normalShare((low - mean) / spread);
