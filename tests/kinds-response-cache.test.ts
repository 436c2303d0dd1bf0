/** The response cache: hit ratios against Che's approximation, eviction orders against plain ones, coalescing, lifetimes and live changes. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Clock } from '../src/engine/clock.ts';
import { Stream } from '../src/engine/random.ts';
import { KeyMap } from '../src/kinds/response-cache/key-map.ts';
import { predictedHits } from '../src/kinds/response-cache/hit-ratio.ts';
import { Store, type Eviction } from '../src/kinds/response-cache/store.ts';
import { estimates } from '../src/run/flow.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, exponential, imbalances, node, off, path, people, ran, result, sketch, station, tuned } from './sketch.ts';

const truth = '../shared/truth/queueing.csv';

/** Answers of a byte each, a cache of so many of them, and an origin that takes `origin` seconds. */
const cached = (traffic: Record<string, unknown>, params: Record<string, unknown>, seconds: number, warmup = 0, rate = 10_000, origin: unknown = constant(0)) =>
  sketch(
    [people(rate, { requestBytes: constant(1), ...traffic }), node('cache', 'response-cache', { responseOverhead: 0, responseLookup: constant(0), ...params }), station('origin', 1_000_000, origin)],
    path('users', 'cache', 'origin'),
    seconds,
    warmup,
  );

/** N, α, C and the ratio by Che's approximation, from the reference table where it is at hand. */
const rows = [
  [10_000, 0.8, 1000, 0.436659722],
  [10_000, 1, 1000, 0.675601794],
  [100_000, 0.9, 5000, 0.515196317],
] as const;

describe('hit ratio', () => {
  it.skipIf(!existsSync(truth))('is tested against the reference table', () => {
    const lines = readFileSync(truth, 'utf8').split('\n').filter((line) => line.startsWith('"LRU hit ratio'));
    expect(lines.length).toBe(rows.length);
    lines.forEach((line, i) => expect(line).toContain(String(rows[i]![3])));
  });

  it('is computed without visiting every key', () => {
    for (const [n, s, c, hit] of rows) expect(off(predictedHits(n, s, c, 1, 0, true).hit, hit)).toBeLessThan(0.0005);
  });

  it('comes out of the simulation for least recently used', () => {
    for (const [keyCount, keySkew, c, hit] of rows) {
      const { measures } = result(cached({ keyCount, keySkew }, { responseCapacity: c }, 60, 10)).nodes.cache!;
      expect(off(measures.hitRatio, hit), `${keyCount} ${keySkew} ${c}`).toBeLessThan(0.01);
      expect(off(measures.held, c)).toBeLessThan(1e-6);
      expect(measures.byteHitRatio).toBeCloseTo(measures.hitRatio!, 9);
    }
  });

  it('comes near the share of the most popular for least frequently used', () => {
    const design = cached({ keyCount: 10_000, keySkew: 0.8 }, { responseCapacity: 1000, responseEviction: 'LFU' }, 60, 30);
    const best = estimates(design).cache!.rows.find((r) => r.measure === 'hitRatio')!.value;
    const { hitRatio } = result(design).nodes.cache!.measures;
    expect(hitRatio!).toBeLessThan(best);
    expect(hitRatio!).toBeGreaterThan(0.9 * best);
  });

  it('follows the time to live', () => {
    // Everything fits: each key is hit λD times between two misses, exactly.
    const all = cached({ keyCount: 1000, keySkew: 0 }, { responseCapacity: 1e6, responseTtl: 0.3 }, 100, 10);
    expect(off(result(all).nodes.cache!.measures.hitRatio, 3 / 4)).toBeLessThan(0.005);
    expect(off(estimates(all).cache!.rows.find((r) => r.measure === 'hitRatio')!.value, 3 / 4)).toBeLessThan(0.001);
    const both = cached({ keyCount: 10_000, keySkew: 0.8 }, { responseCapacity: 1000, responseTtl: 0.5 }, 60, 10);
    expect(off(result(both).nodes.cache!.measures.hitRatio, estimates(both).cache!.rows.find((r) => r.measure === 'hitRatio')!.value)).toBeLessThan(0.1);
  });

  it('is better by requests for size-aware eviction, where sizes differ', () => {
    const traffic = { keyCount: 10_000, keySkew: 0.8, requestBytes: { shape: 'lognormal', mean: 1000, cv: 3 } };
    const ratio = (responseEviction: Eviction) => result(cached(traffic, { responseCapacity: 1e6, responseEviction }, 60, 10)).nodes.cache!.measures;
    expect(ratio('GDSF').hitRatio!).toBeGreaterThan(ratio('LRU').hitRatio! * 1.1);
  });
});

