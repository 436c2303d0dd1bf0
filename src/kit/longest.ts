/** How long the longest of several is, where each is as long as chance has it. */
import { log } from '../engine/math.ts';
import { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import type { Distribution } from './param.ts';

/** Shape and coefficient of variation of a length. */
export type Spread = Pick<Distribution, 'shape' | 'cv'>;

/** Lengths that are looked at; and of how many the longest is worked out, by doubling. */
const DRAWS = 16_384;
const DOUBLINGS = 12;

const known = new Map<string, readonly number[]>();

/** Mean of the longest of 1, 2, 4, … lengths over the mean of one: Σ xᵢ ((i ÷ N)ⁿ − ((i − 1) ÷ N)ⁿ) over N lengths drawn and put in order. */
function doubled({ shape, cv }: Spread): readonly number[] {
  const key = `${shape} ${cv}`;
  const before = known.get(key);
  if (before) return before;
  const sampler = new Sampler({ shape, mean: 1, cv });
  const stream = new Stream(1, 'longest', key);
  const lengths = Float64Array.from({ length: DRAWS }, () => sampler.draw(stream)).sort();
  // (i ÷ N)ⁿ of the present n, squared for twice as many.
  const powers = Float64Array.from({ length: DRAWS + 1 }, (_, i) => i / DRAWS);
  const means = Array.from({ length: DOUBLINGS + 1 }, () => {
    const mean = lengths.reduce((sum, x, i) => sum + x * (powers[i + 1]! - powers[i]!), 0);
    powers.forEach((power, i) => (powers[i] = power * power));
    return mean;
  });
  const all = means.map((mean) => mean / means[0]!);
  if (known.size > 100) known.clear();
  known.set(key, all);
  return all;
}

/** Mean of the longest of `n` lengths over the mean of one, between doublings as the logarithm goes; 1 where all are alike. */
export function longestOf(spread: Spread, n: number): number {
  if (n <= 1 || spread.shape === 'constant' || (spread.cv <= 0 && spread.shape !== 'exponential')) return 1;
  const all = doubled(spread);
  const at = Math.min(DOUBLINGS, log(n) / log(2));
  const low = Math.min(DOUBLINGS - 1, Math.floor(at));
  return all[low]! + (at - low) * (all[low + 1]! - all[low]!);
}
