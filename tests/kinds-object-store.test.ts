/** The object store: time from first byte and bytes, parts in parallel, limits by prefix, and the bill. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, tuned, wire } from './sketch.ts';

const plain = { objectFirstByte: constant(0.1), objectSpeed: 100e6 };
const stored = (rate: number, params: Record<string, unknown>, traffic: Record<string, unknown> = {}, seconds = 50) =>
  sketch([people(rate, { requestBytes: constant(50e6), ...traffic }), node('s', 'object-store', { ...plain, ...params })], path('users', 's'), seconds);

describe('object store', () => {
  it('takes the first byte and then the bytes, faster in parts', () => {
    const time = (params: Record<string, unknown>) => ran(stored(5, params)).result().nodes.s!.latency.mean!;
    expect(time({})).toBeCloseTo(0.6, 9);
    expect(time({ objectParts: 5 })).toBeCloseTo(0.2, 9);
    // The slowest of n exponential first bytes takes the n-th harmonic number times the mean.
    const slowest = time({ objectFirstByte: exponential(0.1), objectParts: 4, objectSpeed: 1e12 });
    expect(off(slowest, 0.1 * (1 + 1 / 2 + 1 / 3 + 1 / 4))).toBeLessThan(0.08);
  });

  it('allows each prefix so many requests a second, reads and writes apart', () => {
    const limits = { objectReadLimit: 100, objectWriteLimit: 20, objectBurst: 1 };
    const many = { keyCount: 100_000, keySkew: 0, requestBytes: constant(0) };
    const answered = (rate: number, params: Record<string, unknown>, traffic = many) => ran(stored(rate, { ...limits, ...params }, traffic, 100)).result();
    const one = answered(300, {});
    // 100 a second and a full bucket of 100 to begin with.
    expect(off(one.requests.answeredPerSecond, 101)).toBeLessThan(0.01);
    expect(Object.keys(one.nodes.s!.failedBy)).toEqual(['rate limited']);
    expect(off(one.nodes.s!.measures.slowDowns, 1 - 101 / 300)).toBeLessThan(0.02);
    expect(answered(300, { objectPrefixes: 10 }).nodes.s!.failed).toBe(0);
    // One hot key stays in one prefix.
    expect(off(answered(300, { objectPrefixes: 10 }, { ...many, keyCount: 1 }).requests.answeredPerSecond, 101)).toBeLessThan(0.01);
    expect(off(answered(300, { objectWrites: 1 }).requests.answeredPerSecond, 20.2)).toBeLessThan(0.01);
    // Each of four parts is a request.
    expect(off(answered(300, { objectParts: 4 }).requests.answeredPerSecond, 101 / 4)).toBeLessThan(0.02);
  });

  it('bills requests, bytes out and storage', () => {
    const sim = ran(stored(20, { objectWrites: 0.25, objectParts: 2, objectEgressPrice: 0.09, objectStored: 1e12 }, {}, 1000));
    const { nodes, cost } = sim.result();
    const store = sim.board.nodes.get('s')!.node as unknown as { requests: number; bytesOut: number; bytesIn: number };
    const reads = store.bytesOut / 50e6;
    expect(off(reads / nodes.s!.served, 0.75)).toBeLessThan(0.02);
    const flying = nodes.s!.inFlight;
    const usd = (reads * 2 * 0.4 + (store.bytesIn / 50e6) * 2 * 5) / 1e6 + store.bytesOut * 1e-9 * 0.09 + (23 / 730) * (1000 / 3600);
    expect(Math.abs(cost.usd - usd)).toBeLessThan((flying + 1) * 1e-5);
    expect(store.requests).toBe(2 * (nodes.s!.served + flying));
  });

  it('is estimated by hand', () => {
    const design = stored(20, { objectWrites: 0.2 }, { keyCount: 1000, keySkew: 0 }, 500);
    const run = ran(design).result().nodes.s!;
    for (const row of estimates(design).s!.rows) {
      if (row.measure === 'latency') expect(off(run.latency.mean, row.value)).toBeLessThan(1e-6);
      else if (row.measure === 'inFlight') expect(off(run.arrived * run.latency.mean! / 500, row.value)).toBeLessThan(0.03);
      else if (row.measure !== undefined) expect(off(run.measures[row.measure], row.value)).toBeLessThan(0.03);
    }
  });

  it('keeps its books whatever befalls it', () => {
    for (const fault of ['crash', 'hang', 'slow', 'release'] as const) {
      const faults: DesignFault[] = [{ id: 'f', fault, target: 's', at: 10, seconds: 10, amount: fault === 'slow' ? 10 : 0.5, inFlight: 'fail', repeat: 'once', every: 60 }];
      const design = { ...stored(20, {}), links: [wire('users', 's', { linkTimeout: 2, linkCancels: true, linkRetries: 1 })], faults };
      const sim = ran(design);
      expect(imbalances(sim), fault).toEqual([]);
      sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
      sim.runTo(1e5);
      expect([sim.board.net.calls.count, sim.board.net.requests.count], fault).toEqual([0, 0]);
    }
  });
});