describe('size-aware eviction', () => {
  // Sizes and the work behind an answer differ, and belong to the keys.
  const traffic = { keyCount: 10_000, keySkew: 0.8, keyAlike: true, itemCount: { shape: 'lognormal', mean: 20, cv: 2 }, requestBytes: { shape: 'lognormal', mean: 1000, cv: 3 } };
  const behind = (params: Record<string, unknown>) =>
    result(
      sketch(
        [people(2000, traffic), node('cache', 'response-cache', { responseOverhead: 0, responseLookup: constant(0), responseCapacity: 1e6, ...params }), node('origin', 'model-server', { scorerReplicas: 10_000, scorerBatch: 1, scorerPerItem: 0.002, scorerBase: 0, scorerJitter: 0 })],
        path('users', 'cache', 'origin'),
        90,
        30,
      ),
    ).nodes;

  it('serves small answers: more hits, but fewer bytes of them, than by recency', () => {
    const [lru, sized] = [behind({}), behind({ responseEviction: 'GDSF' })];
    expect(sized.cache!.measures.hitRatio!).toBeGreaterThan(1.15 * lru.cache!.measures.hitRatio!);
    expect(sized.cache!.measures.byteHitRatio!).toBeLessThan(sized.cache!.measures.hitRatio! - 0.15);
  });

  it('saves more of the work behind it when it counts the time an answer took, for fewer hits', () => {
    const [sized, timed] = [behind({ responseEviction: 'GDSF' }), behind({ responseEviction: 'GDSF', responseSaving: 'time' })];
    expect(timed.cache!.measures.hitRatio!).toBeLessThan(sized.cache!.measures.hitRatio!);
    expect(timed.origin!.inFlightMean).toBeLessThan(0.95 * sized.origin!.inFlightMean);
  });
});

describe('response cache', () => {
  it('asks once for all who miss one key at a time', () => {
    // One key, 10,000/s, an origin of 0.1 s: about a thousand wait for the first fetch, and then all hit.
    const sim = ran(cached({ keyCount: 1 }, { responseCapacity: 1000 }, 1, 0, 10_000, constant(0.1)));
    const { cache, origin } = sim.result().nodes;
    expect(origin!.arrived).toBe(1);
    expect(off(cache!.measures.coalesced! * cache!.arrived, 1000)).toBeLessThan(0.1);
    expect(cache!.failed).toBe(0);
    expect(imbalances(sim)).toEqual([]);
    const herd = ran(cached({ keyCount: 1 }, { responseCapacity: 1000, responseCoalescing: false }, 1, 0, 10_000, constant(0.1)));
    expect(off(herd.result().nodes.origin!.arrived, 1000)).toBeLessThan(0.1);
    expect(imbalances(herd)).toEqual([]);
  });

  it('hands a failure to all who waited, and keeps nothing of it', () => {
    // What lies behind takes a tenth of a second to find out that it leads nowhere.
    const broken = sketch([people(1000, { keyCount: 1, requestBytes: constant(1) }), node('cache', 'response-cache'), node('pot', 'batcher', { batcherMaxWait: 0.1 }), node('end', 'rate-limiter')], path('users', 'cache', 'pot', 'end'), 10);
    const sim = ran(broken);
    const { cache, end } = sim.result().nodes;
    expect(cache!.served).toBe(0);
    expect(cache!.measures.entries).toBe(0);
    expect(off(end!.failed, 99)).toBeLessThan(0.02);
    expect(off(cache!.failedBy['no healthy target']!, 10_000)).toBeLessThan(0.05);
    expect(imbalances(sim)).toEqual([]);
  });

  it('takes its look-up time, and refuses when its threads and queue are taken', () => {
    const looked = result(cached({ keyCount: 1 }, { responseLookup: constant(0.002) }, 10, 1, 100)).nodes.cache!;
    expect(looked.latency.mean!).toBeCloseTo(0.002, 9);
    const threads = ran(cached({ keyCount: 1 }, { responseLookup: constant(0.002), responseThreads: 1, responseRoom: 5 }, 20, 0, 1000));
    const busy = threads.result().nodes.cache!;
    expect(off(busy.served / 20, 500)).toBeLessThan(0.01);
    expect(Object.keys(busy.failedBy)).toEqual(['queue full']);
    expect(busy.utilisation!).toBeGreaterThan(0.98);
    expect(busy.queue.max).toBe(5);
    expect(imbalances(threads)).toEqual([]);
  });

  it('fails misses when there is nothing behind it', () => {
    expect(Object.keys(result(sketch([people(10), node('cache', 'response-cache')], path('users', 'cache'))).nodes.cache!.failedBy)).toEqual(['no healthy target']);
  });

  it('takes up every change at once and keeps its books', () => {
    const design = cached({ keyCount: 10_000, keySkew: 0.8 }, { responseCapacity: 1000, responseLookup: exponential(0.001), responseThreads: 20, responseRoom: 1e6 }, 30, 0, 10_000, exponential(0.01));
    const sim = new Simulation(design);
    const change = (params: Record<string, unknown>): void => {
      sim.apply(tuned(design, 'cache', params), 'change');
      sim.runTo(sim.now + 1);
      expect(imbalances(sim)).toEqual([]);
    };
    sim.runTo(5);
    for (const responseEviction of ['LFU', 'GDSF', 'LRU', 'GDSF']) change({ responseEviction });
    change({ responseCapacity: 10, responseThreads: 0 });
    expect(sim.board.nodes.get('cache')!.node.inFlight).toBeLessThan(2000);
    change({ responseCapacity: 5000, responseThreads: 3, responseTtl: 0.01 });
    change({ responseCoalescing: false, responseLookup: constant(0) });
    change({ responseThreads: 0, responseLookup: constant(0) });
    const before = sim.result().nodes.cache!.measures.hitRatio!;
    expect(before).toBeGreaterThan(0.05);
    expect(before).toBeLessThan(0.6);
  });

  it('is met by the estimate by hand', () => {
    for (const [responseEviction, within] of [['LRU', 0.03], ['LFU', 0.2]] as const) {
      const design = cached({ keyCount: 1_000_000, keySkew: 1, requestBytes: constant(936) }, { responseCapacity: 2e7, responseOverhead: 64, responseEviction }, 40, 20);
      const { measures } = result(design).nodes.cache!;
      for (const row of estimates(design).cache!.rows) if (row.measure !== undefined) expect(off(measures[row.measure], row.value), `${row.label}, ${responseEviction}`).toBeLessThan(within);
      expect(off(estimates(design).origin!.flow.rate, measures.passed!)).toBeLessThan(within);
    }
  });
});

