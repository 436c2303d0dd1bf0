/** The API gateway: checks, quotas of tenants and classes, bounded concurrency, routing, the bill. */
import { describe, expect, it } from 'vitest';
import { inFlightChoices } from '../src/engine/health.ts';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';

const tenants = [
  { tenantName: 'free', tenantShare: 1, tenantWeight: 1 },
  { tenantName: 'pro', tenantShare: 1, tenantWeight: 4 },
];
const quick = { authTime: constant(0), validationTime: constant(0) };
const gated = (rate: number, params: Record<string, unknown>, seconds = 100, traffic: Record<string, unknown> = {}, behind = station('end', 1_000_000, constant(0))) =>
  sketch([people(rate, traffic), node('gate', 'api-gateway', params), behind], path('users', 'gate', 'end'), seconds);

/** Answers per second of each tenant. */
const byTenant = (sim: Simulation, seconds: number): Record<string, number> => {
  const { board } = sim;
  const gate = board.nodes.get('gate')!.node;
  return Object.fromEntries(board.net.ledger.classes.map((c, cls) => [c.tenant || c.name, gate.endedOf(cls, 0) / seconds]));
};

function expectEmpty(sim: Simulation): void {
  expect(imbalances(sim)).toEqual([]);
  sim.apply(tuned(sim.design, 'users', { arrivalRate: 0 }), 'stop');
  sim.runTo(sim.now + 1000);
  expect(sim.board.net.calls.count).toBe(0);
  expect(sim.board.net.requests.count).toBe(0);
}

