/**
 * What must hold whatever a person draws: the books balance at every moment, Little's law holds at every node, and changes that should change nothing
 * change nothing. Designs are drawn at random over all kinds there are.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Design, DesignLink } from '../src/design/design.ts';
import type { Budget } from '../src/engine/network.ts';
import { kindOf } from '../src/kinds/index.ts';
import type { Distribution, Params } from '../src/kit/param.ts';
import { Simulation } from '../src/run/simulation.ts';
import { anyDesign, anyNode, others, quiet } from './sensible-design.ts';
import { constant, exponential, gamma, imbalances, node, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';

/** Notes when calls come and go, by the clock alone: ∫ N dt is the sum of leaving times less that of arrival times. */
function timekeeper(sim: Simulation): () => [string, number, number][] {
  const { net } = sim.board;
  const sums = [...sim.board.nodes.values()].map(({ id, node: one }) => {
    const kept = { id, one, sum: 0, size: 0 };
    const [begins, ends] = [one.begins.bind(one), one.ends.bind(one)];
    one.begins = (cls) => ((kept.sum -= net.now), (kept.size += net.now), begins(cls));
    one.ends = (cls, code) => ((kept.sum += net.now), (kept.size += net.now), ends(cls, code));
    return kept;
  });
  return () => sums.map(({ id, one, sum, size }) => [id, Math.abs(sum + one.inFlight * net.now - one.inFlightArea(net.now)), 1e-9 * (1 + size + one.inFlight * net.now)]);
}

const EVENTS = 30_000;
const checks = { numRuns: 50, seed: 20 };

describe('whatever is drawn', () => {
  it('balances its books at every moment, keeps to its queues and servers, and obeys Little’s law', () => {
    fc.assert(
      fc.property(anyDesign, fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 3, maxLength: 12 }), (design, pieces) => {
        const sim = new Simulation(design);
        const little = timekeeper(sim);
        for (const events of pieces) {
          sim.runTo(design.run.seconds, events);
          expect(imbalances(sim)).toEqual([]);
          for (const [id, error, allowed] of little()) expect(error, id).toBeLessThanOrEqual(allowed);
          for (const { id, node: one } of sim.board.nodes.values()) expect(one.busyArea(sim.now), id).toBeLessThanOrEqual(one.serverArea(sim.now) * (1 + 1e-9) + 1e-9);
          for (const { id, values, kind, node: one } of sim.board.nodes.values()) if (kind.id === 'service') expect(one.queueLongest(), id).toBeLessThanOrEqual(values['waitingRoom'] as number);
          for (const live of sim.board.links.values()) expect(sim.board.net.outstanding[live.index]).toBeGreaterThanOrEqual(0);
        }
        const { requests } = sim.result();
        expect(requests.offered).toBe(requests.answered + Object.values(requests.failed).reduce((a, b) => a + b, 0) + requests.inFlight);
      }),
      checks,
    );
  });

  it('forgets everything when nobody asks any more: no call and no request is left behind', () => {
    fc.assert(
      fc.property(anyDesign, (design) => {
        const sim = new Simulation(design);
        sim.runTo(design.run.seconds, EVENTS);
        sim.apply(quiet(design), 'quiet');
        if (!sim.runTo(1e9, 20 * EVENTS)) return;
        for (const { id, node: one } of sim.board.nodes.values()) expect(one.inFlight, `${id} keeps calls`).toBe(0);
        expect(sim.board.net.calls.count).toBe(0);
        expect(sim.board.net.requests.count).toBe(0);
        for (const { id, node: one, kind } of sim.board.nodes.values())
          if (one.failedTotal() === 0 && kind.id !== 'users') expect(Math.abs(one.latency.sum - one.inFlightArea(sim.now)), id).toBeLessThanOrEqual(1e-9 * (1 + sim.now * one.arrivedTotal()));
      }),
      checks,
    );
  });

  it('keeps its books and loses nothing through live changes of every parameter, and of what is wired to what', () => {
    const changing = anyDesign.chain((design) => fc.tuple(fc.constant(design), fc.tuple(...design.nodes.map((n) => anyNode(n.id, n.kind))), fc.nat(20), fc.nat(20)));
    fc.assert(
      fc.property(changing, ([design, otherwise, link, gone]) => {
        const cut = design.links[link % Math.max(1, design.links.length)];
        const fallen = design.nodes[1 + (gone % (design.nodes.length - 1))]!.id;
        const changed: Design = { ...design, nodes: otherwise };
        const edits: Design[] = [changed, { ...changed, links: design.links.filter((l) => l !== cut) }, { ...changed, nodes: otherwise.filter((n) => n.id !== fallen), links: design.links.filter((l) => l.from !== fallen && l.to !== fallen) }, design];
        const sim = new Simulation(design);
        for (const edit of edits) {
          sim.runTo(sim.now + 1, EVENTS / 5);
          sim.apply(edit, 'edit');
          expect(imbalances(sim)).toEqual([]);
        }
        sim.runTo(sim.now + 1, EVENTS / 5);
        sim.apply(quiet(design), 'quiet');
        if (!sim.runTo(1e9, 20 * EVENTS)) return;
        expect(imbalances(sim)).toEqual([]);
        expect(sim.board.net.calls.count).toBe(0);
        expect(sim.board.net.requests.count).toBe(0);
      }),
      checks,
    );
  });

  it('comes out the same in other pieces, under other names, in another order, at other places', () => {
    fc.assert(
      fc.property(anyDesign, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 }), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }), (design, pieces, stops) => {
        const once = new Simulation(design);
        once.runTo(design.run.seconds, EVENTS);
        const end = once.now;
        const whole = new Simulation(design);
        whole.runTo(end);
        const chopped = new Simulation(design);
        for (let k = 0; !chopped.runTo(end, pieces[k % pieces.length]!); k++);
        expect(chopped.digest()).toBe(whole.digest());
        const stopped = new Simulation(design);
        for (const stop of [...stops].sort((a, b) => a - b)) stopped.runTo(end * stop);
        stopped.runTo(end);
        expect(stopped.digest()).toBe(whole.digest());
        const other = new Simulation({ ...design, name: 'other', nodes: [...design.nodes].reverse().map((n) => ({ ...n, label: `not ${n.id}`, x: n.x + 99 })), links: [...design.links].reverse() });
        other.runTo(end);
        expect(other.digest()).toBe(whole.digest());
      }),
      { ...checks, numRuns: 25 },
    );
  });

  it('does not notice a component that nobody is wired to', () => {
    fc.assert(
      fc.property(anyDesign, fc.constantFrom(...others).chain((id) => fc.constantFrom('a', 'n3a', 'z').chain((name) => anyNode(name, id))), (design, stranger) => {
        const [alone, beside] = [new Simulation(design), new Simulation({ ...design, nodes: [...design.nodes, stranger] })];
        alone.runTo(design.run.seconds, EVENTS);
        beside.runTo(design.run.seconds, EVENTS);
        const seen = beside.result();
        for (const [id, was] of Object.entries(alone.result().nodes)) expect(seen.nodes[id]).toEqual(was);
        expect(seen.requests).toEqual(alone.result().requests);
        expect(seen.latency).toEqual(alone.result().latency);
      }),
      { ...checks, numRuns: 30 },
    );
  });
});

