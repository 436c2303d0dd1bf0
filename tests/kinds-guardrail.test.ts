/** The guardrail: the binormal model against textbook values, what each mode costs and catches, second opinions, faults. */
import { describe, expect, it } from 'vitest';
import { inFlightChoices } from '../src/engine/health.ts';
import { Stream } from '../src/engine/random.ts';
import { normalQuantile, normalShare, safeBetween, scoresOf, unsafeBetween } from '../src/kinds/guardrail/binormal.ts';
import { badness } from '../src/kinds/guardrail/verdicts.ts';
import { estimates, flows } from '../src/run/flow.ts';
import type { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';

const guard = (id: string, params: Record<string, unknown> = {}) => node(id, 'guardrail', { checkTime: constant(0.01), checkServers: 1000, unsafeShare: 0.2, guardAuc: 0.9, blockAbove: 1.5, ...params });
const guarded = (params: Record<string, unknown> = {}, seconds = 200, rate = 200) => sketch([people(rate), guard('guard', params), station('model', 1000, constant(1))], path('users', 'guard', 'model'), seconds);

/** A run that has been let run dry. */
function drained(sim: Simulation): Simulation {
  sim.apply(tuned(sim.design, 'users', { arrivalRate: 0 }), 'stop');
  sim.runTo(sim.now + 1000);
  return sim;
}

/** Nothing and nobody is left. */
function expectEmpty(sim: Simulation): void {
  expect(imbalances(sim)).toEqual([]);
  expect(drained(sim).board.net.calls.count).toBe(0);
  expect(sim.board.net.requests.count).toBe(0);
}

const { mean } = scoresOf(0.9, 1);
const recall = 1 - normalShare(1.5 - mean);
const alarms = 1 - normalShare(1.5);

describe('the binormal model', () => {
  it('knows the normal distribution (Abramowitz and Stegun, table 26.1)', () => {
    for (const [x, share] of [[0, 0.5], [1, 0.841344746068543], [2, 0.977249868051821], [-3, 0.001349898031630], [4.5, 0.999996602326875]] as const) {
      expect(normalShare(x)).toBeCloseTo(share, 14);
      expect(normalQuantile(share)).toBeCloseTo(x, 9);
    }
    expect([normalShare(-Infinity), normalShare(Infinity)]).toEqual([0, 1]);
  });

  it('has the area under the curve it is given, as the chance that unsafe scores higher', () => {
    const draws = new Stream(1, 'test', 'scores');
    for (const [auc, spread] of [[0.8, 1], [0.95, 2], [0.99, 0.5]] as const) {
      const scores = scoresOf(auc, spread);
      let higher = 0;
      for (let k = 0; k < 100_000; k++) if (scores.mean + scores.spread * draws.normal() > draws.normal()) higher++;
      expect(higher / 100_000).toBeCloseTo(auc, 2.3);
      // The same by the trapezium rule along the curve.
      let area = 0;
      const hits = (t: number): number => 1 - unsafeBetween(scores, -Infinity, t);
      for (let t = -8; t < 16; t += 0.01) area += safeBetween(t, t + 0.01) * (hits(t) + hits(t + 0.01)) / 2;
      expect(area).toBeCloseTo(auc, 4);
    }
  });

  it('spreads unsafe requests evenly, however they are numbered and born', () => {
    for (const born of [(k: number) => k, (k: number) => k / 100, () => 0, (k: number) => 1e5 + k * 1e-7]) {
      let low = 0;
      for (let k = 0; k < 100_000; k++) if (badness(k % 1000, born(k) + Math.floor(k / 1000)) < 0.1) low++;
      expect(low / 100_000).toBeCloseTo(0.1, 2.3);
    }
  });
});

describe('guardrail', () => {
  it('misses and blocks as the two distributions say, in every mode', () => {
    const expected = { before: [recall, alarms], after: [recall, alarms], parallel: [recall, alarms], both: [1 - (1 - recall) ** 2, 1 - (1 - alarms) ** 2] } as const;
    for (const [guardMode, [found, wrong]] of Object.entries(expected)) {
      const sim = ran(guarded({ guardMode }));
      const { measures, failed } = sim.result().nodes['guard']!;
      expect(off(1 - measures['falseNegatives']!, found), guardMode).toBeLessThan(0.03);
      expect(off(measures['falsePositives'], wrong), guardMode).toBeLessThan(0.06);
      expect(off(measures['blockedShare'], 0.2 * found + 0.8 * wrong), guardMode).toBeLessThan(0.04);
      expect(off(measures['precision'], (0.2 * found) / (0.2 * found + 0.8 * wrong)), guardMode).toBeLessThan(0.03);
      expect(failed).toBe(0);
      expectEmpty(sim);
    }
  });

  it('costs time and work of the model by mode', () => {
    const of = (guardMode: string) => {
      const sim = ran(guarded({ guardMode }));
      const { guard: g, model } = sim.result().nodes;
      return { latency: g!.latency.p50!, share: model!.arrived / g!.arrived, cancelled: model!.failedBy['cancelled'] ?? 0 };
    };
    const blocked = 0.2 * recall + 0.8 * alarms;
    const [before, after, both, parallel] = [of('before'), of('after'), of('both'), of('parallel')];
    expect(off(before.share, 1 - blocked)).toBeLessThan(0.02);
    expect(off(before.latency, 1.01)).toBeLessThan(0.02);
    expect(after.share).toBe(1);
    expect(off(both.latency, 1.02)).toBeLessThan(0.02);
    expect(off(parallel.latency, 1)).toBeLessThan(0.02);
    expect(parallel.share).toBe(1);
    expect(off(parallel.cancelled / 40_000, blocked)).toBeLessThan(0.05);
  });

  it('holds a fast model’s answer until the check is over, and answers a block at once', () => {
    const quick = sketch([people(50), guard('guard', { guardMode: 'parallel', checkTime: constant(0.5) }), station('model', 1000, constant(0.1))], path('users', 'guard', 'model'), 100);
    const sim = ran(quick);
    expect(off(sim.result().nodes['guard']!.latency.mean, 0.5)).toBeLessThan(1e-9);
    expectEmpty(sim);
  });

  it('judges by itself where there is no model behind', () => {
    const sim = ran(sketch([people(100), guard('guard')], path('users', 'guard'), 100));
    expect(sim.result().nodes['guard']!.failed).toBe(0);
    expect(off(sim.result().nodes['guard']!.latency.mean, 0.01)).toBeLessThan(1e-6);
  });

  it('refuses or lets through unchecked what finds no place', () => {
    const crowded = { checkServers: 1, checkRoom: 5, checkTime: constant(0.02) };
    const refusing = ran(guarded(crowded, 50));
    expect(refusing.result().nodes['guard']!.failedBy['queue full']!).toBeGreaterThan(1000);
    for (const guardMode of ['before', 'after', 'both', 'parallel']) {
      const passing = ran(guarded({ ...crowded, checkWhenFull: 'pass', guardMode }, 50));
      expect(passing.result().nodes['guard']!.failed, guardMode).toBe(0);
      expect(passing.result().nodes['guard']!.measures['unchecked']!, guardMode).toBeGreaterThan(0.4);
      expect(passing.result().nodes['guard']!.measures['falseNegatives']!, guardMode).toBeGreaterThan(1.3 * (1 - recall));
      expectEmpty(passing);
    }
    expectEmpty(refusing);
  });

  it('fails with the model', () => {
    for (const guardMode of ['before', 'parallel', 'both']) {
      const design = sketch([people(100), guard('guard', { guardMode }), station('model', 1, constant(1), { waitingRoom: 0 })], path('users', 'guard', 'model'), 50);
      const sim = ran(design);
      expect(Object.keys(sim.result().nodes['guard']!.failedBy)).toEqual(['queue full']);
      expectEmpty(sim);
    }
  });
});

describe('a second opinion', () => {
  const uncertain = { guardEscalates: true, passBelow: 0, blockAbove: 2 };
  const asking = (params: Record<string, unknown>, second: ReturnType<typeof node>) =>
    sketch([people(200), guard('guard', { ...uncertain, ...params }), station('model', 1000, constant(0.2)), second], [...path('users', 'guard'), wire('guard', 'model', { linkOrder: 0 }), wire('guard', 'second', { linkOrder: 1 })], 300);
  const doubtSafe = safeBetween(0, 2);
  const doubtUnsafe = unsafeBetween(scoresOf(0.9, 1), 0, 2);

  it('is asked for scores in between, and decides', () => {
    const sim = ran(asking({ reviewAccuracy: 1 }, station('second', 1000, exponential(0.1))));
    const { measures } = sim.result().nodes['guard']!;
    expect(off(measures['escalated'], 0.8 * doubtSafe + 0.2 * doubtUnsafe)).toBeLessThan(0.02);
    expect(off(measures['falseNegatives'], unsafeBetween(scoresOf(0.9, 1), -Infinity, 0))).toBeLessThan(0.08);
    expect(off(measures['falsePositives'], 1 - normalShare(2))).toBeLessThan(0.08);
    expectEmpty(sim);
  });

  it('of another guardrail is its own, and about the same truth', () => {
    const better = scoresOf(0.99, 1);
    const sim = ran(asking({}, guard('second', { guardAuc: 0.99, blockAbove: 1 })));
    const { guard: g, second } = sim.result().nodes;
    const missed = unsafeBetween(scoresOf(0.9, 1), -Infinity, 0) + doubtUnsafe * unsafeBetween(better, -Infinity, 1);
    expect(off(g!.measures['falseNegatives'], missed)).toBeLessThan(0.08);
    expect(off(g!.measures['falsePositives'], 1 - normalShare(2) + doubtSafe * (1 - normalShare(1)))).toBeLessThan(0.05);
    // Those in doubt are more often unsafe than all.
    expect(off(second!.measures['blockedShare'], (0.2 * doubtUnsafe * (1 - unsafeBetween(better, -Infinity, 1)) + 0.8 * doubtSafe * (1 - normalShare(1))) / (0.2 * doubtUnsafe + 0.8 * doubtSafe))).toBeLessThan(0.04);
    expectEmpty(sim);
  });

  it('comes from behind other components too, and from people at the end of a cascade', () => {
    const nodes = [people(100), guard('words', { guardEscalates: true, passBelow: -1, blockAbove: 2.5, guardAuc: 0.8 }), node('lb', 'load-balancer'), guard('large', { guardEscalates: true, passBelow: 1, blockAbove: 2, guardAuc: 0.98 }), station('people', 500, exponential(5))];
    const links = [...path('users', 'words', 'lb', 'large', 'people')].map((link) => (link.id === 'words-lb' ? { ...link, params: { ...link.params, linkTimeout: 60 } } : link));
    const sim = ran(sketch(nodes, links, 300));
    const { words, large, people: reviewers } = sim.result().nodes;
    expect(reviewers!.arrived).toBeGreaterThan(100);
    expect(words!.measures['falseNegatives']!).toBeLessThan(0.3);
    // What the first check alone would do, blocking at the same place.
    expect(words!.measures['falseNegatives']!).toBeLessThan(unsafeBetween(scoresOf(0.8, 1), -Infinity, 2.5) / 2);
    expect(off(words!.measures['escalated'], large!.arrived / words!.arrived)).toBeLessThan(0.02);
    expectEmpty(sim);
  });

  it('that fails blocks, passes or fails, as set', () => {
    const of = (withoutReview: string) => {
      const sim = ran(asking({ withoutReview }, station('second', 1, constant(1000), { waitingRoom: 0 })));
      expectEmpty(sim);
      return sim.result().nodes['guard']!;
    };
    expect(of('fail').failedBy['queue full']!).toBeGreaterThan(1000);
    expect(of('pass').failed).toBe(0);
    expect(of('block').measures['blockedShare']!).toBeGreaterThan(of('pass').measures['blockedShare']! + 0.3);
  });

  it('that nobody can give fails the request and frees its server once', () => {
    for (const guardMode of ['before', 'after', 'both', 'parallel']) {
      const alone = sketch([people(100), guard('guard', { ...uncertain, guardMode, withoutReview: 'fail', checkServers: 1, checkTime: exponential(0.008) })], path('users', 'guard'), 100);
      const sim = ran(alone);
      expect(Object.keys(sim.result().nodes['guard']!.failedBy)).toContain('no healthy target');
      expect(sim.result().nodes['guard']!.utilisation!).toBeLessThanOrEqual(1);
      expectEmpty(sim);
    }
  });

  it('can be asked while the model works', () => {
    const sim = ran(asking({ guardMode: 'parallel' }, station('second', 1000, exponential(0.1))));
    expect(sim.result().nodes['model']!.arrived).toBe(sim.result().nodes['guard']!.arrived);
    expect(sim.result().nodes['guard']!.failed).toBe(0);
    expectEmpty(sim);
  });
});

describe('guardrail under faults', () => {
  it('conserves calls when it or what it asks goes down, in every mode', () => {
    for (const guardMode of ['before', 'after', 'both', 'parallel']) {
      for (const target of ['guard', 'model', 'second']) {
        for (const inFlight of inFlightChoices) {
          const nodes = [people(100), guard('guard', { guardMode, guardEscalates: true, passBelow: 0, checkServers: 2 }), station('model', 50, exponential(0.2)), guard('second', { checkServers: 2 })];
          const links = [wire('users', 'guard', { linkTimeout: 0.5, linkCancels: true, linkRetries: 1 }), wire('guard', 'model', { linkOrder: 0 }), wire('guard', 'second', { linkOrder: 1 })];
          const sim = ran({ ...sketch(nodes, links, 30), faults: [{ id: 'f', fault: 'crash', target, at: 10, seconds: 5, amount: 0, inFlight, repeat: 'once', every: 60 }] });
          expectEmpty(sim);
        }
      }
    }
  });

  it('takes up changes while it runs', () => {
    const design = guarded({ checkServers: 3, checkTime: exponential(0.02) }, 60);
    const sim = ran({ ...design, run: { ...design.run, seconds: 10 } });
    for (const [k, params] of [{ guardMode: 'parallel' }, { guardMode: 'after', checkServers: 10 }, { guardMode: 'both', guardEscalates: true }, { guardMode: 'before', guardEscalates: false }].entries()) {
      sim.apply(tuned(sim.design, 'guard', params), 'edit');
      sim.runTo(20 + 10 * k);
    }
    expectEmpty(sim);
  });
});

describe('guardrail by hand', () => {
  it('agrees with the run', () => {
    for (const params of [{}, { guardMode: 'both' }, { guardEscalates: true, passBelow: 0 }]) {
      const design = sketch([people(200), guard('guard', { checkServers: 8, checkRoom: 1e8, ...params }), station('model', 1000, constant(1)), station('second', 1000, constant(1))], [...path('users', 'guard', 'model'), wire('guard', 'second', { linkOrder: 1 })], 300);
      const { nodes } = result(design);
      for (const row of estimates(design)['guard']!.rows) if (row.value > 0 && row.measure !== undefined) expect(off(row.measure === 'utilisation' ? nodes['guard']!.utilisation : nodes['guard']!.measures[row.measure], row.value), row.label).toBeLessThan(0.06);
      expect(off(nodes['model']!.arrived / 300, flows(design).get('model')!.rate)).toBeLessThan(0.03);
    }
  });
});
