/** The model router: shares, quality and cost by policy against total probability; overflow; faults. */
import { describe, expect, it } from 'vitest';
import { inFlightChoices } from '../src/engine/health.ts';
import { estimates, flows } from '../src/run/flow.ts';
import type { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';

const tiers = [
  { tierName: 'small', tierShare: 5, tierQuality: 0.8, tierPrice: 0.1 },
  { tierName: 'middle', tierShare: 3, tierQuality: 0.9, tierPrice: 1 },
  { tierName: 'large', tierShare: 2, tierQuality: 1, tierPrice: 10 },
];
const ids = ['s', 'm', 'xl'];
const routed = (params: Record<string, unknown> = {}, seconds = 200, services = [0.01, 0.05, 0.2], traffic: Record<string, unknown> = {}) =>
  sketch(
    [people(200, { inputTokens: constant(800), outputTokens: constant(200), ...traffic }), node('router', 'model-router', { modelTiers: tiers, tooHardQuality: 0.3, ...params }), ...ids.map((id, k) => station(id, 1000, constant(services[k]!)))],
    [...path('users', 'router'), ...ids.map((id, k) => wire('router', id, { linkOrder: k }))],
    seconds,
  );

function expectEmpty(sim: Simulation): void {
  expect(imbalances(sim)).toEqual([]);
  sim.apply(tuned(sim.design, 'users', { arrivalRate: 0 }), 'stop');
  sim.runTo(sim.now + 1000);
  expect(sim.board.net.calls.count).toBe(0);
  expect(sim.board.net.requests.count).toBe(0);
}

const shares = (sim: Simulation): number[] => ids.map((id) => sim.result().nodes[id]!.arrived / sim.result().nodes['router']!.arrived);

describe('model router', () => {
  it('sends by difficulty, a share of them to a neighbour', () => {
    const sim = ran(routed({ routerAccuracy: 0.8 }));
    // 0.5 · 0.8 + 0.3 · 0.1 to the small one, and so on.
    for (const [k, share] of [0.43, 0.1 + 0.24 + 0.04, 0.03 + 0.16].entries()) expect(off(shares(sim)[k], share)).toBeLessThan(0.03);
    const { measures, latency } = sim.result().nodes['router']!;
    expect(off(measures['tooSmall'], 0.3 * 0.1 + 0.2 * 0.2)).toBeLessThan(0.05);
    expect(off(measures['quality'], 0.43 * 0.8 - 0.03 * 0.5 + 0.38 * 0.9 - 0.04 * 0.6 + 0.19)).toBeLessThan(0.005);
    expect(off(measures['attributed'], 1000 * (0.43 * 0.1 + 0.38 + 1.9))).toBeLessThan(0.03);
    expect(off(measures['perTokens'], 0.43 * 0.1 + 0.38 + 1.9)).toBeLessThan(0.03);
    expect(off(latency.mean, 0.005 + 0.43 * 0.01 + 0.38 * 0.05 + 0.19 * 0.2)).toBeLessThan(0.03);
    expectEmpty(sim);
  });

  it('never errs with perfect judgement, and everybody errs without', () => {
    expect(ran(routed({ routerAccuracy: 1 }, 50)).result().nodes['router']!.measures['tooSmall']).toBe(0);
    const never = ran(routed({ routerAccuracy: 0 }, 100));
    expect(off(shares(never)[0], 0.15)).toBeLessThan(0.06);
  });

  it('asks the small one first and goes on as it judges the answers', () => {
    const sim = ran(routed({ routingPolicy: 'cascade', judgeAccuracy: 0.9 }));
    const second = 0.5 * 0.1 + 0.5 * 0.9;
    const third = 0.5 * 0.1 * 0.1 + 0.3 * 0.9 * 0.1 + 0.2 * 0.9 * 0.9;
    for (const [k, share] of [1, second, third].entries()) expect(off(shares(sim)[k], share)).toBeLessThan(0.03);
    const { measures } = sim.result().nodes['router']!;
    expect(off(measures['escalated'], second + third)).toBeLessThan(0.03);
    expect(off(measures['attributed'], 1000 * (0.1 + second + 10 * third))).toBeLessThan(0.03);
    // Wrongly kept by the small one: half of all need more, a tenth of those stay; and so on.
    expect(off(measures['tooSmall'], 0.5 * 0.1 + 0.2 * 0.9 * 0.1)).toBeLessThan(0.06);
    expectEmpty(sim);
  });

  it('sends all to the largest, or by weight', () => {
    expect(shares(ran(routed({ routingPolicy: 'largest' }, 50)))).toEqual([0, 0, 1]);
    const weighted = ran(routed({ routingPolicy: 'weight' }, 100));
    for (const share of shares(weighted)) expect(off(share, 1 / 3)).toBeLessThan(0.05);
    expect(off(weighted.result().nodes['router']!.measures['quality'], (0.5 * 0.8 + 0.5 * 0.3 + 0.8 * 0.9 + 0.2 * 0.3 + 1) / 3)).toBeLessThan(0.01);
  });

  it('passes over a model that is full, and pays for it with quality or money', () => {
    // 40 a second of 0.2 s each want the large one: eight under way on average.
    const params = { routerAccuracy: 1, overflowAt: 4 };
    const free = ran(routed({ routerAccuracy: 1 }));
    const smaller = ran(routed({ ...params, overflowTo: 'smaller' }, 200, [0.001, 0.001, 0.2]));
    expect(smaller.result().nodes['router']!.measures['overflowed']!).toBeGreaterThan(0.05);
    expect(smaller.result().nodes['router']!.measures['quality']!).toBeLessThan(free.result().nodes['router']!.measures['quality']! - 0.03);
    expect(smaller.result().nodes['xl']!.inFlightMean!).toBeLessThan(4);
    const larger = ran(routed({ ...params, overflowTo: 'larger' }, 200, [0.2, 0.05, 0.001]));
    expect(larger.result().nodes['router']!.measures['quality']!).toBeGreaterThan(free.result().nodes['router']!.measures['quality']!);
    expect(larger.result().nodes['router']!.measures['attributed']!).toBeGreaterThan(1.2 * free.result().nodes['router']!.measures['attributed']!);
    expectEmpty(smaller);
  });

  it('finds the same key as hard every time', () => {
    const design = routed({ routerAccuracy: 1, difficultyOf: 'key' }, 50, [0.01, 0.05, 0.2], { keyCount: 1 });
    expect(shares(ran(design)).filter((share) => share === 1)).toHaveLength(1);
    const many = ran(routed({ routerAccuracy: 1, difficultyOf: 'key' }, 200, [0.01, 0.05, 0.2], { keyCount: 1_000_000, keySkew: 0 }));
    for (const [k, share] of [0.5, 0.3, 0.2].entries()) expect(off(shares(many)[k], share)).toBeLessThan(0.03);
  });

  it('conserves calls through crashes and cancelled calls', () => {
    for (const routingPolicy of ['difficulty', 'cascade']) {
      for (const target of ['router', 'm']) {
        for (const inFlight of inFlightChoices) {
          const design = routed({ routingPolicy, routerTime: exponential(0.05), overflowAt: 20 }, 30);
          const sim = ran({ ...design, links: design.links.map((l) => (l.from === 'users' ? wire('users', 'router', { linkTimeout: 0.25, linkCancels: true }) : l)), faults: [{ id: 'f', fault: 'crash', target, at: 10, seconds: 5, amount: 0, inFlight, repeat: 'once', every: 60 }] });
          expect(sim.result().requests.failed['timed out']!).toBeGreaterThan(10);
          expectEmpty(sim);
        }
      }
    }
  });

  it('is estimated by hand', () => {
    for (const params of [{}, { routingPolicy: 'cascade' }, { routingPolicy: 'largest' }, { routingPolicy: 'weight' }]) {
      const design = routed(params, 300);
      const { nodes } = result(design);
      for (const row of estimates(design)['router']!.rows) expect(Math.abs(nodes['router']!.measures[row.measure!]! - row.value), `${JSON.stringify(params)} ${row.label}`).toBeLessThan(0.03 * row.value + 1e-9);
      const flow = flows(design);
      for (const id of ids) expect(Math.abs(flow.get(id)!.rate - nodes[id]!.arrived / 300)).toBeLessThan(0.03 * flow.get(id)!.rate + 0.5);
    }
  });
});
