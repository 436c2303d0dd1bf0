/** The KV cache beside a GPU pool: what it finds, what that saves, and what it drops. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DesignFault } from '../src/design/design.ts';
import { parseTrace } from '../src/design/trace.ts';
import { Code } from '../src/engine/reasons.ts';
import type { Trace } from '../src/engine/trace.ts';
import { Kept } from '../src/kinds/kv-cache/kept.ts';
import { kvCache } from '../src/kinds/kv-cache/kv-cache.ts';
import { defaults } from '../src/kit/param.ts';
import { isPrefixStore } from '../src/kit/prefix.ts';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { Rig, type Sent } from './gpu-pool-rig.ts';
import { constant, imbalances, node, path, people, ran, sketch } from './sketch.ts';

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
    expect(isPrefixStore(rig.cache!)).toBe(true);
    expect(isPrefixStore(rig.pool)).toBe(false);
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

describe('a cache behind others', () => {
  const cut = (at: number, seconds: number): DesignFault => ({ id: 'cut', fault: 'partition', target: 'b-far', at, seconds, amount: 0, inFlight: 'fail', repeat: 'once', every: 60 });
  const asking = (count: number, more: Record<string, unknown> = {}) => ({ arrivals: 'regular', inputTokens: constant(1000), outputTokens: constant(2), prefixCount: count, prefixTokens: 960, keySkew: 0, ...more });

  /** Two regions with a cache each, and one behind both; far enough between requests for each to be alone. */
  const regions = (faults: readonly DesignFault[], near: Record<string, unknown> = {}, [a, b] = [0.5, 0.47], count = 40): Simulation => {
    const nodes = [
      people(a, asking(count)), { ...people(b, asking(count)), id: 'others' }, node('a-pool', 'gpu-pool'), node('b-pool', 'gpu-pool'),
      node('a', 'kv-cache', near), node('b', 'kv-cache', near), node('far', 'kv-cache', { prefixCapacity: 1e13 }),
    ];
    const links = [...path('users', 'a-pool', 'a', 'far'), ...path('others', 'b-pool', 'b', 'far')];
    return new Simulation({ ...sketch(nodes, links, 10_000), faults });
  };
  const of = (sim: Simulation, id: string) => sim.result().nodes[id]!.measures as Record<string, number>;

  it('knows what one of them has computed, and hands it to the other', () => {
    const sim = regions([]);
    sim.runTo(2000);
    // Each prefix is computed once in the whole world and comes from behind once at most.
    const computed = (id: string): number => Math.round(2000 * of(sim, id).lookups! * (1 - of(sim, id).hitRequests!));
    expect(computed('a') + computed('b')).toBe(40);
    expect(of(sim, 'a').farHits!).toBeGreaterThan(0);
    expect(of(sim, 'far').prefixBytes! / (960 * 131_072)).toBeGreaterThan(35);
    expect(of(sim, 'b').provisional).toBe(0);
    expect(imbalances(sim)).toEqual([]);
  });

  it('takes its time to answer, and that of the way', () => {
    const mean = (prefixFarDelay: number): { first: number; share: number } => {
      const sim = regions([], { prefixFarDelay, prefixFarBandwidth: 1e9, prefixBandwidth: 0 });
      sim.runTo(2000);
      return { first: of(sim, 'b-pool').firstToken!, share: of(sim, 'b').farHits! / 0.96 };
    };
    const quick = mean(0);
    expect(quick.share).toBeGreaterThan(0.005);
    // Those that come from behind are late by the delay, the others not at all.
    expect((mean(0.5).first - quick.first) / (0.5 * quick.share)).toBeCloseTo(1, 2);
  });

  it('is only fetched from where that is quicker than computing, if so told', () => {
    // 960 tokens of 131 kB take 0.13 s at 1 GB/s, and 1.3 ms at 100; an H100 computes them in some 20 ms.
    for (const [prefixFarBandwidth, fetched] of [[1e9, false], [1e11, true]] as const) {
      const sim = regions([], { prefixFetch: 'quicker', prefixFarBandwidth, prefixFarDelay: 0.001 });
      sim.runTo(2000);
      expect(of(sim, 'b').farHits! > 0).toBe(fetched);
      expect(of(sim, 'far').prefixBytes! / (960 * 131_072)).toBeGreaterThan(35);
      expect(imbalances(sim)).toEqual([]);
    }
  });

  it('is counted by hand, with what a token is to the engine', () => {
    const near = (more: Record<string, unknown>): Record<string, number> => {
      const nodes = [people(2, asking(400, { keySkew: 0.8 })), node('pool', 'gpu-pool', { languageModel: 'llama-3.1-70b', tensorParallel: '4', weightPrecision: 'fp8' }), node('near', 'kv-cache', { prefixCapacity: 30e9, ...more }), node('far', 'kv-cache', { prefixCapacity: 1e13 })];
      const design = sketch(nodes, path('users', 'pool', 'near', 'far'), 4000);
      const { rows } = estimates(design)['near']!;
      const sim = new Simulation(design);
      sim.runTo(4000);
      const hand = (label: string): number => rows.find((row) => row.label === label)!.value;
      return { hit: hand('hit ratio'), run: of(sim, 'near').hitRatio!, fit: hand('tokens that fit') };
    };
    const [alone, all] = [near({ prefixFetch: 'quicker', prefixFarBandwidth: 1e8 }), near({ prefixFarBandwidth: 1e11 })];
    expect(alone['fit']).toBeCloseTo(30e9 / (80 * 8 * 128 * 2 * 2), -1);
    expect(all['hit']).toBeCloseTo(0.96, 2);
    expect(all['run']! / all['hit']!).toBeCloseTo(1, 1);
    expect(alone['hit']).toBeLessThan(0.75);
    expect(alone['run']! / alone['hit']!).toBeCloseTo(1, 1);
  });

  it('is asked by the cache before it and no further, whatever the order of wires', () => {
    const nodes = [people(2, asking(400, { keySkew: 0.8 })), node('pool', 'gpu-pool'), node('a', 'kv-cache', { prefixCapacity: 5e9 }), node('b', 'kv-cache', { prefixCapacity: 10e9 }), node('c', 'kv-cache', { prefixCapacity: 1e13 })];
    const links = path('users', 'pool', 'a', 'b', 'c');
    const [one, other] = [links, links.toReversed()].map((all) => estimates(sketch(nodes, all, 3000)));
    expect(one).toEqual(other);
    const sim = new Simulation(sketch(nodes, links, 3000));
    sim.runTo(3000);
    const told = (id: string): number | undefined => one![id]!.rows.find(({ label }) => label === 'hit ratio')?.value;
    expect(of(sim, 'a').hitRatio! / told('a')!).toBeCloseTo(1, 1);
    expect([told('b'), told('c')]).toEqual([undefined, undefined]);
    expect(of(sim, 'c').lookups).toBe(0);
    const loop = estimates(sketch(nodes.slice(0, 4), [...path('users', 'pool', 'a', 'b'), ...path('b', 'a')], 100));
    expect(loop['a']!.flow.rate).toBe(2);
  });

  it('cannot be asked while the wire is cut; what is kept meanwhile is provisional, and told afterwards', () => {
    const sim = regions([cut(0, 1000)], {}, [0, 0.5]);
    sim.runTo(999);
    expect(of(sim, 'b').provisional!).toBeGreaterThan(30);
    expect(of(sim, 'far').prefixBytes).toBe(0);
    expect(of(sim, 'b').farHits).toBe(0);
    sim.runTo(1010);
    const { lookups, hitRequests, reconciled } = of(sim, 'b');
    const computed = 1010 * lookups! * (1 - hitRequests!);
    expect(computed).toBeGreaterThan(35);
    expect(reconciled! * 1010).toBeCloseTo(computed, 6);
    // Told with the first request then, at 1,000 s; ∫ bytes behind dt.
    expect((of(sim, 'far').prefixBytes! * 1010) / (960 * 131_072) / computed).toBeCloseTo(10, 6);
  });

  it('is not told of what has been dropped or forgotten before it could be reached', () => {
    // Room for two prefixes.
    const small = regions([cut(0, 1000)], { prefixCapacity: 2 * 960 * 131_072 }, [0, 0.5]);
    small.runTo(1010);
    expect(of(small, 'b').reconciled! * 1010).toBeCloseTo(2, 6);
    const flush: DesignFault = { ...cut(990, 0), id: 'flush', fault: 'flush', target: 'b' };
    const flushed = regions([cut(0, 1000), flush], {}, [0, 0.5]);
    flushed.runTo(1010);
    expect(of(flushed, 'b').reconciled! * 1010).toBeLessThan(7);
  });

  it('may have each other behind them', () => {
    const design = sketch([people(1, asking(5)), node('pool', 'gpu-pool'), node('a', 'kv-cache'), node('b', 'kv-cache')], [...path('users', 'pool', 'a', 'b'), ...path('b', 'a')], 100);
    const sim = ran(design);
    expect(of(sim, 'a').hitRatio!).toBeGreaterThan(0.85);
    expect(of(sim, 'a').prefixBytes).toBeCloseTo(of(sim, 'b').prefixBytes!, -3);
  });
});

