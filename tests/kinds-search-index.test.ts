/** The search index: postings by the popularity of words, the slowest shard, freshness by the refresh. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, imbalances, node, off, path, people, ran, sketch, tuned, wire } from './sketch.ts';

const still = { indexTerms: constant(3), indexJitter: 0, indexRefreshFactor: 1 };
const searched = (rate: number, params: Record<string, unknown>, seconds = 200) => sketch([people(rate), node('i', 'search-index', { ...still, ...params })], path('users', 'i'), seconds);
const value = (design: ReturnType<typeof searched>, label: string) => estimates(design).i!.rows.find((row) => row.label === label)!.value;

describe('search index', () => {
  it('reads as many postings as the popularity of words says', () => {
    for (const indexMatch of ['all', 'any'])
      for (const indexAskedSkew of [0.5, 0.8, 1.2]) {
        const design = searched(200, { indexMatch, indexAskedSkew, indexPostingTime: 1e-9 }, 500);
        const { measures } = ran(design).result().nodes.i!;
        expect(off(measures.postingsRead, value(design, 'postings per shard')), `${indexMatch} ${indexAskedSkew}`).toBeLessThan(0.12);
      }
  });

  it('one word asked by everybody: exactly its postings', () => {
    const one = { indexVocabulary: 1, indexTerms: constant(1), indexCommonest: 0.1, indexDocuments: 1e6, indexShards: 2, indexSegments: 4, indexSegmentTime: 0.0005, indexPostingTime: 1e-7, indexMergeTime: 0.001 };
    for (const indexMatch of ['all', 'any']) {
      const { measures, latency } = ran(searched(1, { ...one, indexMatch, indexSkipped: 0 })).result().nodes.i!;
      expect(measures.postingsRead).toBe(50_000);
      // 4 · 0.5 ms + 50,000 · 0.1 µs, and 2 · 1 ms for joining.
      expect(measures.shardTime!).toBeCloseTo(0.007, 9);
      expect(latency.mean!).toBeCloseTo(0.009, 9);
    }
  });

  it('words that are rarer together are cheaper with all than with any', () => {
    const read = (params: Record<string, unknown>) => ran(searched(100, { indexPostingTime: 1e-9, ...params })).result().nodes.i!.measures.postingsRead!;
    expect(read({ indexMatch: 'any', indexSkipped: 0 })).toBeGreaterThan(10 * read({ indexMatch: 'all' }));
    // The more skewed the words asked, the more is read.
    expect(read({ indexMatch: 'any', indexAskedSkew: 1.2 })).toBeGreaterThan(2 * read({ indexMatch: 'any', indexAskedSkew: 0.6 }));
  });

  it('waits for the slowest of its shards', () => {
    const slowest = (indexShards: number) => ran(searched(20, { indexShards, indexJitter: 0.6, indexPostingTime: 0 })).result().nodes.i!.measures.slowestShard!;
    const [few, many] = [slowest(1), slowest(32)];
    expect(off(few, 0.001)).toBeLessThan(0.03);
    expect(many).toBeGreaterThan(2 * few);
  });

  it('is as fresh as its refreshes, which disturb searches', () => {
    const often = ran(searched(200, { indexRefresh: 1, indexRefreshTime: 0.1, indexRefreshFactor: 3 }, 300)).result().nodes.i!;
    const rarely = ran(searched(200, { indexRefresh: 30, indexRefreshTime: 0.1, indexRefreshFactor: 3 }, 300)).result().nodes.i!;
    expect(off(often.measures.viewAge, 0.6)).toBeLessThan(0.02);
    expect(off(rarely.measures.viewAge, 15.1)).toBeLessThan(0.02);
    expect(off(often.measures.disturbedShare, 0.1)).toBeLessThan(0.05);
    expect(rarely.measures.disturbedShare!).toBeLessThan(0.005);
    expect(often.measures.shardTime!).toBeGreaterThan(1.1 * rarely.measures.shardTime!);
  });

  it('is estimated by hand', () => {
    const design = searched(300, { indexRefreshFactor: 1.5, indexThreads: 4, indexReplicas: 1, indexMatch: 'any' }, 300);
    const run = ran(design).result().nodes.i!;
    for (const row of estimates(design).i!.rows) {
      if (row.measure === undefined || row.measure === 'wait' || row.measure === 'shardTime') continue;
      expect(off(row.measure === 'utilisation' ? run.utilisation : run.measures[row.measure], row.value), row.label).toBeLessThan(0.06);
    }
    expect(off(ran(searched(1, { indexMatch: 'any' }, 3000)).result().nodes.i!.measures.shardTime, value(searched(1, { indexMatch: 'any' }), 'search in one shard'))).toBeLessThan(0.06);
  });

  it('refuses when a queue is full, and keeps its books whatever befalls it', () => {
    const heavy = { indexPostingTime: 1e-5, indexThreads: 1, indexQueue: 3, indexReplicas: 1 };
    const crowded = ran(searched(200, heavy, 20));
    expect(Object.keys(crowded.result().nodes.i!.failedBy)).toEqual(['queue full']);
    expect(imbalances(crowded)).toEqual([]);
    for (const fault of ['crash', 'hang', 'slow', 'release'] as const) {
      const faults: DesignFault[] = [{ id: 'f', fault, target: 'i', at: 5, seconds: 5, amount: fault === 'slow' ? 30 : 0.5, inFlight: 'fail', repeat: 'once', every: 60 }];
      const design = { ...searched(100, { indexThreads: 2 }, 20), links: [wire('users', 'i', { linkTimeout: 0.05, linkCancels: true, linkRetries: 1 })], faults };
      const sim = ran(design);
      expect(imbalances(sim), fault).toEqual([]);
      sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
      sim.runTo(1e5);
      expect([sim.board.net.calls.count, sim.board.net.requests.count], fault).toEqual([0, 0]);
    }
  });
});
