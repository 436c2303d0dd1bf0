/** Users: patterns of arrivals keep their mean, however slow, and a ramp may end at nothing. */
import { expect, it } from 'vitest';
import { emptyDesign, type Design } from '../src/design/design.ts';
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
