/** Classes, tenants and priorities: percentiles of each, fairness, and costs that add up. */
import { describe, expect, it } from 'vitest';
import { report } from '../src/cli/report.ts';
import { merge } from '../src/run/statistics/merge.ts';
import { replicate } from '../src/run/statistics/replication.ts';
import { constant, exponential, imbalances, node, path, people, ran, result, sketch, station, wire } from './sketch.ts';

const tenants = (shares: readonly number[], weights = shares.map(() => 1)) => shares.map((tenantShare, i) => ({ tenantName: `team-${i + 1}`, tenantShare, tenantWeight: weights[i]! }));
const sorts = [
  { className: 'chat', classShare: 1, classScale: 1, classPriority: 5, classWithin: 0 },
  { className: 'batch', classShare: 1, classScale: 1, classPriority: 0, classWithin: 0 },
];

describe('classes and tenants', () => {
  it('are counted apart, and add up to all', () => {
    const { requests, classes, tenants: teams } = result(sketch([people(100, { requestClasses: sorts, requestTenants: tenants([3, 1]) }), station('s', 4, exponential(0.02))], path('users', 's'), 200));
    expect(Object.keys(classes)).toEqual(['chat', 'batch']);
    expect(Object.keys(teams)).toEqual(['team-1', 'team-2']);
    for (const parts of [classes, teams]) expect(Object.values(parts).reduce((sum, part) => sum + part.answered, 0)).toBe(requests.answered);
    expect(teams['team-1']!.answered / requests.answered).toBeCloseTo(0.75, 1.5);
  });

  it('pay for what they use: the parts add up to the total, and who uses ten times as much pays about ten times', () => {
    const nodes = [people(50, { requestClasses: sorts }), node('s', 'service', { serverCount: 10, serviceTime: constant(0.01) }), node('big', 'service', { serverCount: 100, serviceTime: constant(0.1) })];
    const links = [wire('users', 's', { linkOnly: 'chat' }), wire('users', 'big', { linkOnly: 'batch' })];
    const { cost } = result(sketch(nodes, links, 300, 50));
    expect(cost.classes['chat']! + cost.classes['batch']!).toBeCloseTo(cost.usd, 12);
    expect(cost.classes['batch']! / cost.classes['chat']!).toBeCloseTo(10, 6);
  });

  it('have times of their own to the first token and per further one, and together those of all', () => {
    const nodes = [people(5, { requestClasses: sorts, requestTenants: tenants([1, 1]), inputTokens: constant(500), outputTokens: constant(20) }), node('fast', 'gpu-pool'), node('slow', 'gpu-pool')];
    const links = [wire('users', 'fast', { linkOnly: 'chat' }), wire('users', 'slow', { linkOnly: 'batch', linkLatency: constant(0.5) })];
    const design = sketch(nodes, links, 200, 50);
    const { llm, classes, tenants: teams, latency } = result(design);
    const { chat, batch } = classes;
    for (const parts of [classes, teams]) expect(Object.values(parts).reduce((sum, part) => sum + part.llm!.ttft.count, 0)).toBe(llm!.ttft.count);
    // The wire takes half a second there; the way back counts for the last token only.
    expect(batch!.llm!.ttft.p50! - chat!.llm!.ttft.p50!).toBeCloseTo(0.5, 1.5);
    expect((batch!.llm!.tpot.mean! - chat!.llm!.tpot.mean!) * 19).toBeCloseTo(0.5, 1.5);
    expect(teams['team-1']!.llm!.ttft.p50!).toBeGreaterThan(0);
    expect(latency.count).toBe(llm!.ttft.count);
    const said = report(design, result(design), 1);
    const [, , firstTokens] = said.split(/\n(?=latency|time to first token|time per output token)/);
    for (const name of ['chat', 'batch', 'team-1', 'team-2']) expect(firstTokens).toContain(name);
    // Replications together, and requests that stream nothing.
    const two = merge(design, [0, 1].map((k) => replicate({ designs: [design], traces: {}, count: 2, points: 0 }, k)));
    expect(two.classes['chat']!.llm!.ttft.count).toBeGreaterThan(1.5 * chat!.llm!.ttft.count);
    expect(two.intervals['classes.chat.llm.ttft.mean']).toBeDefined();
    expect(result(sketch([people(5, { requestClasses: sorts }), station('files', 10)], path('users', 'files'), 20)).classes['chat']!.llm).toBeNull();
  });

  it('a wire that is only for some takes nothing else', () => {
    const sim = ran(sketch([people(50, { requestClasses: sorts }), station('a', 10, exponential(0.01)), station('b', 10, exponential(0.01))], [wire('users', 'a', { linkOnly: 'chat' }), wire('users', 'b', { linkOnly: 'batch, nobody' })], 100));
    const { classes, nodes } = sim.result();
    expect(nodes['a']!.arrived).toBe(classes['chat']!.offered);
    expect(nodes['b']!.arrived).toBe(classes['batch']!.offered);
  });

  it('a class nobody takes has no healthy target', () => {
    const { requests } = result(sketch([people(50, { requestClasses: sorts }), station('a', 10)], [wire('users', 'a', { linkOnly: 'chat' })], 10));
    expect(requests.failed['no healthy target']).toBeGreaterThan(200);
  });

  it('priority goes first, and fairness protects the quiet tenant from the loud one', () => {
    const overload = (params: Record<string, unknown>, service: Record<string, unknown>) =>
      result(sketch([people(120, params), node('s', 'service', { serverCount: 1, serviceTime: exponential(0.01), waitingRoom: 500, ...service })], path('users', 's'), 100));
    const byPriority = overload({ requestClasses: [{ ...sorts[0]!, classShare: 1 }, { ...sorts[1]!, classShare: 9 }] }, { servingOrder: 'priority' });
    expect(byPriority.classes['chat']!.latency.p99!).toBeLessThan(0.1);
    const quiet = (servingOrder: string) => overload({ requestTenants: tenants([1, 19]) }, { servingOrder }).tenants['team-1']!.latency.p50!;
    expect(quiet('fair')).toBeLessThan(0.1 * quiet('arrival'));
  });

  it('weights decide who gets how much of a station that is full', () => {
    const sim = ran(sketch([people(400, { requestTenants: tenants([1, 1], [3, 1]) }), node('s', 'service', { serverCount: 1, serviceTime: exponential(0.01), waitingRoom: 1_000_000, servingOrder: 'fair' })], path('users', 's'), 100));
    const { tenants: teams } = sim.result();
    expect(teams['team-1']!.answered / teams['team-2']!.answered).toBeCloseTo(3, 0.5);
    expect(imbalances(sim)).toEqual([]);
  });
});
