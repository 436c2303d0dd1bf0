/** The CDN: hit ratios of its edges, what the shield and coalescing spare the origin, freshness, flushes, and the bill. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { constant, imbalances, node, off, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';

const still = { cdnEdgeTime: constant(0.002), cdnShieldTime: constant(0.03), cdnEdges: 4, cdnTtl: 0 };
const served = (rate: number, params: Record<string, unknown>, traffic: Record<string, unknown> = {}, seconds = 200) =>
  sketch([people(rate, { keyCount: 1000, keySkew: 0.9, requestBytes: constant(1000), ...traffic }), node('cdn', 'cdn', { ...still, ...params }), station('origin', 10_000, constant(0.1))], path('users', 'cdn', 'origin'), seconds);
const fault = (name: DesignFault['fault'], target: string, at: number, seconds: number, more: Partial<DesignFault> = {}): DesignFault => ({ id: `${name}-${target}`, fault: name, target, at, seconds, amount: 0, inFlight: 'fail', repeat: 'once', every: 600, ...more });

describe('cdn', () => {
  it('hits as a cache of its size does', () => {
    for (const cdnShield of [false, true]) {
      const design = { ...served(500, { cdnCapacity: 100_000, cdnShieldCapacity: 300_000, cdnShield, cdnCoalescing: false }, {}, 400) };
      const warm = ran({ ...design, run: { ...design.run, warmupSeconds: 50 } }).result().nodes.cdn!;
      const rows = estimates(design).cdn!.rows;
      expect(off(warm.measures.edgeHitRatio, rows.find((row) => row.measure === 'edgeHitRatio')!.value)).toBeLessThan(0.03);
      expect(off(warm.measures.originFetches, rows.find((row) => row.measure === 'originFetches')!.value)).toBeLessThan(cdnShield ? 0.15 : 0.03);
    }
  });

  it('asks the origin once for each thing where a shield keeps all, once for each edge without one', () => {
    const asked = (params: Record<string, unknown>) => ran(served(500, params)).result().nodes.origin!.arrived;
    const once = asked({});
    expect(once).toBeGreaterThan(950);
    expect(once).toBeLessThanOrEqual(1000);
    const each = asked({ cdnShield: false });
    expect(each).toBeGreaterThan(3500);
    expect(each).toBeLessThanOrEqual(4000);
  });

  it('coalesces a herd on one thing', () => {
    const herd = { keyCount: 1 };
    const asked = (params: Record<string, unknown>) => ran(served(1000, params, herd, 0.5)).result().nodes.origin!.arrived;
    expect(asked({})).toBe(1);
    expect(asked({ cdnShield: false })).toBe(4);
    // Without coalescing everybody who comes in the first tenth of a second asks.
    expect(asked({ cdnShield: false, cdnCoalescing: false })).toBeGreaterThan(60);
  });

  it('coalesces no more than all, also where statistics begin while some are on their way to the shield', () => {
    // Every edge asks the shield once, and only one of them is the first there; the origin takes for ever.
    const design = served(1000, { cdnEdges: 40, cdnShieldTime: constant(0.5) }, { keyCount: 1 }, 2);
    const late = { ...design, nodes: design.nodes.map((n) => (n.id === 'origin' ? station('origin', 1, constant(1e4)) : n)), run: { ...design.run, warmupSeconds: 0.45 } };
    const { cdnCoalesced } = ran(late).result().nodes.cdn!.measures;
    expect(cdnCoalesced).toBeGreaterThan(0.99);
    expect(cdnCoalesced).toBeLessThanOrEqual(1);
  });

  it('takes the time of the way', () => {
    const { latency } = ran(served(0.2, { cdnEdges: 1 }, { keyCount: 1_000_000_000, keySkew: 0 }, 1000)).result().nodes.cdn!;
    expect(latency.mean!).toBeCloseTo(0.132, 9);
    expect(ran(served(1000, { cdnEdges: 1 }, { keyCount: 1 }, 100)).result().nodes.cdn!.latency.mean!).toBeCloseTo(0.002, 3);
  });

  it('fetches anew what is too old', () => {
    const asked = ran(served(200, { cdnTtl: 5 }, { keyCount: 10, keySkew: 0 }, 500)).result().nodes.origin!.arrived;
    // Ten things, each five seconds after it was fetched for an edge and then the shield; the shield holds them no longer than 5 s.
    expect(asked).toBeGreaterThan(800);
    expect(asked).toBeLessThan(1010);
  });

  it('begins anew after a flush, and not after a crash', () => {
    const hits = (name: 'flush' | 'crash') => ran({ ...served(500, {}), faults: [fault(name, 'cdn', 100, name === 'flush' ? 0 : 1)] }).result().nodes.origin!.arrived;
    expect(hits('flush')).toBeGreaterThan(1700);
    expect(hits('crash')).toBeLessThan(1010);
  });

  it('bills what it delivers', () => {
    const sim = ran(served(100, { cdnEgressPrice: 0.085, cdnRequestPrice: 1 }, { requestBytes: constant(1e6) }));
    const { nodes, cost } = sim.result();
    const { users, cdn } = nodes;
    expect(cost.usd - sim.board.spentAt(sim.board.nodes.get('origin')!)).toBeCloseTo(cdn!.served * 0.001 * 0.085 + users!.arrived * 1e-6, 6);
  });

  it('fails all who wait when the fetch fails, and keeps nothing of it', () => {
    const sim = ran({ ...served(200, {}, { keyCount: 1 }, 20), faults: [fault('crash', 'origin', 0, 10)] });
    expect(sim.result().nodes.cdn!.failedBy['crashed']!).toBeGreaterThan(1900);
    expect(sim.result().nodes.cdn!.served).toBeGreaterThan(1900);
  });

  it('keeps its books whatever befalls it or the origin', () => {
    for (const target of ['cdn', 'origin'])
      for (const name of ['crash', 'hang', 'slow', 'release'] as const)
        for (const inFlight of ['fail', 'vanish', 'resume'] as const) {
          const design = served(100, { cdnTtl: 1 }, { keyCount: 100 }, 30);
          const links = [wire('users', 'cdn', { linkTimeout: 0.05, linkCancels: true, linkRetries: 2, hedgeDelay: 0.02 }), wire('cdn', 'origin', { linkTimeout: 0.3, linkCancels: true })];
          const sim = ran({ ...design, links, faults: [fault(name, target, 10, 8, { inFlight, amount: name === 'slow' ? 20 : 0.5 })] });
          expect(imbalances(sim)).toEqual([]);
          sim.apply({ ...tuned(sim.design, 'users', { arrivalRate: 0 }), faults: [] }, 'quiet');
          sim.runTo(1e5);
          expect([sim.board.net.calls.count, sim.board.net.requests.count, ...imbalances(sim)], `${name} ${target} ${inFlight}`).toEqual([0, 0]);
        }
  });
});
