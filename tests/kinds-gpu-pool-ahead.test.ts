/** Engines that put the batch of an iteration together while the one before it runs: whoever comes meanwhile lets that one pass. */
import { describe, expect, it } from 'vitest';
import type { Clockwork } from '../src/kinds/gpu-pool/physics.ts';
import type { Rules } from '../src/kinds/gpu-pool/rules.ts';
import { Rig } from './gpu-pool-rig.ts';

/** Every iteration takes a second. */
const aSecondEach: Clockwork = { growth: { seconds: 0, flops: 0, bytes: 0 }, begin: () => {}, chunk: () => {}, seconds: () => 1, flops: () => 0, bytes: () => 0 };

/** Seconds to the first token of a request that comes at `moment`, while another one that came at 0 answers with 100 tokens. */
function firstToken(moment: number, ahead: boolean, longest?: number, looksEvery = 1): number {
  const rig = new Rig({ arrival: [0, moment], input: [10, 10], output: [100, 5] }, {}, { clockwork: aSecondEach, blocks: 1000, watermark: 0, ahead, looksEvery, ...(longest === undefined ? {} : { longest }) }).run();
  return rig.ttft(1);
}

describe('an engine that plans ahead', () => {
  it('takes a newcomer into the iteration after the next one; one that does not, into the next', () => {
    expect(firstToken(20.25, false)).toBeCloseTo(0.75 + 1, 9);
    expect(firstToken(20.25, true)).toBeCloseTo(0.75 + 1 + 1, 9);
    expect(firstToken(20.25, true, 1)).toBeCloseTo(0.75 + 1 + 1, 9);
  });

  it('does so too while it works on a prompt', () => {
    expect(firstToken(0.5, true)).toBeCloseTo(0.5 + 1 + 1, 9);
  });

  it('takes whoever comes when it rests, or has nothing else to do, at once', () => {
    expect(firstToken(200, true)).toBeCloseTo(1, 9);
    expect(firstToken(99.5, true)).toBeCloseTo(0.5 + 1, 9);
  });
});

describe('an engine that looks at its queue every ten decode iterations', () => {
  // The prompt that comes at 0 is done at 1: it looks then, and at 11, 21, 31.
  it('takes a newcomer in when it looks next', () => {
    for (const longest of [undefined, 1]) {
      expect(firstToken(20.25, false, longest, 10)).toBeCloseTo(0.75 + 1, 9);
      expect(firstToken(12.25, false, longest, 10)).toBeCloseTo(8.75 + 1, 9);
    }
  });

  it('does so when the last iteration before begins, if it plans ahead', () => {
    for (const longest of [undefined, 1]) {
      expect(firstToken(19.75, true, longest, 10)).toBeCloseTo(1.25 + 1, 9);
      expect(firstToken(20.25, true, longest, 10)).toBeCloseTo(10.75 + 1, 9);
    }
  });

  it('takes whoever comes when it rests, or has nothing else to do, at once', () => {
    expect(firstToken(200, false, undefined, 10)).toBeCloseTo(1, 9);
    expect(firstToken(98.5, false, undefined, 30)).toBeCloseTo(1.5 + 1, 9);
  });
});

describe('an engine that is told to look at its queue more often', () => {
  it('goes on, and sees newcomers as often from then on', () => {
    const rig = new Rig({ arrival: [0, 1.5], input: [10, 10], output: [4000, 20] }, { queueLooks: 1000 }, { blocks: 1000, watermark: 0 });
    rig.run(2).pool.retune({ ...rig.values, queueLooks: 2 });
    rig.run();
    expect(rig.pool.inFlight).toBe(0);
    expect(rig.ttft(1)).toBeLessThan(0.7);
  });
});

describe('an engine whose prompts wait for company', () => {
  // The first answers with 100 tokens, from 1 on; the others come while it does.
  const firsts = (moments: readonly number[], special: Partial<Rules>): number[] => {
    const all = [0, ...moments];
    const rules = { clockwork: aSecondEach, blocks: 1000, watermark: 0, ahead: false, ...special };
    const both = [{}, { longest: 1 }].map((longest) => new Rig({ arrival: all, input: all.map(() => 10), output: [100, ...moments.map(() => 5)] }, {}, { ...rules, ...longest }).run());
    const [macro, single] = both.map((rig) => moments.map((_, i) => rig.ttft(i + 1)));
    expect(macro).toEqual(single);
    return macro!;
  };

  it('lets them wait for so many iterations, unless enough tokens come together', () => {
    expect(firsts([20.25], { companyIterations: 5, companyTokens: 1000 })).toEqual([0.75 + 5 + 1]);
    expect(firsts([20.25, 22.5], { companyIterations: 5, companyTokens: 21 })).toEqual([0.75 + 2 + 1, 0.5 + 1]);
    expect(firsts([20.25, 22.5], { companyIterations: 5, companyTokens: 11 })).toEqual([0.75 + 1, 0.5 + 1]);
  });

  it('lets them wait for one in each group of GPUs with sequences of its own', () => {
    expect(firsts([20.25, 23.5], { companyIterations: 60, groups: 2, budget: 4000 })).toEqual([0.75 + 3 + 1, 0.5 + 1]);
  });

  it('does not let them wait where nobody answers', () => {
    expect(firsts([200], { companyIterations: 5, companyTokens: 1000 })).toEqual([1]);
  });
});

describe('an engine that plans ahead and takes over answers begun elsewhere', () => {
  it('takes one that came during its last iteration once it has nothing else to do', () => {
    let decodes = 0;
    const quickPrompts: Clockwork = { ...aSecondEach, begin: (n) => (decodes = n), seconds: () => (decodes > 0 ? 1 : 0.1) };
    const special = { clockwork: quickPrompts, blocks: 1000, watermark: 0, ahead: true };
    const rig = new Rig({ arrival: [0, 1.4], input: [10, 10], output: [3, 3] }, { poolReplicas: 2, promptReplicas: 1, handoverLatency: 0.01 }, special).run();
    expect(rig.pool.inFlight).toBe(0);
    expect(rig.e2e(0)).toBeCloseTo(0.1 + 0.01 + 2, 3);
    expect(rig.e2e(1)).toBeCloseTo(2.11 - 1.4 + 0.01 + 2, 3);
  });
});

describe('an engine whose GPUs have sequences of their own', () => {
  const first = (groups: number, input: readonly number[]): number[] => {
    const rig = new Rig({ arrival: input.map(() => 0), input, output: input.map(() => 5) }, {}, { clockwork: aSecondEach, blocks: 10_000, watermark: 0, ahead: false, budget: 4000, groups }).run();
    return input.map((_, i) => rig.ttft(i));
  };

  it('works on a prompt in one group, within its part of the budget; two of them side by side', () => {
    expect(first(1, [3000])).toEqual([1]);
    expect(first(2, [3000])).toEqual([2]);
    expect(first(2, [2000, 2000])).toEqual([1, 1]);
    expect(first(4, [3000, 500])).toEqual([3, 1]);
  });
});
