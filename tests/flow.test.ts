/** The traffic that arithmetic follows through a board, held against where calls really go: by class and tenant, by the order of wires, and along those nobody waits for. */
import { describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { kinds } from '../src/kinds/index.ts';
import type { Flow } from '../src/kit/kind.ts';
import { defaults, type Param, type Params } from '../src/kit/param.ts';
import { estimates, flows, noFlow } from '../src/run/flow.ts';
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

  it('calls that come round again add up like a series, and without end where all of them do', () => {
    const round = (linkWeight: number): Design => {
      const design = sketch([people(50), end('a'), end('b'), end('away')], [...path('users', 'a', 'b'), wire('b', 'a', { linkWeight }), wire('b', 'away')], 100);
      return { ...design, nodes: design.nodes.map((n) => (n.id === 'b' ? { ...n, params: { ...n.params, callPlan: 'one' } } : n)) };
    };
    agrees(round(9));
    expect(flows(round(9)).get('a')!.rate).toBeCloseTo(500, 0);
    const endless = sketch([people(50), station('a', 4, constant(0.01)), end('b')], [...path('users', 'a', 'b'), wire('b', 'a')]);
    expect(estimates(endless)['a']!.rows.find(({ measure }) => measure === 'utilisation')!.value).toBe(1);
  });

  it('classes of which none has a share come alike', () => {
    const design = sketch([people(100, { ...tokens, requestClasses: [sort('chat', 0, 1), sort('bulk', 0, 3)] }), node('front', 'load-balancer'), end('a'), end('b')], [...path('users', 'front'), wire('front', 'a', { linkOnly: 'chat' }), wire('front', 'b', { linkOnly: 'bulk' })], 50);
    agrees(design);
    expect(flows(design).get('front')!.inputTokens).toBe(200);
  });

  it('nobody is sent anywhere by weights of nothing', () => {
    const design = sketch([people(100), end('api'), end('a')], [...path('users', 'api'), wire('api', 'a', { linkWeight: 0 })], 10);
    const one = { ...design, nodes: design.nodes.map((n) => (n.id === 'api' ? { ...n, params: { ...n.params, callPlan: 'one' } } : n)) };
    for (const { flow, rows } of Object.values(estimates(one))) for (const value of [flow.rate, ...rows.map((row) => row.value)]) expect(value).not.toBeNaN();
  });
});

/** The least and the most that a parameter may be, and every word it may say. */
function extremes(spec: Param): readonly unknown[] {
  switch (spec.type) {
    case 'number': return [spec.min, spec.max];
    case 'choice': return spec.options.map(({ value }) => value);
    case 'toggle': return [true, false];
    case 'distribution': return spec.shapes.flatMap((shape) => [spec.min, spec.max].map((mean) => ({ shape, mean, cv: 1 })));
    case 'table': return [[]];
    case 'text':
    case 'trace': return [''];
  }
}

it('no figure by hand is nonsense, whatever is set and whoever comes', () => {
  const some: Flow = { ...noFlow, rate: 50, inputTokens: 500, outputTokens: 100, bytes: 2000, items: 4, keys: 1000, skew: 0.9 };
  for (const kind of kinds) {
    const plain = defaults(kind.params as Params) as Record<string, unknown>;
    for (const [name, spec] of Object.entries(kind.params as Params)) {
      for (const value of extremes(spec)) {
        const values = { ...plain, [name]: value };
        for (const flow of [noFlow, some]) {
          const told = `${kind.id}, ${name} = ${JSON.stringify(value)}`;
          for (const row of kind.estimate(values, flow)) expect(row.value, `${told}: ${row.label}`).toBeGreaterThanOrEqual(0);
          for (const sent of kind.passes?.(values, flow, [1, 0, 2]) ?? []) expect(sent.rate, told).toBeGreaterThanOrEqual(0);
        }
      }
    }
  }
});
