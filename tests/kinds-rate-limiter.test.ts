/** The rate limiter: exact refill, refusals with their reasons, exact waits, and its arithmetic. */
import { describe, expect, it } from 'vitest';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, station, tuned, wire } from './sketch.ts';

const limited = (traffic: Record<string, unknown>, params: Record<string, unknown>, seconds = 100, rate = 100) =>
  sketch([people(rate, traffic), node('gate', 'rate-limiter', params), station('end', 1_000_000, constant(0))], path('users', 'gate', 'end'), seconds);

const regular = { arrivals: 'regular' };

describe('rate limiter', () => {
  it('lets the burst and then exactly the refill through', () => {
    // 100/s for 10 s against 20/s with a burst of 50: 50 at once, then 20 × 10.
    const sim = ran(limited(regular, { limiterRefill: 20, limiterBurst: 50 }, 10));
    const gate = sim.result().nodes.gate!;
    expect(gate.served).toBeGreaterThanOrEqual(249);
    expect(gate.served).toBeLessThanOrEqual(250);
    expect(Object.keys(gate.failedBy)).toEqual(['rate limited']);
    expect(imbalances(sim)).toEqual([]);
  });

  it('refuses nobody who comes exactly at the refill rate, even with a burst of one', () => {
    expect(result(limited(regular, { limiterRefill: 100, limiterBurst: 1 }, 1000)).nodes.gate!.failed).toBe(0);
  });

  it('loses ρ ÷ (1 + ρ) of Poisson calls with a burst of one', () => {
    // After each admitted call the bucket needs 1/refill; the next arrival after that is admitted (a renewal process).
    const r = result(limited({}, { limiterRefill: 100, limiterBurst: 1 }, 2000)).nodes.gate!;
    expect(off(r.measures.refused, 0.5)).toBeLessThan(0.01);
  });

  it('lets calls wait for the exact moment', () => {
    // A burst of one and 5/s against 100/s: the first passes at 0.01 s, the others every 0.2 s after it.
    const times: number[] = [];
    const sim = new Simulation(limited(regular, { limiterRefill: 5, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1000 }, 2.5));
    for (let t = 0; t <= 2.5; t += 0.005) {
      sim.runTo(t);
      const passed = sim.board.net.linkCalls[sim.board.links.get('gate-end')!.index]!;
      while (times.length < passed) times.push(t);
    }
    times.forEach((t, i) => expect(Math.abs(t - 0.01 - 0.2 * i)).toBeLessThan(0.0051));
    expect(times.length).toBe(13);
    expect(imbalances(sim)).toEqual([]);
  });

  it('is M/D/1 where calls wait and the burst is one', () => {
    // The bucket of one makes the line a queue with constant service 1/refill: the wait in line is ρ·s ÷ 2(1 − ρ).
    const r = result(limited({}, { limiterRefill: 125, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1e8 }, 4000)).nodes.gate!;
    expect(off(r.measures.wait, (0.8 * 0.008) / 0.4)).toBeLessThan(0.03);
    expect(off(r.measures.used, 0.8)).toBeLessThan(0.01);
  });

  it('bounds the line and the wait', () => {
    const room = ran(limited(regular, { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 20 }));
    expect(Object.keys(room.result().nodes.gate!.failedBy)).toEqual(['queue full']);
    expect(room.result().nodes.gate!.queue.max).toBe(20);
    const wait = ran(limited(regular, { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1e6, limiterLongestWait: 0.5 }));
    expect(Object.keys(wait.result().nodes.gate!.failedBy)).toEqual(['rate limited']);
    expect(off(wait.result().nodes.gate!.measures.admitted, 10)).toBeLessThan(0.02);
    expect(wait.result().nodes.gate!.latency.p999!).toBeLessThan(0.505);
    expect([...imbalances(room), ...imbalances(wait)]).toEqual([]);
  });

  it('counts tokens, and never passes what the bucket cannot hold', () => {
    const traffic = { inputTokens: constant(600), outputTokens: constant(400) };
    const params = { limiterCounting: 'tokens', limiterRefill: 20_000, limiterBurst: 5000 };
    expect(off(result(limited(traffic, params)).nodes.gate!.measures.admitted, 20)).toBeLessThan(0.05);
    expect(result(limited(traffic, { ...params, limiterBurst: 999, limiterWhenEmpty: 'queue' }, 10)).nodes.gate!.served).toBe(0);
  });

  it('says how full the bucket is', () => {
    // No traffic to speak of: full. Overload: nearly empty.
    expect(result(limited({}, { limiterRefill: 10, limiterBurst: 10 }, 100, 0.001)).nodes.gate!.measures.left!).toBeGreaterThan(0.99);
    expect(result(limited(regular, { limiterRefill: 10, limiterBurst: 10 }, 1000)).nodes.gate!.measures.left!).toBeLessThan(0.15);
  });

  it('takes up a changed rate at once, and those in line go on', () => {
    const design = limited(regular, { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1e6 }, 20);
    const sim = new Simulation(design);
    sim.runTo(10);
    sim.apply(tuned(design, 'gate', { limiterRefill: 1000 }), 'faster');
    sim.runTo(20);
    expect(sim.result().nodes.gate!.failed).toBe(0);
    expect(sim.result().nodes.gate!.inFlight).toBeLessThan(2);
    sim.apply(tuned(design, 'gate', { limiterRefill: 0 }), 'shut');
    sim.runTo(21);
    sim.apply(tuned(design, 'gate', { limiterRefill: 10, limiterWhenEmpty: 'refuse' }), 'refuse');
    sim.runTo(30);
    expect(imbalances(sim)).toEqual([]);
  });

  it('refuses when it leads nowhere, and shares by weight', () => {
    expect(result(sketch([people(10), node('gate', 'rate-limiter')], path('users', 'gate'))).nodes.gate!.failedBy['no healthy target']).toBeGreaterThan(0);
    const both = sketch([people(100), node('gate', 'rate-limiter'), station('a', 100), station('b', 100)], [wire('users', 'gate'), wire('gate', 'a', { linkWeight: 3 }), wire('gate', 'b')], 200);
    const { nodes } = result(both);
    expect(off(nodes.a!.arrived / nodes.b!.arrived, 3)).toBeLessThan(0.1);
  });

  it('is met by the estimate by hand', () => {
    const queueing = limited({ arrivals: 'poisson' }, { limiterRefill: 125, limiterBurst: 3, limiterWhenEmpty: 'queue', limiterRoom: 1e8 }, 4000);
    const run = result(queueing).nodes.gate!;
    for (const row of estimates(queueing).gate!.rows) if (row.measure !== undefined && row.value > 0) expect(off(run.measures[row.measure], row.value), row.label).toBeLessThan(0.2);
    const shut = limited({}, { limiterRefill: 30, limiterBurst: 30 }, 500);
    const over = result(shut).nodes.gate!;
    for (const row of estimates(shut).gate!.rows) if (row.measure !== undefined && row.value > 0) expect(off(over.measures[row.measure], row.value), row.label).toBeLessThan(0.02);
    expect(estimates(shut).end!.flow.rate).toBe(30);
  });

  it('keeps its books in a closed loop that answers in no time', () => {
    const sim = ran(limited({ arrivals: 'closed', population: 50, thinkTime: exponential(0.01) }, { limiterRefill: 500, limiterBurst: 7, limiterWhenEmpty: 'queue', limiterRoom: 20, limiterLongestWait: 0.02 }, 50));
    expect(imbalances(sim)).toEqual([]);
    expect(sim.result().nodes.gate!.served).toBeGreaterThan(1000);
  });
});