describe('what replicas have computed', () => {
  /** One request every 100 seconds with one of two beginnings, for two replicas in turn; from 950 s to 1,450 s there is only the first, or none. */
  const found = (fault: DesignFault['fault'], cache: Record<string, unknown>): number => {
    const nodes = [people(0.01, { arrivals: 'regular', inputTokens: constant(1000), outputTokens: constant(2), prefixCount: 2, prefixTokens: 960, keySkew: 0 }), node('pool', 'gpu-pool', { poolReplicas: 2, poolSpreading: 'round robin' }), node('kv', 'kv-cache', cache)];
    const faults: DesignFault[] = [{ id: 'f', fault, target: 'pool', at: 950, seconds: 500, amount: fault === 'replicas' ? 1 : 0, inFlight: 'fail', repeat: 'once', every: 60 }];
    const { measures } = ran({ ...sketch(nodes, path('users', 'pool', 'kv'), 5050), faults: fault === 'flush' ? [] : faults }).result().nodes['kv']!;
    return Math.round(5050 * (measures['lookups'] as number) * (1 - (measures['hitRequests'] as number)));
  };

  it('is lost with them where it lies with them, and stays in a store of its own', () => {
    // Nothing lost: each beginning is computed once.
    expect(found('flush', { prefixBandwidth: 0 })).toBe(2);
    for (const lying of [{ prefixBandwidth: 0 }, { prefixHome: 'replicas' }]) {
      expect(found('replicas', lying)).toBe(3);
      expect(found('crash', lying)).toBe(4);
    }
    for (const fault of ['replicas', 'crash'] as const) expect(found(fault, { prefixHome: 'store' })).toBe(2);
  });

  it('leaves gaps that are found in order: what is kept still goes by its turn', () => {
    const kept = new Kept('lru');
    for (let key = 0; key < 50; key++) kept.add(key, 1 + key, key % 3);
    for (const key of [7, 3, 30]) kept.touch(key);
    for (const key of kept.of(1, 2)) kept.delete(key);
    const left = Array.from({ length: 50 }, (_, key) => key).filter((key) => key % 3 !== 1);
    expect(kept.tokens).toBe(left.reduce((sum, key) => sum + 1 + key, 0));
    const order = Array.from({ length: kept.size }, () => kept.drop());
    expect(order).toEqual([...left.filter((key) => key !== 3 && key !== 30), 3, 30]);
    expect(kept.tokens).toBe(0);
  });
});

