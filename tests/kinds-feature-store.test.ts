/** The feature store: batches, shards, slow reads, hedging and freshness against hand calculation. */
import { describe, expect, it } from 'vitest';
import { estimates } from '../src/run/flow.ts';
import { constant, imbalances, node, off, path, people, ran, result, sketch, tuned } from './sketch.ts';

/** No tail, no spread: one millisecond a read and a tenth for every entity. */
const even = { featureReadTime: constant(0.001), featureEntityTime: 0.0001, featureSlowShare: 0, featureThreads: 1000, featureShards: 10, featureReplicas: 2 };
const store = (rate: number, items: number, params: Record<string, unknown>, seconds = 100, asks: Record<string, unknown> = {}) =>
  sketch([people(rate, { itemCount: constant(items), ...asks }), node('fs', 'feature-store', { ...even, ...params })], path('users', 'fs'), seconds);

describe('feature store', () => {
  it('touches as many shards as balls touch urns', () => {
    const r = result(store(100, 10, {})).nodes.fs!;
    expect(off(r.measures.storeReads, 1000 * (1 - 0.9 ** 10))).toBeLessThan(0.04);
    expect(r.measures.readLatency!).toBeGreaterThan(0.0011);
  });

  it('reads singly in parallel or in sequence', () => {
    const parallel = result(store(50, 10, { batchGet: 'parallel' }));
    const sequence = result(store(50, 10, { batchGet: 'sequence' }));
    expect(parallel.latency.mean).toBeCloseTo(0.0011, 6);
    expect(sequence.latency.mean).toBeCloseTo(0.011, 6);
    expect(off(sequence.nodes.fs!.measures.storeReads, parallel.nodes.fs!.measures.storeReads!)).toBeLessThan(0.001);
  });

  it('meets a slow read with probability 1 − (1 − p)ⁿ', () => {
    const design = store(400, 20, { batchGet: 'parallel', featureSlowShare: 0.01, featureSlowFactor: 100 }, 100);
    const r = result(design);
    const p = 1 - 0.99 ** 20;
    expect(Math.abs((r.latency.mean! - 0.0011) / (99 * 0.0011) / p - 1)).toBeLessThan(0.05);
    expect(estimates(design).fs!.rows.find((x) => x.label.startsWith('calls that meet'))!.value).toBeCloseTo(p, 12);
  });

  it('cuts the tail by hedging, for a little more load', () => {
    const tail = { featureSlowShare: 0.02, featureSlowFactor: 50 };
    const plain = result(store(500, 1, tail));
    const hedged = result(store(500, 1, { ...tail, featureHedgeAfter: 0.002 }));
    expect(plain.latency.p99!).toBeGreaterThan(0.05);
    // Two slow reads in a row are four in ten thousand; the rest is back after 2 ms and one plain read.
    expect(hedged.latency.p99!).toBeLessThan(0.0032);
    expect(hedged.nodes.fs!.measures.hedgeShare).toBeCloseTo(0.02, 2);
    expect(hedged.nodes.fs!.measures.storeReads! / plain.nodes.fs!.measures.storeReads!).toBeCloseTo(1.02, 2);
    // The loser keeps its thread until it is done.
    expect(hedged.nodes.fs!.utilisation!).toBeGreaterThan(plain.nodes.fs!.utilisation!);
  });

  it('reads features of the age its pipeline gives them', () => {
    const { measures } = result(store(200, 1, { refreshPeriod: 60, pipelineLag: constant(2), freshTarget: 47 }, 200)).nodes.fs!;
    expect(off(measures.freshness, 32)).toBeLessThan(0.04);
    expect(measures.staleShare).toBeCloseTo(0.25, 1);
  });

  it('slows down while a bulk load runs in place', () => {
    const design = store(200, 1, { refreshPeriod: 20, featureBulkLoad: 5, featureLoadFactor: 10, pipelineLag: constant(0) });
    expect(off(result(design).latency.mean, 0.0011 * (1 + 9 * 0.25))).toBeLessThan(0.04);
    expect(off(result(design).nodes.fs!.measures.freshness, 10)).toBeLessThan(0.04);
  });

  it('makes hot keys hot shards where it hashes the key', () => {
    const asks = { keyCount: 1 };
    const hot = result(store(800, 1, { shardedBy: 'key', featureThreads: 1, featureReplicas: 1 }, 50, asks));
    const spread = result(store(800, 1, { shardedBy: 'even', featureThreads: 1, featureReplicas: 1 }, 50, asks));
    expect(hot.nodes.fs!.measures.wait!).toBeGreaterThan(10 * spread.nodes.fs!.measures.wait!);
  });

  it('refuses with a full queue, and keeps its books through live changes', () => {
    const design = store(3000, 8, { featureThreads: 1, featureQueue: 4, featureHedgeAfter: 0.002, featureSlowShare: 0.05 }, 20);
    const sim = ran({ ...design, run: { ...design.run, seconds: 5 } });
    expect(Object.keys(sim.result().nodes.fs!.failedBy)).toEqual(['queue full']);
    expect(sim.result().nodes.fs!.queue.max).toBeLessThanOrEqual(80);
    sim.apply(tuned(design, 'fs', { featureShards: 2, featureReplicas: 1 }), 'smaller');
    sim.runTo(10);
    sim.apply(tuned(design, 'fs', { featureShards: 30, featureReplicas: 3, featureThreads: 50 }), 'larger');
    sim.runTo(20);
    expect(imbalances(sim)).toEqual([]);
    sim.apply(tuned(tuned(design, 'users', { arrivalRate: 0 }), 'fs', {}), 'quiet');
    sim.runTo(60);
    expect(sim.board.net.calls.count).toBe(0);
    expect(sim.board.net.requests.count).toBe(0);
  });

  it('sends reads to the least busy replica with less waiting than at random', () => {
    const busy = { featureThreads: 1, featureReplicas: 4, featureShards: 1 };
    const random = result(store(2500, 1, { ...busy, replicaChoice: 'random' }, 60)).nodes.fs!;
    const least = result(store(2500, 1, { ...busy, replicaChoice: 'least busy' }, 60)).nodes.fs!;
    expect(least.measures.wait!).toBeLessThan(random.measures.wait! / 2);
  });
});