it('forgets in a crash who waited, and is full again', () => {
  const sim = new Simulation(limited(regular, { limiterRefill: 1, limiterBurst: 5, limiterWhenEmpty: 'queue' }, 100));
  sim.runTo(1.001);
  const { node: gate } = sim.board.nodes.get('gate')!;
  const passed = sim.board.nodes.get('end')!.node;
  const before = passed.arrivedTotal();
  sim.board.net.health.crash(gate.index, 'fail');
  expect(gate.inFlight).toBe(0);
  sim.board.net.health.restore(gate.index);
  sim.runTo(2);
  // Five at once; the sixth needs a second more.
  expect(passed.arrivedTotal() - before).toBe(5);
  expect(imbalances(sim)).toEqual([]);
});

describe('several buckets', () => {
  it('gives every key its own: who asks too much takes nothing from the others', () => {
    // Zipf with exponent 1 over two keys: two thirds and one third of 300 a second, so 200 and 100; each may have 120.
    const r = result(limited({ keyCount: 2, keySkew: 1 }, { limiterEach: 'key', limiterRefill: 120, limiterBurst: 120 }, 1000, 300)).nodes.gate!;
    expect(off(r.measures.admitted, 120 + 100)).toBeLessThan(0.01);
    expect(off(r.measures.used, (120 + 100) / 240)).toBeLessThan(0.01);
    const together = result(limited({ keyCount: 2, keySkew: 1 }, { limiterRefill: 120, limiterBurst: 120 }, 1000, 300)).nodes.gate!;
    expect(off(together.measures.admitted, 120)).toBeLessThan(0.01);
  });

  it('lets through as many times as much as there are copies that count apart', () => {
    const admitted = (limiterCopies: number): number => result(limited({}, { limiterRefill: 50, limiterBurst: 50, limiterCopies }, 1000, 500)).nodes.gate!.measures.admitted!;
    for (const copies of [1, 4, 8]) expect(off(admitted(copies), 50 * copies)).toBeLessThan(0.01);
    // Eleven copies could pass 550 of 500 a second: nobody is refused but for clumps.
    expect(off(admitted(11), 500)).toBeLessThan(0.03);
  });

  it('is met by the estimate by hand, with keys alike and copies apart', () => {
    const design = limited({ keyCount: 20, keySkew: 0 }, { limiterEach: 'key', limiterCopies: 3, limiterRefill: 2, limiterBurst: 4 }, 2000, 400);
    const sim = ran(design);
    const { measures } = sim.result().nodes.gate!;
    for (const row of estimates(design).gate!.rows) if (row.measure !== undefined && row.value > 0) expect(off(measures[row.measure], row.value), row.label).toBeLessThan(0.03);
    expect(measures.left!).toBeGreaterThan(0);
    expect(measures.left!).toBeLessThan(0.3);
    expect(imbalances(sim)).toEqual([]);
  });

  it('never says that more of an allowance is used than there is, in a run or in any second of it', () => {
    // Each of 200 keys saves up ten calls and asks for a tenth of a call a second: most of what is drawn was saved before anyone asked.
    for (const limiterEach of ['key', 'everybody']) {
      const sim = new Simulation(limited({ keyCount: 200, keySkew: 0.5 }, { limiterEach, limiterRefill: limiterEach === 'key' ? 0.01 : 20, limiterBurst: limiterEach === 'key' ? 10 : 500 }, 60, 20));
      const { node: gate, kind } = sim.board.nodes.get('gate')!;
      const measure = kind.measures['used']!;
      let [used, flowed] = [0, 0];
      for (let t = 1; t <= 60; t++) {
        sim.runTo(t);
        const [u, f] = [measure.total(gate, t), measure.per!(gate, t)];
        expect(u - used).toBeGreaterThanOrEqual(-1e-9);
        expect(u - used).toBeLessThanOrEqual((f - flowed) * (1 + 1e-9));
        [used, flowed] = [u, f];
      }
      expect(used / flowed).toBeGreaterThan(0.5);
    }
  });

  it('says that of an allowance nobody needs, as much is used as is asked for', () => {
    const r = result(limited({ keyCount: 10, keySkew: 0 }, { limiterEach: 'key', limiterRefill: 40, limiterBurst: 20 }, 500)).nodes.gate!;
    expect(off(r.measures.used, 100 / 400)).toBeLessThan(0.01);
    expect(r.measures.refused).toBe(0);
  });

  it('counts as refused a share of those it has decided about, not of those who have just come', () => {
    // Nobody waits longer than two seconds, and nobody comes any more after ten: those refused then came before.
    const sim = new Simulation(limited(regular, { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1e6, limiterLongestWait: 2 }, 100));
    sim.runTo(10);
    const before = sim.design;
    sim.apply(tuned(before, 'users', { ...regular, arrivalRate: 0.1 }), 'quiet');
    const { kind, node: gate } = sim.board.nodes.get('gate')!;
    const counts = (): number[] => [kind.measures['refused']!.total(gate, sim.now), kind.measures['refused']!.per!(gate, sim.now)];
    const [refusedThen, decidedThen] = counts();
    sim.runTo(12);
    const [refused, decided] = counts();
    expect(refused! - refusedThen!).toBeGreaterThan(100);
    expect(refused! - refusedThen!).toBeLessThanOrEqual(decided! - decidedThen!);
  });

  it('refuses who waits when buckets are divided, and goes back to one with a line', () => {
    const traffic = { arrivals: 'regular', keyCount: 4, keySkew: 0 };
    const design = limited(traffic, { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1e6 }, 100);
    const sim = new Simulation(design);
    sim.runTo(10);
    const waiting = sim.board.net.nodes[sim.board.nodes.get('gate')!.node.index]!.inFlight;
    expect(waiting).toBeGreaterThan(800);
    sim.apply(tuned(design, 'gate', { limiterRefill: 10, limiterBurst: 1, limiterWhenEmpty: 'queue', limiterRoom: 1e6, limiterEach: 'key' }), 'divided');
    sim.runTo(10.001);
    expect(sim.result().nodes.gate!.inFlight).toBeLessThan(2);
    sim.runTo(20);
    sim.apply(tuned(design, 'gate', { limiterRefill: 20, limiterBurst: 5, limiterEach: 'key', limiterCopies: 2 }), 'apart');
    sim.runTo(30);
    sim.apply(design, 'one');
    sim.runTo(40);
    expect(sim.result().nodes.gate!.inFlight).toBeGreaterThan(800);
    expect(imbalances(sim)).toEqual([]);
  });

  it('forgets in a crash who has drawn', () => {
    const sim = new Simulation(limited({ arrivals: 'regular', keyCount: 2, keySkew: 0 }, { limiterEach: 'key', limiterRefill: 0, limiterBurst: 5 }, 100));
    sim.runTo(10);
    const { node: gate } = sim.board.nodes.get('gate')!;
    expect(sim.board.nodes.get('end')!.node.arrivedTotal()).toBe(10);
    sim.board.net.health.crash(gate.index, 'fail');
    sim.board.net.health.restore(gate.index);
    sim.runTo(20);
    expect(sim.board.nodes.get('end')!.node.arrivedTotal()).toBe(20);
    expect(imbalances(sim)).toEqual([]);
  });
});
