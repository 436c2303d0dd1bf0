/** Wires that do more than take time: timeouts, retries, hedges, breakers, loss, bandwidth, cancellation; against arithmetic. */
import { describe, expect, it } from 'vitest';
import { outcomes } from '../src/engine/reasons.ts';
import { figures, layoutOf } from '../src/run/frames.ts';
import type { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, path, people, ran, sketch, station, wire } from './sketch.ts';

const guardOf = (sim: Simulation, id: string) => sim.board.wiring.links.get(id)!.guard!;

/** A run that has been let run dry. */
function drained(sim: Simulation): Simulation {
  sim.apply({ ...sim.design, nodes: sim.design.nodes.map((n) => (n.id === 'users' ? { ...n, params: { ...n.params, arrivalRate: 0 } } : n)) }, 'stop');
  sim.runTo(sim.now + 10_000);
  return sim;
}

describe('a wire that gets its guard while it runs', () => {
  it('keeps what it has carried on its books', () => {
    const sim = ran(sketch([people(100), station('s', 1e6, constant(0))], [wire('users', 's')], 50));
    sim.apply({ ...sim.design, links: sim.design.links.map((l) => ({ ...l, params: { ...l.params, linkTimeout: 1 } })) }, 'guard');
    sim.runTo(sim.now + 0.02);
    expect(figures(sim).links[layoutOf(sim).links['users-s']!]).toBeGreaterThan(50);
  });
});

