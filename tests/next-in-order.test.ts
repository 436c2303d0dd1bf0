/** Who asks one after another never skips or repeats anybody, whatever becomes of targets and wires between two tries. */
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { constant, imbalances, node, people, ran, sketch, station, wire } from './sketch.ts';

describe('what is tried next', () => {
  const slow = { linkLatency: constant(0.4) };
  const full = (id: string) => node(id, 'rate-limiter', { limiterRefill: 0.001, limiterBurst: 1, limiterWhenEmpty: 'refuse' });
  const cut = (at: number, seconds: number): DesignFault => ({ id: `cut${at}`, fault: 'crash', target: 'a', at, seconds, amount: 0, inFlight: 'fail', repeat: 'once', every: 60 });

  it('stands in the order of all targets: one that falls out of rotation or comes back between two tries moves nobody', () => {
    const nodes = [people(1, { arrivals: 'regular' }), node('lb', 'load-balancer', { balancing: 'in order', healthInterval: 0.25, healthFailures: 1, healthRecovery: 1 }), full('a'), full('b'), station('c', 10, constant(0)), station('d', 10, constant(0))];
    const wires = [wire('users', 'lb'), ...['a', 'b', 'c', 'd'].map((id, linkOrder) => wire('lb', id, { ...slow, linkOrder }))];
    // Sent on the second, back from a after 0.8 s and from b after 1.6 s: a goes and comes back while somebody is on the way.
    const sim = ran({ ...sketch(nodes, wires, 60), faults: Array.from({ length: 15 }, (_, k) => cut(4 * k + 4.5, 1)) });
    const { nodes: by } = sim.result();
    expect(by['d']!.arrived).toBe(0);
    expect(by['c']!.arrived).toBeGreaterThan(50);
    expect(by['b']!.arrived).toBeLessThanOrEqual(60);
    expect(imbalances(sim)).toEqual([]);
  });

  it('does so for gateways, fallbacks and services as well, where a wire is laid before the others meanwhile', () => {
    const kinds = { gate: node('x', 'api-gateway', { gatewayRouting: 'order' }), fallback: node('x', 'fallback'), late: node('x', 'fallback', { fallbackAfter: 0.7 }), service: station('x', 10, constant(0), { callPlan: 'sequence' }) };
    for (const [name, asks] of Object.entries(kinds)) {
      const ends = name === 'service' ? [station('b', 10, constant(0)), station('c', 10, constant(0))] : [full('b'), station('c', 10, constant(0))];
      const wires = [wire('users', 'x'), wire('x', 'b', { ...slow, linkOrder: 1 }), wire('x', 'c', { ...slow, linkOrder: 2 })];
      const sim = ran(sketch([people(100, { arrivals: 'regular' }), asks, ...ends], wires, 10.5));
      const before = sim.result().nodes['b']!.arrived;
      sim.apply({ ...sim.design, nodes: [...sim.design.nodes.map((n) => (n.id === 'users' ? { ...n, params: { ...n.params, arrivalRate: 0 } } : n)), station('a', 10, constant(0))], links: [...sim.design.links, wire('x', 'a', slow)] }, 'a wire before');
      sim.runTo(20);
      const { nodes: by } = sim.result();
      // Those on their way to b now are about forty; none of them goes there again.
      expect(by['b']!.arrived - before, name).toBeLessThan(45);
      // Who came last may have taken the new wire from the beginning.
      expect(by['a']!.arrived, name).toBeLessThanOrEqual(1);
      expect(by['c']!.arrived + (name === 'service' ? 0 : by['a']!.arrived), name).toBe(by['users']!.arrived);
      expect(imbalances(sim)).toEqual([]);
    }
  });
});
