/** Users: patterns of arrivals keep their mean, however slow, and a ramp may end at nothing. */
import { describe, expect, it } from 'vitest';
import { emptyDesign, type Design } from '../src/design/design.ts';
import { faultDefaults } from '../src/design/faults.ts';
import type { Trace } from '../src/engine/trace.ts';
import { Simulation } from '../src/run/simulation.ts';
import { wire } from './bench/workloads.ts';

const constant = (mean: number) => ({ shape: 'constant', mean, cv: 0 });

function design(params: Record<string, unknown>): Design {
  const node = (id: string, kind: string, own: Record<string, unknown>) => ({ id, kind, label: id, x: 0, y: 0, params: own });
  return { ...emptyDesign, nodes: [node('users', 'users', params), node('s', 'service', { serverCount: 1_000_000, serviceTime: constant(0) })], links: [wire('users', 's')] };
}

function offered(params: Record<string, unknown>, seconds: number): number {
  const sim = new Simulation(design(params));
  sim.runTo(seconds);
  return sim.result().requests.offered;
}

it.each([
  ['day', 3, 2],
  ['spike', 6, 2],
  ['ramp', 3, 3],
])('a %s up to %d× brings %d× the lowest rate on average', (pattern, peakFactor, factor) => {
  const seconds = 20_000;
  const n = offered({ arrivalRate: 10, pattern, peakFactor, patternPeriod: 100 }, seconds);
  expect(Math.abs(n / (10 * factor * seconds) - 1)).toBeLessThan(0.015);
});

it('a ramp down to nothing ends, and a rare request is found at once', () => {
  const n = offered({ arrivalRate: 100, pattern: 'ramp', peakFactor: 0, patternPeriod: 100 }, 100_000);
  expect(Math.abs(n / 5000 - 1)).toBeLessThan(0.06);
  expect(offered({ arrivalRate: 1e-9, pattern: 'day', patternPeriod: 0.1 }, 1e6)).toBeLessThan(3);
});

it('people who lose patience fail as timed out, and what comes later is not counted twice', () => {
  const impatient = design({ arrivalRate: 50, patience: constant(0.5) });
  const slow = { ...impatient, nodes: impatient.nodes.map((n) => (n.id === 's' ? { ...n, params: { serverCount: 1, serviceTime: { shape: 'exponential', mean: 0.1, cv: 1 }, waitingRoom: 100 } } : n)) };
  const sim = new Simulation(slow);
  sim.runTo(500);
  const { requests } = sim.result();
  const failed = Object.values(requests.failed).reduce((a, b) => a + b, 0);
  expect(requests.failed['timed out']).toBeGreaterThan(1000);
  expect(requests.offered).toBe(requests.answered + failed + requests.inFlight);
});

describe('a closed crowd', () => {
  const turns = { arrivals: 'closed', population: 10, thinkTime: constant(1) };
  const during = (sim: Simulation, seconds: number): number => {
    const before = sim.result().requests.offered;
    sim.runTo(sim.now + seconds);
    return sim.result().requests.offered - before;
  };
  const changed = (sim: Simulation, params: Record<string, unknown>): void => sim.apply(design(params), 'change');

  it('does not grow by a herd that passes', () => {
    const sim = new Simulation({ ...design(turns), faults: [{ ...faultDefaults('herd'), id: 'f', target: 'users', at: 5, amount: 100 }] });
    sim.runTo(10);
    expect(during(sim, 100)).toBe(1000);
  });

  it('is as many as it says after an open stream, and after a break', () => {
    const sim = new Simulation(design({ arrivalRate: 1000 }));
    const held = { ...design({ arrivalRate: 1000 }), nodes: design({ arrivalRate: 1000 }).nodes.map((n) => (n.id === 's' ? { ...n, params: { ...n.params, serviceTime: constant(2) } } : n)) };
    sim.apply(held, 'slower');
    sim.runTo(5);
    changed(sim, turns);
    sim.runTo(10);
    expect(during(sim, 100)).toBe(1000);
    changed(sim, { arrivalRate: 0 });
    sim.runTo(120);
    changed(sim, turns);
    sim.runTo(125);
    expect(during(sim, 100)).toBe(1000);
  });
});

it('faults that overlap leave nothing behind', () => {
  const fault = (id: string, kind: 'load' | 'hotKey', amount: number, at: number) => ({ ...faultDefaults(kind), id, target: 'users', at, seconds: 10, amount });
  const faults = [fault('a', 'load', 3, 10), fault('b', 'load', 0, 5), fault('c', 'load', 0.1, 12), fault('d', 'hotKey', 1, 5), fault('e', 'hotKey', 0.5, 10)];
  const keys: number[] = [];
  const sim = new Simulation({ ...design({ arrivalRate: 100, arrivals: 'regular', keyCount: 1_000_000, keySkew: 0 }), faults }, { listener: (r) => void keys.push(sim.board.net.requests.key(r)) });
  sim.runTo(30);
  const before = sim.result().requests.offered;
  keys.length = 0;
  sim.runTo(130);
  expect(sim.result().requests.offered - before).toBe(10_000);
  expect(new Set(keys).size).toBeGreaterThan(9900);
});

it('a herd does not use up the log that is replayed', () => {
  const rows = 100;
  const log: Trace = { name: 'log', arrival: Float64Array.from({ length: rows }, (_, i) => i), input: new Float64Array(rows).fill(10), output: new Float64Array(rows).fill(20), blockStart: new Int32Array(rows + 1), blocks: new Int32Array(0), blockSize: 0 };
  const faults = [{ ...faultDefaults('herd'), id: 'f', target: 'users', at: 50.5, amount: 1000 }];
  const sim = new Simulation({ ...design({ arrivals: 'trace', recording: 'log' }), faults }, { traces: { log } });
  sim.runTo(200);
  expect(sim.result().requests).toMatchObject({ offered: rows + 1000, answered: rows + 1000 });
});

it('who asks for the same thing gets the same, and over all things lengths are spread as they would be without', () => {
  const sizes = new Map<number, string>();
  const inputs: number[] = [];
  const sim = new Simulation(design({ arrivalRate: 1000, keyCount: 20_000, keySkew: 0.5, keyAlike: true, requestBytes: { shape: 'lognormal', mean: 1000, cv: 1 }, itemCount: { shape: 'uniform', mean: 50, cv: 0.5 } }));
  sim.board.net.ledger.listener = (r) => {
    const { requests } = sim.board.net;
    const said = `${requests.input(r)} ${requests.output(r)} ${requests.bytes(r)} ${requests.items(r)}`;
    const known = sizes.get(requests.key(r));
    if (known === undefined) inputs.push(requests.input(r));
    else expect(said).toBe(known);
    sizes.set(requests.key(r), said);
  };
  sim.runTo(60);
  expect(new Set(sizes.values()).size).toBe(sizes.size);
  const mean = inputs.reduce((a, b) => a + b, 0) / inputs.length;
  const cv = Math.sqrt(inputs.reduce((a, b) => a + (b - mean) ** 2, 0) / inputs.length) / mean;
  expect(inputs.length).toBeGreaterThan(15_000);
  expect(Math.abs(mean / 1000 - 1)).toBeLessThan(0.03);
  expect(Math.abs(cv / 0.8 - 1)).toBeLessThan(0.05);
});
