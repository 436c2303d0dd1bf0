/** The fallback: who is asked when, what the last resort is, and that nothing is lost on the way. */
import { describe, expect, it } from 'vitest';
import { inFlightChoices } from '../src/engine/health.ts';
import type { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, sketch, station, tuned, wire } from './sketch.ts';

const small = { waitingRoom: 0 };
const links = [...path('users', 'back'), wire('back', 'a', { linkOrder: 0 }), wire('back', 'b', { linkOrder: 1 })];
const twice = (a: ReturnType<typeof station>, b: ReturnType<typeof station>, params: Record<string, unknown> = {}, seconds = 200, rate = 100) => sketch([people(rate), node('back', 'fallback', params), a, b], links, seconds);

function drained(sim: Simulation): Simulation {
  sim.apply(tuned(sim.design, 'users', { arrivalRate: 0 }), 'stop');
  sim.runTo(sim.now + 5000);
  return sim;
}

function expectEmpty(sim: Simulation): void {
  expect(imbalances(sim)).toEqual([]);
  expect(drained(sim).board.net.calls.count).toBe(0);
  expect(sim.board.net.requests.count).toBe(0);
}

/** Share lost of Poisson calls offered to c servers without room (Erlang 1917). */
const erlangB = (servers: number, load: number): number => Array.from({ length: servers }).reduce<number>((b, _, k) => (load * b) / (k + 1 + load * b), 1);