describe('a guarded wire', () => {
  it('loses the share it is told to, and retries multiply the load by 1/(1 − p)', () => {
    const p = 0.3;
    const sim = ran(sketch([people(200), station('s', 1e6, constant(0))], [wire('users', 's', { linkLoss: p, linkTimeout: 0.1, linkRetries: 100, retryBackoff: 0 })], 500));
    const guard = guardOf(sim, 'users-s');
    // An attempt fails if the way there or the way back is lost.
    const fails = 1 - (1 - p) ** 2;
    const calls = guard.arrivedTotal();
    expect(guard.attempts / calls).toBeCloseTo(1 / (1 - fails), 1);
    expect(sim.result().requests.failed).toEqual({});
    expect(imbalances(sim)).toEqual([]);
  });

  it('times out, and says so; without retries every late call fails', () => {
    const sim = ran(sketch([people(10), station('s', 1e6, constant(2))], [wire('users', 's', { linkTimeout: 1 })], 100));
    const { requests } = sim.result();
    expect(requests.answered).toBe(0);
    expect(requests.failed['timed out']).toBeGreaterThan(900);
  });

  it('throws away the answer to an attempt that was given up, unless work stops', () => {
    const design = (linkCancels: boolean) => sketch([people(10), station('s', 1e6, constant(2))], [wire('users', 's', { linkTimeout: 1, linkCancels })], 200);
    const goesOn = ran(design(false)).result().nodes['s']!;
    const stops = ran(design(true)).result().nodes['s']!;
    expect(goesOn.served).toBeGreaterThan(1800);
    expect(stops.served).toBe(0);
    expect(stops.failedBy.cancelled).toBeGreaterThan(1800);
    expect(stops.inFlightMean).toBeCloseTo(10, 0);
    expect(goesOn.inFlightMean).toBeCloseTo(20, 0);
  });

  it('hedges: the slowest of two draws of an exponential after the delay', () => {
    // P(T > t) for t > d is e^(−d) e^(−2 (t − d)): mean 1 − e^(−d) / 2.
    const d = 0.5;
    const sim = ran(sketch([people(100), station('s', 1e6, exponential(1))], [wire('users', 's', { hedgeDelay: d })], 400));
    expect(sim.result().latency.mean).toBeCloseTo(1 - Math.exp(-d) / 2, 1.5);
    const guard = guardOf(sim, 'users-s');
    expect(guard.hedges / guard.arrivedTotal()).toBeCloseTo(Math.exp(-d), 1.5);
    expect(imbalances(drained(sim))).toEqual([]);
  });

  it('does not try an invalid request again, and takes it for no breakdown', () => {
    const rules = { linkRetries: 3, retryBackoff: 0.01, breakerShare: 0.5, breakerWindow: 1, breakerOpen: 0.5, breakerLeast: 10 };
    const sim = ran(sketch([people(100), node('gate', 'api-gateway', { invalidShare: 0.8 }), station('s', 1e6, constant(0))], [wire('users', 'gate', rules), wire('gate', 's')], 100));
    const guard = guardOf(sim, 'users-gate');
    expect(guard.attempts).toBe(guard.arrivedTotal());
    expect(guard.breaker!.opened).toBe(0);
    expect(Object.keys(sim.result().requests.failed)).toEqual(['invalid']);
    expect(imbalances(sim)).toEqual([]);
  });

  it('opens its breaker while most fail, and closes it again', () => {
    const nodes = [people(100), station('s', 1, constant(0.001), { waitingRoom: 1000 })];
    const links = [wire('users', 's', { breakerShare: 0.5, breakerWindow: 1, breakerOpen: 0.5, breakerLeast: 10 })];
    const faults = [{ id: 'f', fault: 'crash', target: 's', at: 10, seconds: 20, amount: 0, inFlight: 'fail', repeat: 'once', every: 60 }] as const;
    const sim = ran({ ...sketch(nodes, links, 60), faults });
    const { requests, nodes: seen } = sim.result();
    expect(requests.failed['circuit open']).toBeGreaterThan(1500);
    expect(requests.failed.crashed).toBeLessThan(200);
    expect(seen['s']!.served).toBeGreaterThan(3700);
    expect(imbalances(sim)).toEqual([]);
  });

  it('bounds retries by its budget', () => {
    const sim = ran(sketch([people(100), station('s', 1, constant(0.1), { waitingRoom: 0 })], [wire('users', 's', { linkRetries: 10, retryBackoff: 0.01, retryBudget: 0.1 })], 200));
    const guard = guardOf(sim, 'users-s');
    expect(guard.retries / guard.arrivedTotal()).toBeLessThan(0.102);
    expect(guard.retries / guard.arrivedTotal()).toBeGreaterThan(0.09);
  });

  it('lets answers through one after another: an M/D/1 queue at its bandwidth', () => {
    const sim = ran(sketch([people(80, { requestBytes: constant(1e6) }), station('s', 1e6, constant(0))], [wire('users', 's', { linkBandwidth: constant(1e8) })], 2000, 50));
    // ρ = 0.8, service 10 ms: W = ρ s / (2 (1 − ρ)) + s = 30 ms.
    expect(sim.result().latency.mean).toBeCloseTo(0.03, 2.5);
  });

  it('gives every row back in the end, whatever is tried, lost, hedged and cancelled', () => {
    const links = [wire('users', 'a', { linkTimeout: 0.5, linkRetries: 3, linkCancels: true, hedgeDelay: 0.2, linkLoss: 0.05 }), wire('a', 'b', { linkTimeout: 0.3, linkRetries: 2, linkCancels: true, linkLatency: exponential(0.05) })];
    const sim = drained(ran(sketch([people(30), station('a', 4, exponential(0.05), { waitingRoom: 20, holdServer: true }), station('b', 4, exponential(0.1), { waitingRoom: 10 })], links, 200)));
    expect(imbalances(sim)).toEqual([]);
    expect(sim.board.net.calls.count).toBe(0);
    expect(sim.board.net.requests.count).toBe(0);
    expect(outcomes.length).toBeLessThanOrEqual(16);
  });

  it('leaves a plain wire as it is: rules that never come to bear change no figure', () => {
    const plain = ran(sketch([people(50), station('s', 1, exponential(0.01))], path('users', 's'), 100)).result();
    const guarded = ran(sketch([people(50), station('s', 1, exponential(0.01))], [wire('users', 's', { linkTimeout: 1e4, linkRetries: 3 })], 100)).result();
    expect(guarded.latency).toEqual(plain.latency);
  });
});
