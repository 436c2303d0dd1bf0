/** What the chips say while a run goes on: the recent past for the run as a whole, everything since the warm-up for a class or a tenant. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Design, Objective } from '../src/design/design.ts';
import { faultDefaults } from '../src/design/faults.ts';
import { gateDesign } from '../src/design/gate.ts';
import { metric } from '../src/run/metric.ts';
import { objectiveValues } from '../src/run/frames.ts';
import type { Frame } from '../src/run/protocol.ts';
import { createRunService } from '../src/run/service.ts';
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

  it('say of one component’s times what the result says, without the warm-up', () => {
    const filling = sketch([people(90), station('desk', 1, exponential(0.01))], path('users', 'desk'), 200, 100);
    const paths = ['nodes.desk.latency.p99', 'nodes.desk.latency.mean', 'nodes.desk.failed'];
    const sim = new Simulation(promised(filling, ...paths));
    sim.runTo(200);
    const result = sim.result();
    expect([...objectiveValues(sim)]).toEqual(paths.map((path) => metric(result, path)));
  });
});

describe('objectives once a run is over', () => {
  /** A service whose clock stands still until it is asked to wait, and the frames that it sent. */
  function played(design: Design) {
    const sent: Frame[] = [];
    const turns: (() => void)[] = [];
    const service = createRunService(() => 0, (turn) => turns.push(turn));
    service.onFrame((frame) => sent.push(frame));
    service.load(design, {});
    const settle = (): void => {
      for (let turn = turns.shift(); turn !== undefined && turns.length < 100; turn = turns.shift()) turn();
    };
    return { service, settle, last: (): Frame => sent.at(-1)! };
  }

  it('are those of the whole run, as its result has them; while it goes on, and again when it goes on, of late', () => {
    // Ten times slower for the last second of a minute: of late nearly all are slow, of the whole run few.
    const calm = promised(sketch([people(100), station('desk', 4, exponential(0.005))], path('users', 'desk'), 60, 10), 'latency.p50', 'requests.answeredPerSecond');
    const design = { ...calm, faults: [{ ...faultDefaults('slow'), id: 'f', target: 'desk', at: 57, seconds: 3, amount: 10 }] };
    const { service, settle, last } = played(design);
    service.step(59.5);
    settle();
    expect(last().state).toBe('paused');
    const late = last().objectives[0]!;
    service.play(0);
    settle();
    expect(last().state).toBe('ended');
    const result = service.result();
    expect([...last().objectives]).toEqual(result.objectives.map(({ value }) => value));
    expect(late).toBeGreaterThan(2 * last().objectives[0]!);
    service.step(1);
    settle();
    expect(last().objectives[0]).toBeGreaterThan(2 * result.latency.p50!);
  });
});