/** A cache written as plainly as can be: whom to evict is found by looking at everyone. */
class PlainStore {
  entries: { key: number; bytes: number; density: number; used: number; hits: number; value: number }[] = [];
  private tick = 0;
  private inflation = 0;
  constructor(
    private capacity: number,
    private eviction: Eviction,
  ) {}
  hit(key: number): boolean {
    const entry = this.entries.find((e) => e.key === key);
    if (entry === undefined) return false;
    entry.used = this.tick++;
    entry.hits++;
    entry.value = this.inflation + entry.hits * entry.density;
    return true;
  }
  put(key: number, bytes: number, cost: number): void {
    if (bytes > this.capacity) return;
    while (this.entries.reduce((sum, e) => sum + e.bytes, bytes) > this.capacity) this.evict();
    this.entries.push({ key, bytes, density: cost / bytes, used: this.tick++, hits: 1, value: this.inflation + cost / bytes });
  }
  private evict(): void {
    const worse = (a: (typeof this.entries)[number], b: typeof a): boolean =>
      this.eviction === 'LRU' ? a.used < b.used : this.eviction === 'LFU' ? a.hits < b.hits || (a.hits === b.hits && a.used < b.used) : a.value < b.value;
    const victim = this.entries.reduce((a, b) => (worse(b, a) ? b : a));
    if (this.eviction === 'GDSF') this.inflation = victim.value;
    this.entries.splice(this.entries.indexOf(victim), 1);
  }
}

describe('store', () => {
  it('evicts exactly whom a plain search would evict', () => {
    for (const eviction of ['LRU', 'LFU', 'GDSF'] as const) {
      const stream = new Stream(1, eviction, 'test');
      const store = new Store(new Clock(), 200, 0, eviction);
      const plain = new PlainStore(200, eviction);
      for (let i = 0; i < 20_000; i++) {
        const key = Math.floor(60 * stream.uniform() * stream.uniform());
        const hit = store.hit(key);
        expect(hit).toBe(plain.hit(key));
        // Powers of two make values of equals comparable without rounding; a fraction of their own makes them differ.
        const bytes = eviction === 'GDSF' ? Math.fround(1 + 20 * stream.uniform()) : 1 + stream.below(20);
        if (hit) continue;
        const cost = Math.fround(stream.uniform());
        store.put(key, bytes, cost);
        plain.put(key, bytes, cost);
        expect(store.entries).toBe(plain.entries.length);
      }
    }
  });
});

describe('key map', () => {
  it('remembers what a Map remembers', () => {
    const stream = new Stream(2, 'map', 'test');
    const map = new KeyMap();
    const plain = new Map<number, number>();
    for (let i = 0; i < 200_000; i++) {
      const key = stream.uniform() < 0.5 ? stream.below(500) : 2_000_000_000 - stream.below(500);
      const what = stream.uniform();
      if (what < 0.4) {
        map.set(key, i);
        plain.set(key, i);
      } else if (what < 0.8) {
        map.delete(key);
        plain.delete(key);
      } else expect(map.get(key)).toBe(plain.get(key) ?? -1);
      if (map.size !== plain.size) expect(map.size).toBe(plain.size);
    }
    for (const [key, value] of plain) expect(map.get(key)).toBe(value);
  });
});