describe('api gateway', () => {
  it('takes the time of its checks, of which a share knows the caller already', () => {
    const r = result(gated(100, { authTime: constant(0.01), authCached: 0.75, validationTime: constant(0.001) }, 400)).nodes['gate']!;
    expect(off(r.measures['overhead'], 0.0035)).toBeLessThan(0.03);
    expect(off(r.latency.mean, 0.0035)).toBeLessThan(0.03);
  });

  it('counts those refused of those checked: never more than all, also just after nobody comes any more', () => {
    const design = gated(200, { authTime: constant(2), authCached: 0, authRefused: 1 }, 100);
    const sim = new Simulation(design);
    sim.runTo(10);
    const { kind, node: gate } = sim.board.nodes.get('gate')!;
    const counts = (): number[] => ['refused', 'overQuota'].flatMap((name) => [kind.measures[name]!.total(gate, sim.now), kind.measures[name]!.per!(gate, sim.now)]);
    const then = counts();
    sim.apply(tuned(design, 'users', { arrivalRate: 0 }), 'quiet');
    sim.runTo(15);
    const [refused, checked] = counts().map((count, k) => count - then[k]!);
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBe(checked);
  });

  it('refuses strangers and nonsense', () => {
    const sim = ran(gated(200, { authRefused: 0.2, invalidShare: 0.1 }, 200));
    const r = sim.result().nodes['gate']!;
    expect(off(r.measures['refused'], 1 - 0.8 * 0.9)).toBeLessThan(0.03);
    expect(Object.keys(r.failedBy)).toEqual(['invalid']);
    expectEmpty(sim);
  });

  it('gives every tenant a bucket of their own, by weight', () => {
    const sim = ran(gated(400, { ...quick, quotaMethod: 'bucket', quotaRate: 20, quotaBurst: 10 }, 200, { requestTenants: tenants }));
    const got = byTenant(sim, 200);
    expect(off(got['free'], 20)).toBeLessThan(0.02);
    expect(off(got['pro'], 80)).toBeLessThan(0.02);
    expect(Object.keys(sim.result().nodes['gate']!.failedBy)).toEqual(['quota']);
    expectEmpty(sim);
  });

  it('knows the quotas of those who have their own', () => {
    const sim = ran(gated(400, { ...quick, quotaMethod: 'bucket', quotaRate: 20, quotaBurst: 10, quotaOwn: [{ quotaName: 'free', quotaOwnRate: 5, quotaOwnBurst: 5 }] }, 200, { requestTenants: tenants }));
    expect(off(byTenant(sim, 200)['free'], 5)).toBeLessThan(0.03);
    expect(off(byTenant(sim, 200)['pro'], 80)).toBeLessThan(0.02);
  });

  it('keeps classes of one tenant together or apart', () => {
    const requestClasses = ['chat', 'batch'].map((className) => ({ className, classShare: 1, classScale: 1, classPriority: 0, classWithin: 0 }));
    const admitted = (quotaScope: string): number => result(gated(400, { ...quick, quotaMethod: 'bucket', quotaScope, quotaRate: 20, quotaBurst: 1 }, 200, { requestClasses })).nodes['gate']!.measures['admitted']!;
    expect(off(admitted('tenant'), 20)).toBeLessThan(0.1);
    expect(off(admitted('class'), 40)).toBeLessThan(0.1);
    expect(off(admitted('everybody'), 20)).toBeLessThan(0.1);
  });

  it('lets through exactly so much in each window, twice as much around its turn', () => {
    const sim = new Simulation(gated(100, { ...quick, quotaMethod: 'window', quotaRate: 10, quotaWindow: 10 }, 60, { arrivals: 'regular' }));
    const passed = (until: number): number => {
      sim.runTo(until);
      return sim.board.nodes.get('gate')!.node.endedAs(0);
    };
    expect(passed(9.99)).toBe(100);
    const before = passed(19.995);
    expect(before).toBe(200);
    expect(passed(29.995) - before).toBe(100);
    // All of a window’s hundred pass in its first second.
    expect(passed(31.005) - passed(29.995)).toBeLessThanOrEqual(101);
    expect(passed(31.005)).toBe(400);
  });

  it('counts tokens', () => {
    const r = result(gated(100, { ...quick, quotaMethod: 'bucket', quotaCounting: 'tokens', quotaRate: 20_000, quotaBurst: 5000 }, 200, { inputTokens: constant(600), outputTokens: constant(400) })).nodes['gate']!;
    expect(off(r.measures['admitted'], 20)).toBeLessThan(0.03);
  });

  it('bounds what is on its way behind it: M/M/c, in line or lost', () => {
    const behind = station('end', 1000, exponential(0.1));
    const lost = ran(gated(100, { ...quick, gatewayConcurrency: 10 }, 500, {}, behind));
    // Erlang’s loss with ten servers and a load of ten.
    expect(off(lost.result().nodes['gate']!.failed / lost.result().nodes['gate']!.arrived, 0.2146)).toBeLessThan(0.03);
    const waits = ran(gated(80, { ...quick, gatewayConcurrency: 10, gatewayRoom: 1e6 }, 2000, {}, behind));
    expect(off(waits.result().nodes['gate']!.measures['concurrency'], 0.8)).toBeLessThan(0.02);
    // Erlang C (10 servers, load 8) is 0.4092: the wait is that × 0.1 ÷ 2.
    expect(off(waits.result().nodes['gate']!.measures['wait'], 0.4092 * 0.05)).toBeLessThan(0.08);
    expectEmpty(lost);
    expectEmpty(waits);
  });

  it('routes by weight, by class, or in order', () => {
    const nodes = (params: Record<string, unknown>) => [people(100, { requestTenants: tenants }), node('gate', 'api-gateway', { ...quick, ...params }), station('a', 5, exponential(0.1), { waitingRoom: 0 }), station('b', 1000, constant(0))];
    const weighted = result(sketch(nodes({}), [wire('users', 'gate'), wire('gate', 'a', { linkWeight: 3 }), wire('gate', 'b', { linkWeight: 1 })], 100));
    expect(off(weighted.nodes['a']!.arrived / weighted.nodes['gate']!.arrived, 0.75)).toBeLessThan(0.03);
    const ordered = result(sketch(nodes({ gatewayRouting: 'order' }), [wire('users', 'gate'), wire('gate', 'a', { linkOrder: 0 }), wire('gate', 'b', { linkOrder: 1 })], 100));
    expect(ordered.nodes['gate']!.failed).toBe(0);
    expect(ordered.nodes['b']!.arrived).toBe(ordered.nodes['a']!.failed);
    const apart = result(sketch(nodes({}), [wire('users', 'gate'), wire('gate', 'a', { linkOnly: 'free' }), wire('gate', 'b', { linkOnly: 'pro' })], 100));
    expect(off(apart.nodes['a']!.arrived / apart.nodes['gate']!.arrived, 0.5)).toBeLessThan(0.05);
  });

  it('is billed by the million', () => {
    const design = gated(1000, { requestPrice: 3.5, gatewayPrice: 2 }, 100);
    const sim = ran(design);
    expect(off(sim.result().nodes['gate']!.measures['bill'], 3.6 * 3.5 + 2)).toBeLessThan(0.02);
    const gate = sim.board.nodes.get('gate')!.node;
    const before = gate.spentUsd!(100);
    sim.apply(tuned(design, 'gate', { requestPrice: 0, gatewayPrice: 0 }), 'free');
    sim.runTo(200);
    expect(gate.spentUsd!(200)).toBeCloseTo(before, 9);
  });

  it('conserves calls through crashes, cancelled calls and edits', () => {
    for (const inFlight of inFlightChoices) {
      const params = { authTime: exponential(0.1), authCached: 0.5, gatewayConcurrency: 8, gatewayRoom: 100, quotaMethod: 'bucket', quotaRate: 60 };
      const nodes = [people(100, { requestTenants: tenants }), node('gate', 'api-gateway', params), station('end', 50, exponential(0.1))];
      const sim = ran({ ...sketch(nodes, [wire('users', 'gate', { linkTimeout: 0.3, linkCancels: true, linkRetries: 1 }), wire('gate', 'end')], 20), faults: [{ id: 'f', fault: 'crash', target: 'gate', at: 5, seconds: 5, amount: 0, inFlight, repeat: 'once', every: 60 }] });
      for (const [k, change] of [{ quotaMethod: 'window', quotaWindow: 1 }, { quotaScope: 'class' }, { quotaMethod: 'none', gatewayConcurrency: 20 }].entries()) {
        sim.apply(tuned(sim.design, 'gate', change), 'edit');
        sim.runTo(30 + 10 * k);
      }
      expectEmpty(sim);
    }
  });

  it('takes up quotas of tenants that come or change while it runs', () => {
    const design = gated(400, { ...quick, quotaMethod: 'bucket', quotaRate: 20, quotaBurst: 1 }, 100);
    const sim = ran(design);
    sim.apply(tuned(design, 'users', { requestTenants: tenants }), 'tenants');
    sim.runTo(200);
    const before = byTenant(sim, 1);
    sim.apply(tuned(sim.design, 'users', { requestTenants: [tenants[0]!, { ...tenants[1]!, tenantWeight: 2 }] }), 'weights');
    sim.runTo(300);
    expect(off((byTenant(sim, 1)['pro']! - before['pro']!) / 100, 40)).toBeLessThan(0.05);
    expect(off(before['pro']! / 100, 80)).toBeLessThan(0.05);
  });

  it('is estimated by hand', () => {
    const design = gated(200, { authRefused: 0.1, invalidShare: 0.05, quotaMethod: 'bucket', quotaScope: 'everybody', quotaRate: 120, quotaBurst: 100 }, 300);
    const run = result(design).nodes['gate']!;
    for (const row of estimates(design)['gate']!.rows) if (row.measure !== undefined) expect(off(run.measures[row.measure], row.value), row.label).toBeLessThan(0.04);
  });
});

