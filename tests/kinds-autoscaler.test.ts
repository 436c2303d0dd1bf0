/** The autoscaler: follows load within its bounds, pays for starting replicas, waits before it shrinks, keeps a schedule, foresees a ramp. */
import { describe, expect, it } from 'vitest';
import type { DesignLink, DesignNode } from '../src/design/design.ts';
import type { ReplicaSet } from '../src/kit/replica-set.ts';
import { constant, exponential, imbalances, node, people, ran, sketch, wire } from './sketch.ts';

const scaled = (users: DesignNode, scaler: Record<string, unknown>, service: Record<string, unknown> = {}, seconds = 600, links: DesignLink[] = []) =>
  ran(
    sketch(
      [users, node('s', 'service', { serverCount: 4, serviceTime: exponential(1), serverStart: constant(30), pricePerServer: 1, ...service }), node('a', 'autoscaler', scaler)],
      [wire('users', 's'), wire('a', 's'), ...links],
      seconds,
    ),
  );

const sizes = (sim: ReturnType<typeof scaled>) => sim.board.nodes.get('s')!.node.scaling as ReplicaSet;

describe('autoscaler', () => {
  it('settles at load ÷ target', () => {
    const sim = scaled(people(12), { scalingTarget: 0.6, scalingMost: 100 }, {}, 3000);
    expect(sizes(sim).ready).toBeGreaterThanOrEqual(18);
    expect(sizes(sim).ready).toBeLessThanOrEqual(26);
    expect(imbalances(sim)).toEqual([]);
  });

  it('never goes beyond its bounds', () => {
    expect(sizes(scaled(people(50), { scalingMost: 7 })).wanted).toBe(7);
    expect(sizes(scaled(people(0.01), { scalingLeast: 3, scalingDownPause: 0 })).wanted).toBe(3);
  });

  it('new servers serve only after their start, and are paid for from the moment they are asked for', () => {
    // By the clock: 4 servers, then 10 at t = 100; they serve from t = 130 on.
    const sim = scaled(people(0), { scalingPolicy: 'schedule', scalingSchedule: [{ scheduleTime: 0, scheduleReplicas: 4 }, { scheduleTime: 100, scheduleReplicas: 10 }], scalingInterval: 1 }, {}, 200);
    expect(sim.board.nodes.get('s')!.node.serverArea(200)).toBeCloseTo(4 * 130 + 10 * 70, 6);
    expect(sim.result().cost.usd).toBeCloseTo((4 * 100 + 10 * 100) / 3600, 9);
  });

  it('comes up from nothing by any policy, because somebody waits; and is gone again when nobody does', () => {
    for (const scalingPolicy of ['utilisation', 'predictive', 'queue']) {
      const sim = scaled(people(0), { scalingPolicy, scalingLeast: 0, scalingInterval: 5, scalingDownPause: 10 }, {}, 60);
      expect(sizes(sim).wanted, scalingPolicy).toBe(0);
      sim.apply({ ...sim.design, nodes: sim.design.nodes.map((n) => (n.id === 'users' ? { ...n, params: { ...n.params, arrivalRate: 2 } } : n)) }, 'start');
      sim.runTo(120);
      expect(sizes(sim).ready, scalingPolicy).toBeGreaterThan(0);
      expect(sim.result().requests.answered, scalingPolicy).toBeGreaterThan(20);
      expect(imbalances(sim)).toEqual([]);
    }
  });

  it('shrinks only after its pause', () => {
    const scaler = { scalingInterval: 5, scalingDownPause: 100, scalingLeast: 2, scalingTarget: 0.5 };
    const busy = people(8);
    const sim = scaled(busy, scaler, { serverCount: 16 }, 200);
    sim.apply({ ...sim.design, nodes: sim.design.nodes.map((n) => (n.id === 'users' ? { ...n, params: { ...n.params, arrivalRate: 0 } } : n)) }, 'stop');
    sim.runTo(280);
    expect(sizes(sim).wanted).toBeGreaterThan(12);
    sim.runTo(400);
    expect(sizes(sim).wanted).toBe(2);
  });

  it('does not ask for fewer because some are lost while the others are overloaded', () => {
    const lost = { id: 'f', fault: 'replicas', target: 's', at: 60, seconds: 100, amount: 25, inFlight: 'fail', repeat: 'once', every: 600 } as const;
    const server = node('s', 'model-server', { scorerReplicas: 30, scorerBatch: 1, scorerBase: 1, scorerPerItem: 0, scorerStart: constant(5) });
    const scaler = node('a', 'autoscaler', { scalingMost: 100, scalingDownPause: 0, scalingInterval: 5, scalingLeast: 1, scalingTolerance: 0.4 });
    const sim = ran({ ...sketch([people(20), server, scaler], [wire('users', 's'), wire('a', 's')], 66), faults: [lost] });
    expect(sizes(sim).wanted).toBeGreaterThanOrEqual(30);
  });

  it('gets others where it asks for more, but not those that are lost while the fault lasts', () => {
    const schedule = [{ scheduleTime: 0, scheduleReplicas: 10 }, { scheduleTime: 100, scheduleReplicas: 13 }, { scheduleTime: 200, scheduleReplicas: 9 }, { scheduleTime: 250, scheduleReplicas: 11 }];
    const fault = (name: 'replicas' | 'preemption', at: number, seconds: number, amount: number) => ({ id: `f${at}`, fault: name, target: 's', at, seconds, amount, inFlight: 'fail', repeat: 'once', every: 600 }) as const;
    for (const name of ['replicas', 'preemption'] as const) {
      const nodes = [people(0), node('s', 'service', { serverCount: 10, serverStart: constant(5) }), node('a', 'autoscaler', { scalingPolicy: 'schedule', scalingSchedule: schedule, scalingInterval: 1, scalingMost: 100 })];
      const sim = ran({ ...sketch(nodes, [wire('users', 's'), wire('a', 's')], 60), faults: [fault(name, 50, 300, 4), fault(name, 70, 80, 1)] });
      const ready = (time: number): number => {
        sim.runTo(time);
        return sizes(sim).ready;
      };
      expect([60, 90, 140, 160, 220, 280, 340, 360].map(ready), name).toEqual([6, 5, 8, 9, 9, 11, 11, 11]);
      expect(sizes(sim).wanted).toBe(11);
    }
  });

  it('finds those lost again when they come back', () => {
    const lost = { id: 'f', fault: 'replicas', target: 's', at: 50, seconds: 100, amount: 4, inFlight: 'fail', repeat: 'once', every: 600 } as const;
    const nodes = [people(0), node('s', 'service', { serverCount: 10, serverStart: constant(5) })];
    const sim = ran({ ...sketch(nodes, [wire('users', 's')], 60), faults: [lost] });
    // A person who changes the design does not heal it either.
    sim.apply({ ...sim.design, nodes: sim.design.nodes.map((n) => (n.id === 's' ? { ...n, params: { ...n.params, serverCount: 12 } } : n)) }, 'more');
    expect(sizes(sim).ready).toBe(8);
    sim.runTo(149);
    expect(sizes(sim).ready).toBe(8);
    sim.runTo(160);
    expect(sizes(sim).ready).toBe(12);
  });

  it('foresees a ramp: fewer requests wait than with a reaction to what is seen', () => {
    const ramp = people(2, { pattern: 'ramp', peakFactor: 20, patternPeriod: 600 });
    const run = (scalingPolicy: string) => scaled(ramp, { scalingPolicy, scalingMost: 200, scalingHorizon: 60 }, { serverStart: constant(60) }, 600).result().latency.mean!;
    expect(run('predictive')).toBeLessThan(0.7 * run('utilisation'));
  });

  it('takes up its looks again after a crash', () => {
    const faults = [{ id: 'f', fault: 'crash', target: 'a', at: 100, seconds: 50, amount: 0, inFlight: 'fail', repeat: 'once', every: 600 }] as const;
    const design = sketch([people(20), node('s', 'service', { serverCount: 4, serviceTime: exponential(1), serverStart: constant(5) }), node('a', 'autoscaler', { scalingMost: 100 })], [wire('users', 's'), wire('a', 's')], 400);
    const sim = ran({ ...design, faults });
    expect(sizes(sim).ready).toBeGreaterThan(25);
  });
});
