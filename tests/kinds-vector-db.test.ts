/** The vector database: memory by hand, calibrated search times, recall, and the slowest of the shards. */
import { describe, expect, it } from 'vitest';
import { vectorDb } from '../src/kinds/vector-db.ts';
import { defaults } from '../src/kit/param.ts';
import { estimates } from '../src/run/flow.ts';
import { imbalances, node, off, path, people, ran, result, sketch, tuned } from './sketch.ts';

const search = (rate: number, params: Record<string, unknown>, seconds = 50) => sketch([people(rate), node('v', 'vector-db', params)], path('users', 'v'), seconds);
const byHand = (params: Record<string, unknown>, label: string): number =>
  vectorDb.estimate({ ...defaults(vectorDb.params), ...params } as never, { rate: 1, scv: 1, inputTokens: 0, outputTokens: 0, bytes: 0, items: 1, keys: 1, skew: 0 }).find((row) => row.label === label)!.value;

describe('vector database', () => {
  it('adds up memory: 500 M vectors of 768 fp32 components are 1.5 TB before links', () => {
    const half = { vectorCount: 500e6, vectorDims: 768, vectorPrecision: 'fp32' };
    expect(byHand({ ...half, vectorIndex: 'flat' }, 'memory per node')).toBeCloseTo(1.536e12, -6);
    expect(byHand({ ...half, vectorIndex: 'hnsw', vectorShards: 10 }, 'memory per node') / ((50e6) * (3072 + 140.8))).toBeCloseTo(1, 9);
  });

  // Cores ÷ highest throughput of Milvus 2.5.11 on 16 cores, 768 dimensions, int8, k = 100 (zilliztech/VectorDBBench@4ea18105).
  it.each([
    [1e6, 1, 100, 16 / 5973.0, 0.02],
    [1e6, 1, 500, 16 / 2084.6, 0.02],
    [1e6, 2, 100, 16 / 3465.2, 0.08],
    [1e6, 2, 500, 16 / 1148.8, 0.08],
    [1e7, 2, 200, 16 / 1833.3, 0.15],
    [1e7, 17, 200, 16 / 275.2, 0.08],
  ])('takes as long as was measured: %d vectors in %d segments, ef %d', (vectorCount, vectorSegments, searchBreadth, measured, within) => {
    const seconds = byHand({ vectorCount, vectorSegments, searchBreadth, vectorTopK: 100 }, 'search in one shard');
    expect(Math.abs(seconds / measured - 1)).toBeLessThan(within);
  });

  it.each([
    [1e6, 1, 100, 0.9192],
    [1e6, 1, 300, 0.9734],
    [1e6, 2, 150, 0.9681],
    [1e7, 1, 200, 0.9242],
    [1e7, 2, 200, 0.951],
  ])('finds about as many as was measured: %d vectors in %d segments, ef %d', (vectorCount, vectorSegments, searchBreadth, measured) => {
    expect(Math.abs(byHand({ vectorCount, vectorSegments, searchBreadth, vectorTopK: 100 }, 'recall') - measured)).toBeLessThan(0.04);
  });

  it('finds more and takes longer the wider it searches', () => {
    for (const vectorIndex of ['hnsw', 'ivf', 'disk'])
      [10, 50, 200, 1000].reduce((before, width) => {
        const params = { vectorIndex, searchBreadth: width, vectorProbes: width, vectorTopK: 10 };
        const now = [byHand(params, 'recall'), byHand(params, 'search in one shard')] as const;
        expect(now[0]).toBeGreaterThanOrEqual(before[0]);
        expect(now[1]).toBeGreaterThan(before[1]);
        return now;
      }, [0, 0] as readonly [number, number]);
    expect(byHand({ vectorIndex: 'flat', vectorPrecision: 'fp32' }, 'recall')).toBe(1);
  });

  it('reaches the capacity of its cores and refuses beyond', () => {
    const params = { vectorCount: 1e6, vectorReplicas: 1, searchBreadth: 100, vectorQueue: 20 };
    const sim = ran(search(9000, params, 10));
    const r = sim.result();
    expect(off(r.requests.answeredPerSecond, 5973)).toBeLessThan(0.03);
    expect(Object.keys(r.nodes.v!.failedBy)).toEqual(['queue full']);
    expect(r.nodes.v!.measures.recall! - 0.9192).toBeLessThan(0.01);
    expect(imbalances(sim)).toEqual([]);
  });

  it('waits for the slowest shard', () => {
    const params = { vectorShards: 32, vectorReplicas: 1, searchSpread: 0.5 };
    const design = search(20, params, 100);
    const { measures } = result(design).nodes.v!;
    const rows = estimates(design).v!.rows;
    expect(off(measures.shardSearches, 640)).toBeLessThan(0.04);
    expect(off(measures.slowestShard, rows.find((x) => x.label === 'slowest of the shards')!.value)).toBeLessThan(0.04);
    expect(measures.slowestShard!).toBeGreaterThan(2 * measures.shardSearch!);
  });

  it('asks fewer shards for less work and less recall', () => {
    const all = result(search(50, { vectorShards: 16 })).nodes.v!;
    const few = result(search(50, { vectorShards: 16, shardsAsked: 4 })).nodes.v!;
    expect(few.measures.shardSearches! / all.measures.shardSearches!).toBeCloseTo(0.25, 1);
    expect(few.measures.recall!).toBeLessThan(all.measures.recall!);
  });

  it('hedges a slow shard at a second replica', () => {
    const params = { vectorShards: 8, searchSlowShare: 0.01, searchSlowFactor: 30 };
    const plain = result(search(100, params)).latency.p99!;
    const hedged = result(search(100, { ...params, searchHedgeAfter: 0.01 })).latency.p99!;
    expect(hedged).toBeLessThan(plain / 3);
  });

  it('slows down when it does not fit into memory, also live', () => {
    const design = search(5, { vectorCount: 1e8, vectorShards: 1, vectorReplicas: 4 });
    const sim = ran(design);
    expect(sim.result().latency.mean!).toBeLessThan(0.02);
    sim.apply(tuned(design, 'v', { vectorMemory: 64e9 }), 'smaller nodes');
    const before = sim.result().nodes.v!.measures.memoryNeed!;
    sim.runTo(150);
    expect(before).toBeLessThan(1);
    expect(sim.result().nodes.v!.measures.memoryNeed!).toBeGreaterThan(1);
    expect(sim.result().latency.p99!).toBeGreaterThan(0.05);
    expect(imbalances(sim)).toEqual([]);
  });
});
