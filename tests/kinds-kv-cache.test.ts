/** The KV cache beside a GPU pool: what it finds, what that saves, and what it drops. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTrace } from '../src/design/trace.ts';
import { Code } from '../src/engine/reasons.ts';
import type { Trace } from '../src/engine/trace.ts';
import { kvCache } from '../src/kinds/kv-cache.ts';
import { defaults } from '../src/kit/param.ts';
import { isPrefixCache } from '../src/kit/prefix.ts';
import { Rig, type Sent } from './gpu-pool-rig.ts';

/** Requests of 1,000 tokens with 960 + 7 in common among those of the same prefix, far enough apart to come one by one. */
const shared = (prefix: readonly number[]): Sent => ({ arrival: prefix.map((_, i) => 10 * i), input: prefix.map(() => 1000), output: prefix.map(() => 20), prefix, prefixInput: 967 });

const recorded = (rows: readonly (readonly number[])[], size = 512): Trace => ({
  name: 'blocks',
  arrival: Float64Array.from(rows, (_, i) => 10 * i),
  input: Float64Array.from(rows, (r) => r.length * size - 100),
  output: Float64Array.from(rows, () => 20),
  blockStart: Int32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).reduce((n, r) => n + r.length, 0))]),
  blocks: Int32Array.from(rows.flat()),
  blockSize: size,
});

const replayed = (trace: Trace): Sent => ({ arrival: trace.arrival, input: trace.input, output: trace.output, trace });

describe('synthetic prefixes', () => {
  it('are found in whole blocks once somebody has computed them', () => {
    const rig = new Rig(shared([0, 0, 1, 0, 1]), {}, {}, { prefixBandwidth: 0 }).run();
    expect(rig.cacheMeasure('hitRatio')).toBeCloseTo((3 * 960) / 5000, 12);
    expect(rig.measure('prefixHits')).toBeCloseTo((3 * 960) / 5000, 12);
    expect(rig.cacheMeasure('hitRequests')).toBe(0.6);
    expect(rig.cacheMeasure('savedTokens') * rig.net.now).toBeCloseTo(2880, 9);
    for (const hit of [1, 3, 4]) expect(rig.ttft(hit)).toBeLessThan(0.6 * rig.ttft(0));
    expect(rig.ttft(2)).toBeCloseTo(rig.ttft(0), 12);
    // The rest of the answer takes as long as ever: attention still reads all keys and values.
    expect(rig.tpot(1)).toBeCloseTo(rig.tpot(0), 9);
  });

  it('leave at least one token to compute', () => {
    const sent = { arrival: [0, 10], input: [960, 960], output: [5, 5], prefix: [0, 0], prefixInput: 960 };
    const rig = new Rig(sent, {}, {}, {}).run();
    expect(rig.cacheMeasure('hitRatio')).toBeCloseTo(959 / 1920, 12);
  });

  it('come at the speed of loading', () => {
    const free = new Rig(shared([0, 0]), {}, {}, { prefixBandwidth: 0 }).run();
    const slow = new Rig(shared([0, 0]), {}, {}, { prefixBandwidth: 1e9 }).run();
    expect(slow.ttft(1) - free.ttft(1)).toBeCloseTo((960 * 131_072) / 1e9, 9);
  });

  it('mean nothing to requests without one', () => {
    const rig = new Rig({ arrival: [0, 10], input: [500, 500], output: [5, 5] }, {}, {}, {}).run();
    expect(rig.cacheMeasure('hitRatio')).toBe(0);
    expect(rig.cacheMeasure('prefixBytes')).toBe(0);
  });
});

describe('recorded blocks', () => {
  it('count only in an unbroken run from the first', () => {
    const rig = new Rig(replayed(recorded([[1, 2, 3], [1, 2, 4], [5, 2, 3], [1, 2, 4, 6]])), {}, {}, { prefixBandwidth: 0 }).run();
    const tokens = 3 * 512 - 100 + 3 * 512 - 100 + 3 * 512 - 100 + 4 * 512 - 100;
    expect(rig.cacheMeasure('hitRatio')).toBeCloseTo((0 + 2 + 0 + 3) * 512 / tokens, 12);
  });
});