/** A source, a balancer, stations of several tempers, a database and a store: parts whose times are all parameters. */
function bank(): Design {
  const crowd = people(80, { pattern: 'day', patternPeriod: 16, itemCount: constant(6), keyCount: 100, arrivals: 'bursty', burstiness: 2 });
  const store = { featureReadTime: gamma(0.002, 0.5), featureEntityTime: 0.0005, featureHedgeAfter: 0.004, featureShards: 3, refreshPeriod: 8, pipelineLag: exponential(1) };
  const nodes = [crowd, node('lb', 'load-balancer', { balancing: 'power of two' }), station('a', 2, gamma(0.03, 2), { callPlan: 'all' }), station('b', 1, exponential(0.02), { waitingRoom: 20 }), node('db', 'database', { dbConnections: 2, dbReadTime: exponential(0.01), dbWriteTime: gamma(0.03, 3) }), node('fs', 'feature-store', store)];
  return sketch(nodes, [...path('users', 'lb', 'a', 'db'), wire('lb', 'b'), wire('b', 'db'), wire('a', 'fs', { linkLatency: exponential(0.002) })], 64);
}

/** Everything twice as fast: rates doubled, times halved. */
function faster(design: Design): Design {
  const scaled = (params: Params, values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(params).map(([name, spec]) => {
        const value = values[name] ?? spec.default;
        if (spec.type === 'number') return [name, spec.unit === 'seconds' ? (value as number) / 2 : spec.unit === 'requests/second' ? (value as number) * 2 : value];
        if (spec.type === 'distribution' && spec.unit === 'seconds') return [name, { ...(value as Distribution), mean: (value as Distribution).mean / 2 }];
        return [name, value];
      }),
    );
  const half = (link: DesignLink): DesignLink => ({ ...link, params: { linkLatency: { ...(link.params['linkLatency'] as Distribution), mean: (link.params['linkLatency'] as Distribution).mean / 2 } } });
  return { ...design, run: { ...design.run, seconds: design.run.seconds / 2 }, nodes: design.nodes.map((n) => ({ ...n, params: scaled(kindOf(n.kind)!.params as Params, n.params) })), links: design.links.map(half) };
}

