/** The longest of several lengths, beside what is known of it. */
import { describe, expect, it } from 'vitest';
import { longestOf } from '../src/kit/longest.ts';

describe('the longest of several', () => {
  it('is as known where they are exponential or uniform', () => {
    for (const n of [2, 5, 20, 100]) {
      const harmonic = Array.from({ length: n }, (_, k) => 1 / (k + 1)).reduce((a, b) => a + b, 0);
      expect(longestOf({ shape: 'exponential', cv: 1 }, n) / harmonic).toBeCloseTo(1, 1);
      const half = 0.5 * Math.sqrt(3);
      expect(longestOf({ shape: 'uniform', cv: 0.5 }, n)).toBeCloseTo(1 - half + (2 * half * n) / (n + 1), 1);
    }
  });

  it('is one of them where all are alike, and grows with how many there are', () => {
    expect([longestOf({ shape: 'constant', cv: 0 }, 50), longestOf({ shape: 'lognormal', cv: 0 }, 50), longestOf({ shape: 'lognormal', cv: 0.8 }, 1)]).toEqual([1, 1, 1]);
    const lengths = [1, 1.5, 2, 8, 64, 512].map((n) => longestOf({ shape: 'lognormal', cv: 0.8 }, n));
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(lengths.at(-1)).toBeGreaterThan(4);
  });
});