describe('answers of a language model through a gateway', () => {
  const pool = node('end', 'gpu-pool', { poolReplicas: 4 });
  const chat = (params: Record<string, unknown>, rate = 5, seconds = 100, wires: Record<string, unknown> = {}) =>
    sketch([people(rate, { inputTokens: constant(500), outputTokens: constant(200) }), node('gate', 'api-gateway', { ...quick, ...params }), pool], [wire('users', 'gate', wires), wire('gate', 'end')], seconds, 5);

  it('pass as they are written, or begin with their end', () => {
    const [streamed, whole] = [result(chat({})), result(chat({ answerDelivery: 'whole' }))];
    expect(whole.llm!.ttft.mean!).toBeCloseTo(whole.latency.mean!, 9);
    expect(whole.llm!.tpot.mean).toBe(0);
    expect(whole.latency.mean!).toBeCloseTo(streamed.latency.mean!, 9);
    expect(streamed.llm!.ttft.mean!).toBeLessThan(0.1 * whole.llm!.ttft.mean!);
  });

  it('last as long as their clients take, and keep as many connections open as Little says', () => {
    const sim = ran(chat({ clientPace: constant(20) }, 5, 400));
    const r = sim.result();
    expect(off(r.latency.mean, r.llm!.ttft.mean! + 200 / 20)).toBeLessThan(1e-6);
    expect(off(r.nodes['gate']!.inFlightMean, 5 * r.latency.mean!)).toBeLessThan(0.06);
    // By hand, also where every client has a pace of its own; of gamma paces the mean of 1 ÷ pace may not even exist.
    const byHand = (clientPace: unknown): number | undefined => estimates(chat({ clientPace }))['gate']!.rows.find((row) => row.measure === 'inFlight')?.value;
    expect(off(r.nodes['gate']!.inFlightMean, byHand(constant(20))!)).toBeLessThan(0.06);
    const mixed = result(chat({ clientPace: { shape: 'lognormal', mean: 20, cv: 0.7 } }, 5, 1000));
    expect(off(mixed.nodes['gate']!.inFlightMean, byHand({ shape: 'lognormal', mean: 20, cv: 0.7 })!)).toBeLessThan(0.06);
    expect(byHand({ shape: 'gamma', mean: 20, cv: 1 })).toBeUndefined();
    const written = r.nodes['end']!.latency.mean!;
    expect(off(r.nodes['gate']!.measures['unread'], 5 * (r.latency.mean! - written))).toBeLessThan(0.06);
    // Held back, the first token comes when all are written, and the client takes ten seconds from there.
    const whole = result(chat({ clientPace: constant(20), answerDelivery: 'whole' }, 5, 400));
    expect(off(whole.latency.mean, written + 10)).toBeLessThan(0.01);
    // Nobody waits for clients that are faster than the model.
    expect(result(chat({ clientPace: constant(1e6) })).nodes['gate']!.measures['unread']).toBe(0);
    expectEmpty(sim);
  });

  it('take up a place behind the gateway until they are taken, where they hold up who writes', () => {
    // 5 a second × 10 s are 50 answers at a time: 25 places are too few for them, but not for writing.
    const places = { clientPace: constant(20), gatewayConcurrency: 25 };
    const [buffered, stalled] = [ran(chat(places, 5, 200)), ran(chat({ ...places, unreadHolds: 'place' }, 5, 200))];
    expect(buffered.result().requests.failedShare).toBe(0);
    expect(off(stalled.result().requests.answeredPerSecond, 2.5)).toBeLessThan(0.1);
    expect(stalled.result().nodes['gate']!.measures['concurrency']!).toBeGreaterThan(0.95);
    expectEmpty(buffered);
    expectEmpty(stalled);
  });

  it('break off in the middle when their engine is lost, and are counted', () => {
    const design = { ...chat({}, 20, 60), faults: [{ id: 'f', fault: 'replicas' as const, target: 'end', at: 30, seconds: 5, amount: 4, inFlight: 'fail' as const, repeat: 'once' as const, every: 60 }] };
    const { broken } = result(design).nodes['gate']!.measures;
    expect(broken!).toBeGreaterThan(0.01);
    expect(result({ ...design, faults: [] }).nodes['gate']!.measures['broken']).toBe(0);
  });

  it('are let go with their clients, and through crashes', () => {
    for (const unreadHolds of ['connection', 'place'])
      for (const inFlight of inFlightChoices) {
        const design = chat({ clientPace: { shape: 'lognormal', mean: 40, cv: 1 }, unreadHolds, gatewayConcurrency: 60, gatewayRoom: 20 }, 10, 40, { linkTimeout: 6, linkCancels: true });
        const sim = ran({ ...design, faults: [{ id: 'f', fault: 'crash', target: 'gate', at: 15, seconds: 5, amount: 0, inFlight, repeat: 'once', every: 60 }] });
        const gate = sim.result().nodes['gate']!;
        expect(gate.failedBy['cancelled'] ?? 0).toBeGreaterThan(5);
        sim.apply(tuned(sim.design, 'gate', { clientPace: constant(30) }), 'pace');
        sim.runTo(60);
        expectEmpty(sim);
      }
  });
});
