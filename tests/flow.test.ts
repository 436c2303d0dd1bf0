/** The traffic that arithmetic follows through a board, held against where calls really go: by class and tenant, by the order of wires, and along those nobody waits for. */
import { describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { estimates, flows } from '../src/run/flow.ts';
import { constant, node, off, path, people, result, sketch, station, wire } from './sketch.ts';

const sort = (className: string, classShare: number, classScale: number) => ({ className, classShare, classScale, classPriority: 0, classWithin: 0 });
const tokens = { inputTokens: constant(100), outputTokens: constant(10) };

/** By hand as many calls come to every component as in the run, within so much. */
function agrees(design: Design, within = 0.05): void {
  const { nodes, measuredSeconds } = result(design);
  const byHand = flows(design);
  for (const [id, { kind, arrived }] of Object.entries(nodes)) {
    if (kind === 'users') continue;
    const rate = arrived / measuredSeconds;
    if (rate === 0) expect(byHand.get(id)!.rate, id).toBe(0);
    else expect(off(byHand.get(id)!.rate, rate), `${id}: ${byHand.get(id)!.rate} by hand, ${rate} in the run`).toBeLessThan(within);
  }
}

const end = (id: string) => station(id, 10_000, constant(0.001));

describe('by hand', () => {
  it('classes and tenants take the wires that are open to them, with their own lengths', () => {
    const requestClasses = [sort('chat', 3, 1), sort('bulk', 1, 5)];
    const requestTenants = [{ tenantName: 'red', tenantShare: 1, tenantWeight: 1 }, { tenantName: 'blue', tenantShare: 4, tenantWeight: 1 }];
    const design = sketch(
      [people(200, { ...tokens, requestClasses, requestTenants }), node('front', 'load-balancer'), node('chats', 'rate-limiter', { limiterRefill: 30, limiterBurst: 30 }), end('a'), end('b'), end('c'), end('d')],
      [...path('users', 'front'), wire('front', 'chats', { linkOnly: 'chat' }), wire('front', 'c', { linkOnly: 'bulk' }), wire('chats', 'a', { linkOnly: 'red' }), wire('chats', 'b', { linkOnly: 'blue, nobody' }), wire('c', 'd', { linkOnly: 'nobody' })],
      100,
    );
    agrees(design, 0.1);
    const byHand = flows(design);
    expect(byHand.get('c')!.rate).toBeCloseTo(50, 9);
    expect(byHand.get('c')!.inputTokens).toBeCloseTo(500, 9);
    expect(byHand.get('chats')!.outputTokens).toBeCloseTo(10, 9);
    expect(byHand.get('b')!.rate).toBeCloseTo(30 * 0.8, 9);
  });

  it('wires count in the order in which they are tried, not in that of the file', () => {
    const links = [wire('gate', 'z', { linkOrder: 0 }), wire('gate', 'a', { linkOrder: 1 })];
    const design = sketch([people(100), node('gate', 'fallback'), end('a'), end('z')], [...path('users', 'gate'), ...links.toReversed()], 50);
    expect(flows(design).get('z')!.rate).toBe(100);
    agrees(design);
  });

  it('everything goes along a wire that nobody waits for', () => {
    const design = sketch([people(100), end('api'), end('a'), end('b'), end('log')], [...path('users', 'api'), wire('api', 'a'), wire('api', 'b', { linkWeight: 3 }), wire('api', 'log', { fireAndForget: true })], 50);
    const one = { ...design, nodes: design.nodes.map((n) => (n.id === 'api' ? { ...n, params: { ...n.params, callPlan: 'one' } } : n)) };
    agrees(one, 0.1);
    expect(flows(one).get('log')!.rate).toBe(100);
    expect(flows(one).get('b')!.rate).toBe(75);
  });

  it('nobody is sent anywhere by weights of nothing', () => {
    const design = sketch([people(100), end('api'), end('a')], [...path('users', 'api'), wire('api', 'a', { linkWeight: 0 })], 10);
    const one = { ...design, nodes: design.nodes.map((n) => (n.id === 'api' ? { ...n, params: { ...n.params, callPlan: 'one' } } : n)) };
    for (const { flow, rows } of Object.values(estimates(one))) for (const value of [flow.rate, ...rows.map((row) => row.value)]) expect(value).not.toBeNaN();
  });
});