describe('the wire between an engine and its cache', () => {
  const fault = (name: DesignFault['fault'], target: string): DesignFault => ({ id: 'f', fault: name, target, at: 95, seconds: 100, amount: 0, inFlight: 'fail', repeat: 'once', every: 60 });
  /** Thirty requests, one every ten seconds, with one beginning; a place around the cache at the end. */
  const wired = (faults: readonly DesignFault[], usdPerGb = 0, caches: readonly string[] = ['kv'], latency = 0): Simulation => {
    const nodes = [people(0.1, { arrivals: 'regular', inputTokens: constant(1000), outputTokens: constant(2), prefixCount: 1, prefixTokens: 960 }), node('pool', 'gpu-pool'), ...caches.map((id) => node(id, 'kv-cache'))];
    const away = nodes.map((n, i) => (i === nodes.length - 1 ? { ...n, x: 5000 } : n));
    const design = sketch(away, path('users', 'pool', ...caches), 305);
    return ran({ ...design, faults, groups: [{ id: 'z', label: 'zone', x: 4900, y: -100, width: 1000, height: 1000, level: 'zone', latency, usdPerGb }] });
  };
  const found = (sim: Simulation): number => Math.round((30 * 1000 * (sim.result().nodes['pool']!.measures['prefixHits'] as number)) / 960);

  it('carries nothing while it is cut: ten requests in that time find nothing, all others but the first do', () => {
    expect(found(wired([]))).toBe(29);
    const cut = wired([fault('partition', 'pool-kv')]);
    expect(found(cut)).toBe(19);
    expect(Math.round(305 * (cut.result().nodes['kv']!.measures['lookups'] as number))).toBe(20);
    expect(imbalances(cut)).toEqual([]);
  });

  it('is waited for there and back where the cache is at another place: by those who find something, and longer while messages are slow', () => {
    const mean = (latency: number, usdPerGb = 0, faults: readonly DesignFault[] = []): number => wired(faults, usdPerGb, ['kv'], latency).result().llm!.ttft.mean!;
    // A bill puts a guard on the wire, which must not make it shorter.
    for (const usdPerGb of [0, 0.02]) expect(mean(0.03, usdPerGb) - mean(0, usdPerGb)).toBeCloseTo((29 * 0.06) / 30, 9);
    // Ten of them find it three times as far away.
    expect(mean(0.03, 0, [{ ...fault('delay', 'pool-kv'), amount: 3 }]) - mean(0.03)).toBeCloseTo((10 * 0.12) / 30, 9);
  });

  it('leads to nobody while the cache is down, which has forgotten everything afterwards', () => {
    expect(found(wired([fault('crash', 'kv')]))).toBe(18);
  });

  it('is paid for by the byte where it leaves a place: kept once, loaded 29 times', () => {
    const usd = (price: number, caches?: readonly string[]): number => wired([], price, caches).result().cost.usd - wired([], 0, caches).result().cost.usd;
    expect(usd(0.5)).toBeCloseTo((30 * 960 * 131_072 * 0.5) / 1e9, 9);
    // With a cache of its own on this side, it is only told of what is kept.
    expect(usd(0.5, ['near', 'kv'])).toBeCloseTo((960 * 131_072 * 0.5) / 1e9, 9);
  });
});
