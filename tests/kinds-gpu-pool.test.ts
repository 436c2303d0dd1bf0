/** The GPU pool: scheduling, cache ledger, macro-steps, refusals, edits while it runs, and the books. */
import { describe, expect, it } from 'vitest';
import { Code } from '../src/engine/reasons.ts';
import { Sum } from '../src/kinds/gpu-pool/books.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import { poisson, Rig, type Sent } from './gpu-pool-rig.ts';

const one = (input: number, output: number): Sent => ({ arrival: [0], input: [input], output: [output] });

/** All of them answered, the pool empty, every block given back. */
function settled(rig: Rig): void {
  const { pool } = rig;
  expect(pool.arrivedTotal()).toBe(rig.sent.arrival.length);
  expect(pool.inFlight).toBe(0);
  expect(pool.arrivedTotal()).toBe(pool.endedAs(Code.answered) + pool.failedTotal());
  expect(rig.net.requests.count).toBe(0);
  expect(rig.net.calls.count).toBe(0);
  const cells = new Float64Array(32);
  pool.face(cells);
  expect(cells.every((c) => c === 0)).toBe(true);
}

describe('one request alone', () => {
  it('takes its prompt, then one iteration per further token', () => {
    const rig = new Rig(one(1000, 100)).run();
    settled(rig);
    expect(rig.measure('tokensOut') * rig.net.now).toBeCloseTo(100, 9);
    expect(rig.pool.sum(Sum.steps, rig.net.now)).toBe(100);
    expect(rig.ttft(0)).toBeGreaterThan(0.01);
    expect(rig.ttft(0)).toBeLessThan(0.06);
  });

  it('has its first and last token at once when the answer is one token or none', () => {
    for (const output of [0, 1]) {
      const rig = new Rig(one(500, output)).run();
      settled(rig);
      expect(rig.ttft(0)).toBe(rig.e2e(0));
    }
  });

  it('works through a long prompt in chunks, which costs more than in one piece but not much', () => {
    const whole = new Rig(one(8000, 10), { iterationTokens: 8192 }).run();
    const chunks = new Rig(one(8000, 10), { iterationTokens: 512 }).run();
    expect(chunks.pool.sum(Sum.steps, chunks.net.now)).toBe(16 + 9);
    expect(chunks.ttft(0)).toBeGreaterThan(whole.ttft(0));
    expect(chunks.ttft(0)).toBeLessThan(2 * whole.ttft(0));
  });
});

describe('macro-steps', () => {
  const small = { iterationTokens: 512, sequenceLimit: 64 };
  const cases: readonly (readonly [string, Sent, object, object])[] = [
    ['light load', poisson(100, 2, 500, 200), small, {}],
    ['heavy load', poisson(300, 60, 500, 200), small, {}],
    ['little cache', poisson(150, 40, 300, 300), small, { blocks: 700, watermark: 7 }],
    ['prompts first', poisson(200, 30, 500, 200), { ...small, engineScheduling: 'prompts first' as const }, { blocks: 2000 }],
    ['several replicas', poisson(200, 60, 500, 200), { ...small, poolReplicas: 3 }, {}],
    ['experts and windows', poisson(100, 20, 300, 100), { ...small, languageModel: 'gpt-oss-20b' as const }, {}],
  ];
  it.each(cases)('give the times of single steps: %s', (_name, sent, values, special) => {
    const macro = new Rig(sent, values, special).run();
    const single = new Rig(sent, values, { ...special, longest: 1 }).run();
    settled(macro);
    settled(single);
    for (let i = 0; i < sent.arrival.length; i++) {
      expect(Math.abs(macro.ttft(i) / single.ttft(i) - 1)).toBeLessThan(1e-9);
      expect(Math.abs(macro.e2e(i) / single.e2e(i) - 1)).toBeLessThan(1e-9);
    }
    for (const name of ['tokensOut', 'stepTime', 'cacheUse', 'computeUse', 'bandwidthUse', 'batch'] as const) expect(macro.measure(name) / single.measure(name)).toBeCloseTo(1, 2);
    expect(macro.net.events).toBeLessThan(single.net.events);
  });

  it('do not depend on when somebody looks', () => {
    const sent = poisson(60, 5, 500, 300);
    const straight = new Rig(sent).run();
    const looked = new Rig(sent);
    let before = -1;
    for (let t = 0; t < straight.net.now; t += 0.37) {
      looked.run(t);
      const out = looked.pool.sum(Sum.out, t);
      expect(out).toBeGreaterThanOrEqual(before);
      before = out;
    }
    looked.run();
    expect(looked.sender.last).toEqual(straight.sender.last);
    expect(looked.pool.sum(Sum.flops, looked.net.now)).toBe(straight.pool.sum(Sum.flops, straight.net.now));
  });
});

