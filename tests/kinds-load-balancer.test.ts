/** The load balancer's policies that other tests do not hold to theory: in order, consistent hash, and who gets a batch whole. */
import { describe, expect, it } from 'vitest';
import { emptyDesign, type Design, type DesignNode } from '../src/design/design.ts';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { wire } from './bench/workloads.ts';

const node = (id: string, kind: string, params: Record<string, unknown>): DesignNode => ({ id, kind, label: id, x: 0, y: 0, params });

/** Users, a balancer, and two services of one server each: `a` with room for nobody to wait. */
function pair(balancing: string, rate: number, more: Record<string, unknown> = {}): Design {
  const service = { serverCount: 1, serviceTime: { shape: 'exponential', mean: 1, cv: 1 } };
  return {
    ...emptyDesign,
    nodes: [node('users', 'users', { arrivalRate: rate, ...more }), node('lb', 'load-balancer', { balancing }), node('a', 'service', { ...service, waitingRoom: 0 }), node('b', 'service', { ...service, waitingRoom: 1e6 })],
    links: [wire('users', 'lb'), wire('lb', 'a'), wire('lb', 'b')],
  };
}

const run = (design: Design, seconds: number) => {
  const sim = new Simulation(design);
  sim.runTo(seconds);
  return sim.result();
};

describe('in order', () => {
  it('gives the second target exactly what the first refuses: Erlang’s loss of one server', () => {
    const { nodes, requests } = run(pair('in order', 0.8), 50_000);
    expect(nodes.a!.failed / nodes.a!.arrived).toBeCloseTo(0.8 / 1.8, 2);
    expect(nodes.b!.arrived).toBe(nodes.a!.failed);
    expect(requests.failed).toEqual({});
    expect(requests.offered).toBe(requests.answered + requests.inFlight);
  });

  it('passes on the refusal of the last', () => {
    const design = pair('in order', 5);
    const full = { ...design, nodes: design.nodes.map((n) => (n.id === 'b' ? { ...n, params: { ...n.params, waitingRoom: 0 } } : n)) };
    const { nodes, requests } = run(full, 2000);
    expect(requests.failed['queue full']).toBe(nodes.b!.failed);
    expect(requests.failedShare).toBeGreaterThan(0.5);
  });
});

it('by hash, a key always goes to the same target', () => {
  const one = run(pair('consistent hash', 0.5), 5000).nodes;
  expect([one.a!.arrived, one.b!.arrived]).toContain(0);
  const many = run(pair('consistent hash', 0.5, { keyCount: 10_000, keySkew: 0 }), 20_000).nodes;
  expect(many.a!.arrived / (many.a!.arrived + many.b!.arrived)).toBeCloseTo(0.5, 1);
});

it('balancers in a circle do not ask each other for ever whether a batch may pass', () => {
  const batcher = node('batcher', 'batcher', {});
  const design: Design = { ...emptyDesign, nodes: [node('users', 'users', { arrivalRate: 1 }), batcher, node('x', 'load-balancer', {}), node('y', 'load-balancer', {})], links: [wire('users', 'batcher'), wire('batcher', 'x'), wire('x', 'y'), wire('y', 'x')] };
  expect(run(design, 10).stopped).toContain('calls are in flight');
});

it('forgets in a crash how many tokens were under way', () => {
  const whole = pair('least tokens', 1, { arrivals: 'regular', inputTokens: { shape: 'constant', mean: 100, cv: 0 }, outputTokens: { shape: 'constant', mean: 0, cv: 0 } });
  const slow: Design = { ...whole, nodes: whole.nodes.map((n) => (n.kind === 'service' ? { ...n, params: { serverCount: 10_000, serviceTime: { shape: 'constant', mean: 10_000, cv: 0 } } } : n)) };
  const sim = new Simulation({ ...slow, links: slow.links.filter((link) => link.to !== 'b') });
  sim.runTo(100);
  const { index } = sim.board.nodes.get('lb')!.node;
  sim.board.net.health.crash(index, 'fail');
  sim.board.net.health.restore(index);
  sim.apply(slow, 'another');
  sim.runTo(200);
  expect(sim.result().nodes['b']!.arrived).toBe(50);
});

it('by key, caches behind it see keys of their own, by hand and in the run', () => {
  const cached = (balancing: string): Design => {
    const cache = { responseCapacity: 500, responseOverhead: 0, responseLookup: { shape: 'constant', mean: 0, cv: 0 } };
    return {
      ...emptyDesign,
      nodes: [
        node('users', 'users', { arrivalRate: 5000, keyCount: 10_000, keySkew: 0.8, requestBytes: { shape: 'constant', mean: 1, cv: 0 } }),
        node('lb', 'load-balancer', { balancing }),
        ...['a', 'b'].map((id) => node(id, 'response-cache', cache)),
        node('store', 'service', { serverCount: 1_000_000, serviceTime: { shape: 'constant', mean: 0, cv: 0 } }),
      ],
      links: [wire('users', 'lb'), wire('lb', 'a'), wire('lb', 'b'), wire('a', 'store'), wire('b', 'store')],
      run: { ...emptyDesign.run, warmupSeconds: 5 },
    };
  };
  const hits = ['consistent hash', 'round robin'].map((balancing) => {
    const design = cached(balancing);
    const byHand = estimates(design)['a']!.rows.find((row) => row.measure === 'hitRatio')!.value;
    const { a, b } = run(design, 40).nodes;
    const measured = (a!.measures['hitRatio']! * a!.arrived + b!.measures['hitRatio']! * b!.arrived) / (a!.arrived + b!.arrived);
    expect(Math.abs(byHand / measured - 1), balancing).toBeLessThan(0.06);
    return measured;
  });
  expect(hits[0]!).toBeGreaterThan(1.15 * hits[1]!);
});
