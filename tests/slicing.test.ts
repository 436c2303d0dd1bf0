/** Fleet slicing: one in k requests on one in k of the like parts says the same as all of them, and says so where it cannot. */
import { describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { objectiveValues } from '../src/run/frames.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, gamma, node, off, path, people, result, sketch, wire } from './sketch.ts';

const fleet = (slice: number): Design => {
  const nodes = [people(6400), node('lb', 'load-balancer', { balancing: 'least outstanding' }), node('s', 'service', { serverCount: 1280, serviceTime: gamma(0.15, 1), waitingRoom: 64_000, pricePerServer: 1 })];
  const design = sketch(nodes, path('users', 'lb', 's'), 60, 10);
  return { ...design, run: { ...design.run, slice } };
};

describe('fleet slicing', () => {
  it('keeps p99 and utilisation within 2 % of the whole, and scales counts, rates and money back', () => {
    const [whole, part] = [result(fleet(1)), result(fleet(16))];
    expect(off(part.latency.p99, whole.latency.p99!)).toBeLessThan(0.02);
    expect(off(part.nodes['s']!.utilisation, whole.nodes['s']!.utilisation!)).toBeLessThan(0.02);
    expect(off(part.requests.answeredPerSecond, whole.requests.answeredPerSecond)).toBeLessThan(0.02);
    expect(off(part.nodes['s']!.inFlightMean, whole.nodes['s']!.inFlightMean)).toBeLessThan(0.02);
    expect(off(part.cost.usdPerHour, whole.cost.usdPerHour)).toBeLessThan(0.001);
    expect(part.events * 12).toBeLessThan(whole.events);
    expect(part.slice).toEqual({ oneIn: 16, bends: [] });
    expect(whole.slice).toBeNull();
  });

  it('says the same live as in the end', () => {
    const sim = new Simulation({ ...fleet(16), objectives: [{ metric: 'requests.failedShare', relation: 'at most', limit: 0.01 }, { metric: 'requests.answeredPerSecond', relation: 'at least', limit: 1 }] });
    sim.runTo(40);
    const [failed, answered] = objectiveValues(sim);
    expect(failed).toBe(0);
    expect(off(answered!, 6400)).toBeLessThan(0.05);
  });

  it('does the same for engines that serve language models', () => {
    const engines = (slice: number): Design => {
      const nodes = [people(2560, { inputTokens: constant(500), outputTokens: constant(100) }), node('pool', 'gpu-pool', { poolReplicas: 256 })];
      const design = sketch(nodes, path('users', 'pool'), 100, 20);
      return { ...design, run: { ...design.run, slice } };
    };
    const [whole, part] = [result(engines(1)), result(engines(8))];
    expect(off(part.latency.p99, whole.latency.p99!)).toBeLessThan(0.02);
    expect(off(part.nodes['pool']!.utilisation, whole.nodes['pool']!.utilisation!)).toBeLessThan(0.02);
    expect(off(part.llm!.outputTokensPerSecond, whole.llm!.outputTokensPerSecond)).toBeLessThan(0.02);
  });

  it('does the same for guardrails and those they ask', () => {
    const guards = (slice: number): Design => {
      const check = (id: string, servers: number, more: object) => node(id, 'guardrail', { checkServers: servers, checkTime: gamma(0.05, 0.5), ...more });
      const nodes = [people(6400), check('first', 480, { guardEscalates: true, passBelow: 1 }), check('second', 96, {})];
      const design = sketch(nodes, path('users', 'first', 'second'), 60, 10);
      return { ...design, run: { ...design.run, slice } };
    };
    const [whole, part] = [result(guards(1)), result(guards(16))];
    for (const id of ['first', 'second']) expect(off(part.nodes[id]!.utilisation, whole.nodes[id]!.utilisation!), id).toBeLessThan(0.03);
    expect(off(part.cost.usdPerHour, whole.cost.usdPerHour)).toBeLessThan(0.001);
    expect(part.slice).toEqual({ oneIn: 16, bends: [] });
  });

  it('does the same for gateways, fallbacks and routers, whose limits and bills are divided', () => {
    const gateway = { gatewayConcurrency: 16_000, gatewayPrice: 3, quotaMethod: 'bucket', quotaScope: 'tenant', quotaRate: 1600, quotaBurst: 6400, quotaOwn: [{ quotaName: 'large', quotaOwnRate: 3200, quotaOwnBurst: 6400 }] };
    const tenants = [{ tenantName: 'small', tenantShare: 1, tenantWeight: 1 }, { tenantName: 'large', tenantShare: 3, tenantWeight: 1 }];
    const routed = (slice: number): Design => {
      const nodes = [
        people(6400, { requestTenants: tenants }), node('gate', 'api-gateway', gateway), node('else', 'fallback', { fallbackPrice: 2 }), node('choose', 'model-router', { routerPrice: 1, overflowAt: 320 }),
        node('small', 'service', { serverCount: 640, serviceTime: gamma(0.1, 0.25), waitingRoom: 6400 }), node('large', 'service', { serverCount: 640, serviceTime: gamma(0.2, 0.25), waitingRoom: 6400 }), node('spare', 'service', { serverCount: 640, serviceTime: gamma(0.2, 0.25) }),
      ];
      const design = sketch(nodes, [...path('users', 'gate', 'else', 'choose', 'small'), wire('choose', 'large', { linkOrder: 1 }), wire('else', 'spare', { linkOrder: 1 })], 60, 10);
      return { ...design, run: { ...design.run, slice } };
    };
    const [whole, part] = [result(routed(1)), result(routed(16))];
    expect(part.slice).toEqual({ oneIn: 16, bends: [] });
    expect(off(part.latency.p99, whole.latency.p99!)).toBeLessThan(0.02);
    for (const id of ['small', 'large']) expect(off(part.nodes[id]!.utilisation, whole.nodes[id]!.utilisation!), id).toBeLessThan(0.02);
    // Half of what the large tenant wants is within its quota.
    for (const name of ['small', 'large']) expect(off(part.tenants[name]!.answeredPerSecond, whole.tenants[name]!.answeredPerSecond), name).toBeLessThan(0.02);
    expect(part.tenants['large']!.failed.quota).toBeGreaterThan(60_000);
    expect(whole.nodes['choose']!.measures['overflowed']).toBeGreaterThan(0.01);
    expect(off(part.cost.usdPerHour, whole.cost.usdPerHour)).toBeLessThan(0.01);
    for (const id of ['else', 'choose']) expect(part.cost.nodes[id]).toBe(whole.cost.nodes[id]);
  });

  it('costs what the whole costs, also where a price is for the whole', () => {
    const priced = (slice: number): Design => {
      const nodes = [people(1600), node('lb', 'load-balancer', { balancerPrice: 5 }), node('limit', 'rate-limiter', { limiterPrice: 7, limiterRefill: 16_000, limiterBurst: 10 }), node('line', 'queue', { queueBrokerPrice: 9 }), node('s', 'service', { serverCount: 320, serviceTime: constant(0.1) }), node('files', 'object-store', { objectStored: 1e15 })];
      const design = sketch(nodes, path('users', 'lb', 'limit', 'line', 's', 'files'), 20);
      return { ...design, run: { ...design.run, slice } };
    };
    const [whole, part] = [result(priced(1)), result(priced(16))];
    expect(off(part.cost.usdPerHour, whole.cost.usdPerHour)).toBeLessThan(0.02);
    // A bucket is not made so small that nothing passes any more.
    expect(part.requests.answered).toBeGreaterThan(0.9 * whole.requests.answered);
  });

  it('names what cannot be divided', () => {
    const design = fleet(7);
    const cached = { ...design, nodes: [...design.nodes, node('c', 'response-cache')] };
    const { slice } = result(cached);
    expect(slice!.bends.some((bend) => bend.includes('“c”'))).toBe(true);
    const few = { ...fleet(16), nodes: fleet(16).nodes.map((n) => (n.id === 's' ? { ...n, params: { ...n.params, serverCount: 20 } } : n)) };
    expect(result(few).slice!.bends.some((bend) => bend.includes('does not divide'))).toBe(true);
  });
});