describe('the cache ledger', () => {
  it('never holds more than there is, and preempts whoever came last', () => {
    const sent = poisson(200, 50, 400, 400);
    const rig = new Rig(sent, { sequenceLimit: 64 }, { blocks: 500, watermark: 5 });
    const cells = new Float64Array(32);
    for (let t = 0; rig.pool.arrivedTotal() < 200 || rig.pool.inFlight > 0; t += 0.05) {
      rig.run(t);
      rig.pool.face(cells);
      expect(cells[0]).toBeGreaterThanOrEqual(0);
      expect(cells[0]).toBeLessThanOrEqual(1);
    }
    settled(rig);
    expect(rig.pool.endedAs(Code.answered)).toBe(200);
    expect(rig.pool.sum(Sum.preemptions, rig.net.now)).toBeGreaterThan(10);
    expect(rig.pool.sum(Sum.recomputed, rig.net.now)).toBeGreaterThan(1000);
    // Every token of every answer comes exactly once, preempted or not.
    expect(rig.pool.sum(Sum.out, rig.net.now)).toBeCloseTo(Array.from(sent.output).reduce((a, b) => a + b, 0), 3);
  });

  it('lets the second of two wait for its recomputation by hand', () => {
    // 10 blocks of 16: two prompts of 64 take 4 each; after 17 tokens each wants a sixth block, and there are only ten.
    const sent = { arrival: [0, 0], input: [64, 64], output: [60, 60] };
    const rig = new Rig(sent, {}, { blocks: 10, watermark: 0 }).run();
    settled(rig);
    expect(rig.pool.sum(Sum.preemptions, rig.net.now)).toBe(1);
    expect(rig.pool.sum(Sum.recomputed, rig.net.now)).toBe(64 + 16);
    expect(rig.sender.last[0]).toBeLessThan(rig.sender.last[1]!);
    expect(rig.pool.sum(Sum.firsts, rig.net.now)).toBe(2);
  });

  it('says by hand what fits', () => {
    const rows = gpuPool.estimate({ ...new Rig(one(1, 1)).values, languageModel: 'llama-3.1-8b' }, { rate: 1, scv: 1, inputTokens: 1000, outputTokens: 200, bytes: 0, items: 1, keys: 1, skew: 0 });
    const room = rows.find((r) => r.label === 'KV room per replica')!.value;

    expect(room).toBeGreaterThan(440_000);
    expect(room).toBeLessThan(460_000);
  });
});

