/** How long the longest of several is, where each is as long as chance has it. */
import { pow } from '../engine/math.ts';
import { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import type { Distribution } from './param.ts';

/** Shape and coefficient of variation of a length. */
export type Spread = Pick<Distribution, 'shape' | 'cv'>;

/** Lengths that are looked at. */
const DRAWS = 8192;

const known = new Map<string, Float64Array>();

/** So many lengths of mean 1, from the shortest to the longest. */
function sorted({ shape, cv }: Spread): Float64Array {
  const key = `${shape} ${cv}`;
  const before = known.get(key);
  if (before) return before;
  const sampler = new Sampler({ shape, mean: 1, cv });
  const stream = new Stream(1, 'longest', key);
  const lengths = Float64Array.from({ length: DRAWS }, () => sampler.draw(stream)).sort();
  if (known.size > 100) known.clear();
  known.set(key, lengths);
  return lengths;
}

/** Mean of the longest of `n` lengths over the mean of one: Σ xᵢ ((i ÷ N)ⁿ − ((i − 1) ÷ N)ⁿ) over N lengths drawn and put in order. 1 where all are alike. */
export function longestOf(spread: Spread, n: number): number {
  if (n <= 1 || spread.shape === 'constant' || (spread.cv <= 0 && spread.shape !== 'exponential')) return 1;
  const lengths = sorted(spread);
  let sum = 0;
  let below = 0;
  for (let i = 0; i < DRAWS; i++) {
    const upTo = pow((i + 1) / DRAWS, n);
    sum += lengths[i]! * (upTo - below);
    below = upTo;
  }
  return Math.max(1, sum);
}
