/** The hit ratio of a cache by arithmetic: Che's approximation over a Zipf popularity, without visiting every key. */
import { exp, log, pow } from '../../engine/math.ts';

/** Ranks taken one by one; beyond, they are taken in groups this much wider than the last. */
const SINGLE = 64;
const WIDER = 1.05;

/** Ranks in groups: how many, and how popular each of them is (the chance that a request asks for it). */
interface Popularity {
  readonly count: Float64Array;
  readonly chance: Float64Array;
}

/** ∫ x^−s dx between two ranks. */
const area = (from: number, to: number, s: number): number => (s === 1 ? log(to / from) : (pow(to, 1 - s) - pow(from, 1 - s)) / (1 - s));

function popularity(keys: number, skew: number): Popularity {
  const counts: number[] = [];
  const weights: number[] = [];
  for (let first = 1; first <= keys; ) {
    const last = first <= SINGLE ? first : Math.min(keys, Math.floor(first * WIDER));
    const count = last - first + 1;
    counts.push(count);
    weights.push(count === 1 ? pow(first, -skew) : area(first - 0.5, last + 0.5, skew) / count);
    first = last + 1;
  }
  const total = weights.reduce((sum, w, i) => sum + w * counts[i]!, 0);
  return { count: Float64Array.from(counts), chance: Float64Array.from(weights, (w) => w / total) };
}

/** Σ count × f(chance). */
function sum({ count, chance }: Popularity, f: (chance: number) => number): number {
  let total = 0;
  for (let i = 0; i < count.length; i++) total += count[i]! * f(chance[i]!);
  return total;
}

/**
 * The T, in requests, at which Σ (1 − e^(−p·T)) = entries; Infinity where everything fits. Newton's method: the sum is concave and at most T, so
 * that from T = entries every step stays below the answer.
 */
function characteristicTime(of: Popularity, keys: number, entries: number): number {
  if (entries >= keys) return Infinity;
  let t = entries;
  for (let k = 0; k < 60; k++) {
    let missing = entries;
    let slope = 0;
    for (let i = 0; i < of.count.length; i++) {
      const absent = exp(-of.chance[i]! * t);
      missing -= of.count[i]! * (1 - absent);
      slope += of.count[i]! * of.chance[i]! * absent;
    }
    if (missing <= 1e-9 * entries) break;
    t += missing / slope;
  }
  return t;
}

/** The share of the most popular `entries` keys: what a cache that knows the popularity would hit. */
function topShare(of: Popularity, entries: number, hit: (chance: number) => number): number {
  let left = entries;
  let share = 0;
  for (let i = 0; i < of.count.length && left > 0; i++) {
    const n = Math.min(left, of.count[i]!);
    share += n * of.chance[i]! * hit(of.chance[i]!);
    left -= n;
  }
  return share;
}

/** What arithmetic says of a cache. `time` is how long, in seconds, an entry stays that nobody asks for. */
export interface Predicted {
  readonly hit: number;
  readonly time: number;
}

/**
 * Steady hit ratio of a cache of `entries` equal entries before `keys` keys of Zipf popularity `skew`, asked for independently `rate` times a second.
 * Least recently used: Che's approximation (Che, Tung and Wang 2002), Σ p(1 − e^(−pT)) with T from Σ (1 − e^(−pT)) = entries. By
 * popularity: the sum of the most popular. A lifetime D counted from storing bounds the hits between two misses of a key by λD (exact for D ≤ T).
 */
export function predictedHits(keys: number, skew: number, entries: number, rate: number, lifetime: number, byRecency: boolean): Predicted {
  const of = popularity(keys, skew);
  const perKey = (p: number): number => (lifetime > 0 ? p * rate * lifetime : Infinity);
  const kept = (hits: number): number => (hits < Infinity ? hits / (1 + hits) : 1);
  const t = characteristicTime(of, keys, entries);
  const time = rate > 0 ? t / rate : Infinity;
  if (!byRecency) return { hit: topShare(of, entries, (p) => kept(perKey(p))), time };
  return { hit: sum(of, (p) => p * kept(Math.min(t < Infinity ? exp(p * t) - 1 : Infinity, perKey(p)))), time };
}