describe('refusals', () => {
  it('fails what could never fit: out of memory', () => {
    const rig = new Rig({ arrival: [0, 0], input: [100, 1700], output: [10, 10] }, {}, { blocks: 100 }).run();
    settled(rig);
    expect([...rig.sender.outcome]).toEqual([Code.answered, Code.outOfMemory]);
  });

  it('fails everything when the model does not fit, and says so by hand', () => {
    const rig = new Rig(poisson(20, 10, 100, 10), { languageModel: 'llama-3.1-70b' }).run();
    settled(rig);
    expect(rig.pool.endedAs(Code.outOfMemory)).toBe(20);
    const rows = gpuPool.estimate(rig.values, { rate: 1, scv: 1, inputTokens: 1000, outputTokens: 200, bytes: 0, items: 1, keys: 1, skew: 0 });
    expect(rows.some((r) => r.label.includes('does not fit'))).toBe(true);
  });

  it('refuses what finds the queue full', () => {
    const rig = new Rig(poisson(500, 500, 1000, 200), { engineRoom: 10, sequenceLimit: 8 }).run();
    settled(rig);
    expect(rig.pool.endedAs(Code.queueFull)).toBeGreaterThan(300);
    expect(rig.pool.queueLongest()).toBe(10);
  });
});

describe('choice of replica', () => {
  it.each(['least requests', 'round robin', 'least cache'] as const)('shares evenly: %s', (poolSpreading) => {
    const rig = new Rig(poisson(400, 40, 500, 200), { poolReplicas: 4, poolSpreading }).run();
    settled(rig);
    expect(rig.pool.endedAs(Code.answered)).toBe(400);
  });

  it('answers sooner with more replicas', () => {
    const sent = poisson(300, 30, 1000, 200);
    const mean = (replicas: number): number => {
      const rig = new Rig(sent, { poolReplicas: replicas }).run();
      return rig.pool.latency.mean();
    };
    expect(mean(4)).toBeLessThan(mean(1));
  });
});

describe('edits while it runs', () => {
  it('keeps what is in flight whatever changes', () => {
    const rig = new Rig(poisson(300, 30, 500, 200), { poolReplicas: 3, sequenceLimit: 32 });
    const edits = [
      { poolReplicas: 1 },
      { poolReplicas: 4, cacheBlock: 32 },
      { gpuType: 'l4', cacheBlock: 32, cachePrecision: '8', weightPrecision: 'fp8' },
      { gpuType: 'h100', engineScheduling: 'prompts first', cacheBlock: 7 },
      { gpuType: 'b200', engineScheduling: 'chunked', iterationTokens: 64, sequenceLimit: 4 },
      { sequenceLimit: 256, iterationTokens: 4096 },
    ] as const;
    edits.forEach((edit, i) => {
      rig.run(1 + i);
      rig.pool.retune({ ...rig.values, ...edit });
      expect(rig.pool.inFlight).toBeGreaterThan(0);
    });
    rig.run();
    settled(rig);
    expect(rig.pool.endedAs(Code.answered)).toBe(300);
  });

  it('gives up all of them when the model no longer fits', () => {
    const rig = new Rig(poisson(100, 50, 500, 400)).run(1.5);
    rig.pool.retune({ ...rig.values, languageModel: 'llama-3.1-405b' });
    rig.run();
    settled(rig);
    expect(rig.pool.endedAs(Code.outOfMemory)).toBeGreaterThan(50);
  });
});

describe('the books', () => {
  it('agree with Little and with each other', () => {
    const sent = poisson(400, 20, 600, 150);
    const rig = new Rig(sent).run();
    const { pool, net } = rig;
    const sum = (of: ArrayLike<number>): number => Array.from(of).reduce((a, b) => a + b, 0);
    expect(pool.sum(Sum.out, net.now)).toBeCloseTo(sum(sent.output), 6);
    expect(pool.sum(Sum.in, net.now)).toBe(sum(sent.input));
    const stay = sum(Array.from(sent.arrival, (_, i) => rig.e2e(i)));
    expect(pool.books.running.area(net.now) + pool.queueArea(net.now)).toBeCloseTo(stay, 6);
    expect(rig.measure('computeUse')).toBeLessThan(1);
    expect(rig.measure('bandwidthUse')).toBeLessThan(1);
    expect(rig.measure('cacheUse')).toBeGreaterThan(0);
  });
});