describe('a run', () => {
  it('is the same film at double speed when all rates double and all times halve', () => {
    const [slow, fast] = [result(bank()), result(faster(bank()))];
    expect(fast.requests.answered).toBe(slow.requests.answered);
    expect(off(fast.latency.mean! * 2, slow.latency.mean!)).toBeLessThan(1e-9);
    expect(fast.latency.p99! * 2).toBe(slow.latency.p99);
    for (const [id, was] of Object.entries(slow.nodes)) {
      expect(fast.nodes[id]!.failedBy, id).toEqual(was.failedBy);
      if (was.utilisation !== null) expect(off(fast.nodes[id]!.utilisation, was.utilisation), id).toBeLessThan(1e-9);
      if (was.queue.mean > 0) expect(off(fast.nodes[id]!.queue.mean, was.queue.mean), id).toBeLessThan(1e-9);
    }
  });

  it('depends on its seed and on nothing else', () => {
    expect(ran(bank(), { seed: 7 }).digest()).toBe(ran(bank(), { seed: 7 }).digest());
    expect(ran(bank(), { seed: 8 }).digest()).not.toBe(ran(bank(), { seed: 7 }).digest());
  });

  it('keeps a request for as long as anybody works on it, even where its asker has long had an answer', () => {
    const design = sketch([people(100), node('lb', 'load-balancer'), station('s', 100, constant(0), { callPlan: 'any' }), station('fast', 100, constant(0)), station('slow', 1e6, constant(50))], [...path('users', 'lb', 's', 'fast'), wire('s', 'slow')], 10);
    const { board } = ran(design);
    expect(board.nodes.get('slow')!.node.inFlight).toBeGreaterThan(500);
    expect(board.net.requests.count).toBe(board.nodes.get('slow')!.node.inFlight);
  });

  it('costs the sum of rate times time, through live changes', () => {
    const design = tuned(bank(), 'a', { serverCount: 4, pricePerServer: 3600 });
    const sim = new Simulation(design);
    const rate = sim.board.costs().total;
    sim.runTo(10);
    sim.apply(tuned(design, 'a', { serverCount: 6 }), 'more');
    sim.runTo(30);
    sim.apply({ ...design, nodes: design.nodes.filter((n) => n.id !== 'fs'), links: design.links.filter((l) => l.to !== 'fs') }, 'without');
    const without = sim.board.costs().total;
    sim.runTo(40);
    expect(sim.result().cost.usd).toBeCloseTo((rate * 10 + (rate + 7200) * 20 + without * 10) / 3600, 9);
  });
});

/** Runs in bursts as the page does, until the end or until it stops by itself; gives up after two million events. */
function bursts(sim: Simulation): Simulation {
  for (let k = 0; k < 20 && sim.result().stopped === null; k++) if (sim.runTo(100, 100_000)) break;
  return sim;
}

/** Enough for a test, small enough to be reached at once. */
const small: Budget = { eventsPerInstant: 20_000, calls: 50_000 };

describe('a runaway design', () => {
  it('stops with a reason where calls go round without taking time', () => {
    const still = { serviceTime: constant(0) };
    const sim = new Simulation(sketch([people(10), node('a', 'service', still), node('b', 'service', still)], [...path('users', 'a', 'b'), wire('b', 'a')], 100), { budget: small });
    expect(bursts(sim).result().stopped).toMatch(/circle|in flight/);
    expect(imbalances(sim)).toEqual([]);
  });

  it('stops with a reason where balancers hand a call round and round', () => {
    const sim = new Simulation(sketch([people(10), node('a', 'load-balancer'), node('b', 'load-balancer')], [...path('users', 'a', 'b'), wire('b', 'a')], 100), { budget: small });
    expect(bursts(sim).result().stopped).toMatch(/circle|in flight/);
    // However deep calls nest, memory stays near the budget.
    expect(sim.board.net.calls.count).toBeLessThan(4 * small.calls);
  });

  it('stops with a reason where more comes in than can ever be answered', () => {
    const sim = new Simulation(sketch([people(1e9), station('a', 1)], path('users', 'a'), 100), { budget: small });
    expect(bursts(sim).result().stopped).toMatch(/in flight/);
  });

  it('stays responsive under a thousand million requests a second that are refused', () => {
    const sim = new Simulation(sketch([people(1e9), node('a', 'service', { waitingRoom: 10 })], path('users', 'a'), 100), { budget: small });
    expect(sim.runTo(100, 200_000)).toBe(false);
    expect(imbalances(sim)).toEqual([]);
  });

  it('stays responsive where every call becomes a hundred, and each of those a hundred more', () => {
    const ids = Array.from({ length: 100 }, (_, i) => `m${i}`);
    const nodes = [people(1000), station('root', 1000, constant(0), { callPlan: 'all' }), ...ids.map((id) => station(id, 1000, constant(0.001), { callPlan: 'all' })), station('leaf', 10)];
    const links = [wire('users', 'root'), ...ids.flatMap((id) => path('root', id, 'leaf'))];
    const sim = bursts(new Simulation(sketch(nodes, links, 100), { budget: small }));
    expect(sim.result().stopped).toMatch(/circle|in flight/);
    expect(sim.board.net.calls.count).toBeLessThan(4 * small.calls);
    expect(imbalances(sim)).toEqual([]);
  });

  it('bounds the pieces of calls that ask for a million things at once', () => {
    const params = { batchGet: 'parallel', featureQueue: 10_000_000 };
    const sim = new Simulation(sketch([people(20, { itemCount: constant(1e6) }), node('fs', 'feature-store', params)], path('users', 'fs'), 1), { budget: small });
    sim.runTo(1, 50_000);
    expect(imbalances(sim)).toEqual([]);
  });
});