describe('fallback', () => {
  it('asks the next wire for what the first one turns away: Erlang’s loss', () => {
    const sim = ran(twice(station('a', 10, exponential(0.1), small), station('b', 1000, exponential(0.1)), {}, 400));
    const { measures, failed } = sim.result().nodes['back']!;
    expect(off(measures['fellBack'], erlangB(10, 10))).toBeLessThan(0.03);
    expect(off(measures['tries'], 1 + erlangB(10, 10))).toBeLessThan(0.01);
    expect([failed, measures['degraded']]).toEqual([0, 0]);
    expectEmpty(sim);
  });

  it('passes a failure on that it is not to be asked about', () => {
    const sim = ran(twice(station('a', 10, exponential(0.1), small), station('b', 1000), { onRefusal: false }));
    expect(sim.result().nodes['b']!.arrived).toBe(0);
    expect(Object.keys(sim.result().nodes['back']!.failedBy)).toEqual(['queue full']);
  });

  it('asks beside the first one once it is late, and the first answer wins', () => {
    // P(first takes longer than d) = e^(−d); then the smaller of what is left of it and a constant.
    const d = 0.5;
    const design = twice(station('a', 10_000, exponential(1)), station('b', 10_000, constant(0.2)), { fallbackAfter: d });
    const sim = ran(design);
    const { measures, latency } = sim.result().nodes['back']!;
    expect(off(measures['late'], Math.exp(-d))).toBeLessThan(0.03);
    expect(off(measures['fellBack'], Math.exp(-d - 0.2))).toBeLessThan(0.03);
    expect(off(latency.mean, 1 - Math.exp(-d - 0.2))).toBeLessThan(0.02);
    expect(sim.result().nodes['a']!.failed).toBe(0);
    expectEmpty(sim);
  });

  it('stops what took too long, where it shall', () => {
    const sim = ran(twice(station('a', 10_000, exponential(1)), station('b', 10_000, constant(0.2)), { fallbackAfter: 0.5, fallbackStops: true }));
    const { nodes } = sim.result();
    expect(off(nodes['back']!.measures['fellBack'], Math.exp(-0.5))).toBeLessThan(0.03);
    expect(off(nodes['a']!.inFlightMean, 100 * (1 - Math.exp(-0.5)))).toBeLessThan(0.03);
    expect(nodes['a']!.failedBy['cancelled']! / nodes['a']!.arrived).toBeCloseTo(Math.exp(-0.5), 1.7);
    expect(nodes['back']!.failed).toBe(0);
    expectEmpty(sim);
  });

  it('waits on when there is nobody else to ask', () => {
    const sim = ran({ ...twice(station('a', 10_000, constant(1)), station('b', 1), { fallbackAfter: 0.1 }), links: links.slice(0, 2) });
    expect(sim.result().nodes['back']!.failed).toBe(0);
    expectEmpty(sim);
  });

  it('answers by itself at the end, and says how often', () => {
    const broken = [station('a', 10, exponential(0.1), small), station('b', 1, constant(100), small)] as const;
    const byDefault = ran(twice(...broken, { lastResort: 'default', ownAnswerTime: constant(0.05) }));
    expect(byDefault.result().nodes['back']!.failed).toBe(0);
    expect(off(byDefault.result().nodes['back']!.measures['degraded'], erlangB(10, 10))).toBeLessThan(0.05);
    const stale = ran(twice(...broken, { lastResort: 'stale', oldAnswers: 0.25 }));
    const { failed, arrived } = stale.result().nodes['back']!;
    expect(off(failed / arrived, 0.75 * erlangB(10, 10))).toBeLessThan(0.05);
    expectEmpty(byDefault);
    expectEmpty(stale);
  });

  it('passes no more than all deadlines, also where statistics begin while many are still to come', () => {
    const design = sketch([people(100, { arrivals: 'regular' }), node('back', 'fallback', { fallbackAfter: 0.5, lastResort: 'default' }), station('a', 1000, constant(1e4))], path('users', 'back', 'a'), 2);
    const fewer = { id: 'f', fault: 'load', target: 'users', at: 0.45, seconds: 10, amount: 0.1, inFlight: 'fail', repeat: 'once', every: 600 } as const;
    const { measures } = ran({ ...design, faults: [fewer], run: { ...design.run, warmupSeconds: 0.45 } }).result().nodes['back']!;
    expect(measures['late']).toBe(1);
  });

  it('gives an answer of its own when everybody is late', () => {
    const sim = ran(twice(station('a', 10_000, constant(10)), station('b', 10_000, constant(10)), { fallbackAfter: 0.1, lastResort: 'default', fallbackStops: true }, 60));
    const { measures, latency } = sim.result().nodes['back']!;
    expect(measures['degraded']).toBe(1);
    expect(off(latency.mean, 0.201)).toBeLessThan(1e-9);
    expect(sim.result().nodes['a']!.inFlightMean!).toBeLessThan(11);
    expectEmpty(sim);
  });

  it('keeps what is still out when the wire asked last has failed', () => {
    // The second wire refuses; the first one, though late, still answers.
    const sim = ran(twice(station('a', 10_000, constant(1)), station('b', 1, constant(1000), small), { fallbackAfter: 0.5 }));
    expect(sim.result().nodes['back']!.failed).toBeLessThanOrEqual(1);
    expect(off(sim.result().nodes['back']!.latency.mean, 1)).toBeLessThan(1e-6);
    expectEmpty(sim);
  });

  it('goes to the third wire when the second fails for a reason that does not count and the first for one that does', () => {
    const three = sketch(
      [people(10), node('back', 'fallback', { fallbackAfter: 0.5, onRefusal: false }), station('a', 10_000, constant(1000)), station('b', 1, constant(1000), small), station('c', 100, constant(0.1))],
      [...path('users', 'back'), wire('back', 'a', { linkOrder: 0, linkTimeout: 1 }), wire('back', 'b', { linkOrder: 1 }), wire('back', 'c', { linkOrder: 2 })],
      100,
    );
    const sim = ran(three);
    expect(sim.result().nodes['back']!.failed).toBe(0);
    expect(off(sim.result().nodes['back']!.latency.p50, 1.1)).toBeLessThan(0.02);
    expect(imbalances(sim)).toEqual([]);
  });

  it('carries on through crashes, by the other wire', () => {
    for (const target of ['a', 'back']) {
      for (const inFlight of inFlightChoices) {
        for (const fallbackStops of [false, true]) {
          const nodes = [people(100), node('back', 'fallback', { fallbackAfter: 0.3, fallbackStops, lastResort: 'stale' }), station('a', 20, exponential(0.1)), station('b', 20, exponential(0.2))];
          const design = sketch(nodes, [wire('users', 'back', { linkTimeout: 0.5, linkCancels: true, linkRetries: 2 }), ...links.slice(1)], 60);
          const sim = ran({ ...design, faults: [{ id: 'f', fault: 'crash', target, at: 20, seconds: 10, amount: 0, inFlight, repeat: 'once', every: 60 }] });
          if (target === 'a') expect(sim.result().nodes['back']!.measures['fellBack']!).toBeGreaterThan(0.15);
          if (target === 'a' && inFlight === 'fail') expect(sim.result().requests.answered / sim.result().requests.offered).toBeGreaterThan(0.97);
          expectEmpty(sim);
        }
      }
    }
  });
});
