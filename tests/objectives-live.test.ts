/** What the chips say while a run goes on: the recent past for the run as a whole, everything since the warm-up for a class or a tenant. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Design, Objective } from '../src/design/design.ts';
import { gateDesign } from '../src/design/gate.ts';
import { metric } from '../src/run/metric.ts';
import { objectiveValues } from '../src/run/frames.ts';
import { Simulation } from '../src/run/simulation.ts';
import { exponential, path, people, sketch, station } from './sketch.ts';

const promised = (design: Design, ...metrics: readonly string[]): Design => ({ ...design, objectives: metrics.map((path): Objective => ({ metric: path, relation: 'at most', limit: 1 })) });

describe('objectives while a run goes on', () => {
  it('count what failed of late, for whatever reason, and nothing that failed long ago', () => {
    const crowded = sketch([people(500), station('desk', 4, exponential(0.01), { waitingRoom: 10 })], path('users', 'desk'), 60);
    const sim = new Simulation(promised(crowded, 'requests.failedShare', 'requests.goodputPerSecond', 'requests.answeredPerSecond'));
    for (const time of [5, 20, 60]) {
      sim.runTo(time);
      const [failed, good, answered] = objectiveValues(sim);
      // A queue that is always full: 500 a second come, and 400 at most are served.
      expect(failed, `at ${time} s`).toBeGreaterThan(0.15);
      expect(failed, `at ${time} s`).toBeLessThan(0.3);
      expect(good).toBe(answered);
      expect(answered! / (1 - failed!)).toBeGreaterThan(440);
      expect(answered! / (1 - failed!)).toBeLessThan(560);
    }
  });

  it('say of a tenant what the result says, whichever tenant comes first', () => {
    const read = JSON.parse(readFileSync(new URL('../scenarios/multi-tenant-inference.json', import.meta.url), 'utf8')) as { readonly reference: unknown };
    const gated = gateDesign(read.reference);
    if (!gated.ok) throw new Error(gated.why);
    const tenants = ['search', 'legal', 'growth'].flatMap((name) => [`tenants.${name}.goodputPerSecond`, `tenants.${name}.failedShare`, `tenants.${name}.latency.p99`]);
    const sim = new Simulation(promised(gated.value, ...tenants));
    sim.runTo(40);
    const result = sim.result();
    expect([...objectiveValues(sim)]).toEqual(tenants.map((path) => metric(result, path) ?? Number.NaN));
    expect(metric(result, 'tenants.search.goodputPerSecond')).toBeGreaterThan(1);
  });
});
