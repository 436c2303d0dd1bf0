/** The graph store: what a query reads over its hops, how many requests and round trips that takes, and where neighbours should lie. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, tuned, wire } from './sketch.ts';

const still = { graphDegree: constant(5), graphRoundTrip: constant(0.001), graphRequestTime: constant(0.0002), graphVertexTime: 1e-5, graphThreads: 1000 };
const walked = (rate: number, params: Record<string, unknown>, seconds = 100, traffic: Record<string, unknown> = {}) =>
  sketch([people(rate, { keyCount: 100_000, keySkew: 0, ...traffic }), node('g', 'graph-store', { ...still, ...params })], path('users', 'g'), seconds);

describe('graph store', () => {
  it('reads the geometric series of its branching', () => {
    for (const graphPlacement of ['single', 'batched', 'together']) {
      const { measures } = ran(walked(20, { graphPlacement, graphHops: 4 })).result().nodes.g!;
      expect(off(measures.verticesPerQuery, 1 + 5 + 25 + 125)).toBeLessThan(0.01);
      expect(off(measures.roundTrips, graphPlacement === 'together' ? 1 : 4)).toBeLessThan(0.01);
    }
  });

  it('keeps the mean where branching is uneven, also where the sum is taken as normal', () => {
    const { measures } = ran(walked(50, { graphDegree: exponential(5), graphHops: 4 }, 400)).result().nodes.g!;
    expect(off(measures.verticesPerQuery, 156)).toBeLessThan(0.03);
    const half = ran(walked(50, { graphDegree: constant(0.5), graphHops: 3 }, 400)).result().nodes.g!;
    expect(off(half.measures.verticesPerQuery, 1.75)).toBeLessThan(0.02);
  });

  it('takes as long as arithmetic says where nothing varies', () => {
    // One partition: three round trips of 1 ms, requests of 0.2 ms, and 31 vertices at 10 µs.
    const alone = (params: Record<string, unknown>) => ran(walked(1, { graphPartitions: 1, ...params })).result().nodes.g!.latency.mean!;
    expect(alone({})).toBeCloseTo(3 * 0.0012 + 31e-5, 9);
    expect(alone({ graphPlacement: 'together' })).toBeCloseTo(0.0012 + 31e-5, 9);
    // Asked one by one, with threads for all: each vertex in a request of its own.
    expect(alone({ graphPlacement: 'single' })).toBeCloseTo(3 * 0.00121, 9);
  });

  it('co-location saves requests and round trips; asked one by one, requests grow with the vertices', () => {
    const run = (graphPlacement: string, graphHops: number) => ran(walked(30, { graphPlacement, graphHops, graphRequestTime: exponential(0.0005) })).result().nodes.g!;
    for (const hops of [2, 3, 4]) {
      const [single, batched, together] = ['single', 'batched', 'together'].map((placement) => run(placement, hops)) as [ReturnType<typeof run>, ReturnType<typeof run>, ReturnType<typeof run>];
      expect(single.measures.graphReads!).toBeGreaterThan(batched.measures.graphReads!);
      expect(batched.measures.graphReads!).toBeGreaterThan(2 * together.measures.graphReads!);
      expect(batched.latency.mean!).toBeGreaterThan(1.5 * together.latency.mean!);
    }
    expect(run('single', 4).measures.graphReads! / run('single', 2).measures.graphReads!).toBeGreaterThan(20);
  });

  it('follows a sample where a hop finds too many', () => {
    const { measures } = ran(walked(20, { graphHops: 4, graphFrontier: 50 })).result().nodes.g!;
    expect(off(measures.verticesPerQuery, 1 + 5 + 25 + 50)).toBeLessThan(0.01);
    expect(off(measures.truncated, 1 / 4)).toBeLessThan(0.02);
  });

  it('is estimated by hand', () => {
    for (const graphPlacement of ['single', 'batched', 'together']) {
      const design = walked(100, { graphPlacement, graphHops: 3, graphThreads: 4, graphDegree: constant(6) }, 100, { itemCount: constant(2) });
      const { measures, utilisation } = ran(design).result().nodes.g!;
      for (const row of estimates(design).g!.rows)
        if (row.measure === 'utilisation') expect(off(utilisation, row.value)).toBeLessThan(0.08);
        else if (row.measure !== undefined && row.measure !== 'latency' && row.measure !== 'wait') expect(off(measures[row.measure], row.value), `${graphPlacement} ${row.label}`).toBeLessThan(0.08);
    }
  });

  it('refuses when a partition’s queue is full, and keeps its books whatever befalls it', () => {
    const crowded = ran(walked(500, { graphThreads: 1, graphQueue: 5, graphReplicas: 1, graphRequestTime: constant(0.002) }, 20));
    expect(Object.keys(crowded.result().nodes.g!.failedBy)).toEqual(['queue full']);
    expect(imbalances(crowded)).toEqual([]);
    for (const fault of ['crash', 'hang', 'slow', 'release'] as const) {
      const faults: DesignFault[] = [{ id: 'f', fault, target: 'g', at: 5, seconds: 5, amount: fault === 'slow' ? 30 : 0.5, inFlight: 'fail', repeat: 'once', every: 60 }];
      const design = { ...walked(300, { graphThreads: 2, graphRequestTime: exponential(0.002) }, 20), links: [wire('users', 'g', { linkTimeout: 0.05, linkCancels: true, linkRetries: 1 })], faults };
      const sim = ran(design);
      expect(imbalances(sim), fault).toEqual([]);
      sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
      sim.runTo(1e5);
      expect([sim.board.net.calls.count, sim.board.net.requests.count], fault).toEqual([0, 0]);
    }
  });
});