describe('a cache that is too small', () => {
  // Room for two prefixes of 960 tokens.
  const room = 2 * 960 * 131_072 + 1;
  const hits = (prefixEviction: 'lru' | 'fifo' | 'lfu', prefix: readonly number[]): number => {
    const rig = new Rig(shared(prefix), {}, {}, { prefixCapacity: room, prefixEviction }).run();
    expect(rig.cacheMeasure('prefixUse')).toBeLessThanOrEqual(1);
    return Math.round((rig.cacheMeasure('hitRatio') * 1000 * prefix.length) / 960);
  };

  it('drops the least recently used, the oldest, or the least often used', () => {
    // 0 is used again before 2 comes: LRU keeps it, FIFO drops it.
    expect(hits('lru', [0, 1, 0, 2, 0, 1])).toBe(2);
    expect(hits('fifo', [0, 1, 0, 2, 0, 1])).toBe(1);
    // 0 is used often, 1 and 2 pass by: LFU keeps 0 even though it was not used last.
    expect(hits('lfu', [0, 0, 0, 1, 2, 3, 0])).toBe(3);
    expect(hits('lru', [0, 0, 0, 1, 2, 3, 0])).toBe(2);
  });

  it('holds nothing at all without capacity', () => {
    const rig = new Rig(shared([0, 0, 0]), {}, {}, { prefixCapacity: 0 }).run();
    expect(rig.cacheMeasure('hitRatio')).toBe(0);
    expect(rig.cacheMeasure('evictions') * rig.net.now).toBeCloseTo(3, 9);
  });

  it('loses the end of a run before its beginning', () => {
    const rig = new Rig(replayed(recorded([[1, 2, 3, 4], [1, 2, 3, 4]])), {}, {}, { prefixCapacity: 3 * 512 * 131_072 }).run();
    expect(rig.cacheMeasure('hitRatio')).toBeCloseTo((3 * 512) / (2 * (4 * 512 - 100)), 12);
  });
});

describe('edits and refusals', () => {
  it('shrinks, changes its order and its blocks while it runs', () => {
    const rig = new Rig(shared(Array.from({ length: 40 }, (_, i) => i % 7)), {}, {}, {});
    const values = defaults(kvCache.params);
    rig.run(105);
    rig.cache!.retune({ ...values, prefixCapacity: 3 * 960 * 131_072 });
    rig.run(205);
    rig.cache!.retune({ ...values, prefixCapacity: 3 * 960 * 131_072, prefixEviction: 'lfu' });
    rig.run(305);
    rig.cache!.retune({ ...values, prefixBlock: 128 });
    rig.run();
    expect(rig.pool.endedAs(Code.answered)).toBe(40);
    expect(rig.cacheMeasure('hitRatio')).toBeGreaterThan(0.1);
    expect(rig.cacheMeasure('evictions')).toBeGreaterThan(0);
  });

  it('is a prefix cache, and the pool is none', () => {
    const rig = new Rig(shared([0]), {}, {}, {});
    expect(isPrefixCache(rig.cache!)).toBe(true);
    expect(isPrefixCache(rig.pool)).toBe(false);
  });
});

describe.skipIf(!existsSync('../shared/truth/traces'))('the Mooncake conversation trace (skipped without the reference figures)', () => {
  it('hits as often as its blocks allow', () => {
    const parsed = parseTrace('mooncake', readFileSync('../shared/truth/traces/mooncake_conversation_trace.jsonl', 'utf8'));
    if (!parsed.ok) throw new Error(parsed.why);
    const { trace } = parsed;
    const rig = new Rig(replayed(trace), { languageModel: 'llama-3.1-8b', gpuType: 'h200', poolReplicas: 16 }, {}, { prefixCapacity: 1e15, prefixBandwidth: 0 }).run();
    // By hand: blocks seen before, in an unbroken run, if every request found all that came before it.
    const seen = new Set<number>();
    let most = 0;
    let tokens = 0;
    for (let i = 0; i < trace.input.length; i++) {
      let k = trace.blockStart[i]!;
      while (k < trace.blockStart[i + 1]! && seen.has(trace.blocks[k]!)) k++;
      most += Math.min((k - trace.blockStart[i]!) * 512, trace.input[i]! - 1);
      tokens += trace.input[i]!;
      for (k = trace.blockStart[i]!; k < trace.blockStart[i + 1]!; k++) seen.add(trace.blocks[k]!);
    }
    expect(rig.cacheMeasure('hitRatio')).toBeLessThanOrEqual(most / tokens);
    expect(rig.cacheMeasure('hitRatio')).toBeGreaterThan(0.9 * (most / tokens));
  });
});
