/** A response cache: answers what it holds, and asks for the rest. */
import { Level } from '../../engine/level.ts';
import { Node } from '../../engine/network.ts';
import type { Stream } from '../../engine/random.ts';
import { Code } from '../../engine/reasons.ts';
import { Sampler } from '../../engine/sampler.ts';
import { REFUSED, STARTED, Station } from '../../engine/station.ts';
import { priced } from '../../kit/cost.ts';
import { assumed, published } from '../../kit/evidence.ts';
import { servingFaults } from '../../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../../kit/kind.ts';
import { choice, distribution, real, toggle, whole, type Values } from '../../kit/param.ts';
import { format } from '../../units/format.ts';
import { predictedHits } from './hit-ratio.ts';
import { KeyMap } from './key-map.ts';
import { MOST_ENTRIES, Store } from './store.ts';

const params = {
  responseCapacity: real({ label: 'Capacity', help: 'Bytes it may hold.', unit: 'bytes', default: 1e9, min: 1, max: 1e15 }),
  responseEviction: choice({
    label: 'Eviction',
    help: 'What goes when room is needed.',
    options: [
      { value: 'LRU', label: 'least recently used' },
      { value: 'LFU', label: 'least frequently used', note: 'counted while it is held' },
      { value: 'GDSF', label: 'size-aware', note: 'GreedyDual-Size-Frequency: keeps what is small and often asked for' },
    ],
    default: 'LRU',
  }),
  responseSaving: choice({
    label: 'A hit saves',
    help: 'What size-aware eviction tries to save as much of as it can in its bytes.',
    options: [
      { value: 'request', label: 'one request', note: 'all count alike: most hits' },
      { value: 'time', label: 'the time it took', note: 'from the miss to the answer: most work saved' },
    ],
    default: 'request',
    shownWhen: (v) => v.responseEviction === 'GDSF',
  }),
  responseTtl: real({ label: 'Time to live', help: 'An entry older than this is not used any more. 0 is for ever.', unit: 'seconds', default: 0, min: 0, max: 1e9 }),
  responseCoalescing: toggle({ label: 'Coalesce misses', help: 'Who misses a key that is already being fetched waits for that answer instead of asking again.', default: true }),
  // Assumed. Bookkeeping and key of one entry in an in-memory store are some 50–100 bytes.
  responseOverhead: whole({ label: 'Overhead per entry', help: 'Bytes that an entry takes beside its answer: the key, pointers, times.', unit: 'bytes', default: 64, min: 0, max: 1_000_000 }),
  // Published: Redis 50-client benchmark, median 0.143 ms a command (redis.io benchmarks page, 2026), network stack included.
  responseLookup: distribution({ label: 'Look-up time', help: 'From the question to hit or miss; 0 for a cache inside the process.', section: 'Looking up', unit: 'seconds', default: { shape: 'constant', mean: 0.000143, cv: 0 }, min: 0, max: 60 }),
  responseThreads: whole({ label: 'Look-ups at a time', help: 'Threads that look up; 0 is as many as needed, without a queue.', section: 'Looking up', unit: 'count', default: 0, min: 0, max: 1_000_000 }),
  responseRoom: whole({ label: 'Queue', help: 'Places to wait for a thread. When they are taken, requests are refused: queue full.', section: 'Looking up', unit: 'requests', default: 1000, min: 0, max: 100_000_000, shownWhen: (v) => Number(v.responseThreads) > 0 }),
  // Assumed: about $0.22 an hour for the 13 GiB of an ElastiCache r7g.large, on demand, us-east-1, 2025.
  responsePrice: real({ label: 'Price per GB', help: 'What a gigabyte of capacity costs.', section: 'Cost', unit: 'usd/hour', default: 0.0157, min: 0, max: 1000 }),
};

type CacheValues = Values<typeof params>;

const LOOKED = 0;
/** What `data` of a call says: it holds no thread; it holds one; a miss that asks for itself alone; one that asks, without followers so far. */
const FREE = 0;
const HOLDS = 1;
const ALONE = -2;
const NOBODY = -1;

class ResponseCache extends Node implements Component<CacheValues> {
  private readonly store: Store;
  private readonly station: Station;
  private readonly time: Sampler;
  private readonly draws: Stream;
  private threads: number;
  private instant: boolean;
  private coalescing: boolean;
  private overhead: number;
  private timed: boolean;
  /** Key → the call that asks for it. Its followers are linked from its `data` to its `counter`. */
  private readonly asking = new KeyMap();
  private readonly held = new Level();
  private readonly entries = new Level();
  private readonly room = new Level();
  lookups = 0;
  hits = 0;
  coalesced = 0;
  passed = 0;
  bytesAsked = 0;
  bytesHit = 0;

  constructor(values: CacheValues, site: Site) {
    super(site.net);
    this.store = new Store(site.net.clock, values.responseCapacity, values.responseTtl, values.responseEviction);
    this.station = new Station(site.net.calls, values.responseThreads, values.responseRoom);
    this.time = new Sampler(values.responseLookup);
    this.draws = site.stream('look-up');
    this.threads = values.responseThreads;
    this.instant = values.responseThreads === 0 && values.responseLookup.mean === 0;
    this.coalescing = values.responseCoalescing;
    this.overhead = values.responseOverhead;
    this.timed = values.responseSaving === 'time';
    this.room.set(values.responseCapacity, site.net.now);
  }

  retune(values: CacheValues): void {
    this.store.set(values.responseCapacity, values.responseTtl, values.responseEviction);
    this.room.set(values.responseCapacity, this.net.now);
    this.note();
    this.time.set(values.responseLookup);
    this.coalescing = values.responseCoalescing;
    this.overhead = values.responseOverhead;
    this.timed = values.responseSaving === 'time';
    this.threads = values.responseThreads;
    this.instant = values.responseThreads === 0 && values.responseLookup.mean === 0;
    this.staff(values);
  }

  /** Takes a changed number of threads; without a limit, all who wait begin at once. */
  private staff(values: CacheValues): void {
    const { responseThreads: threads, responseRoom } = values;
    this.station.resize(threads > 0 ? threads : Number.MAX_SAFE_INTEGER, responseRoom);
    for (let call = this.station.draw(); call >= 0; call = this.station.draw()) this.look(call, HOLDS);
    if (threads === 0) this.station.resize(0, responseRoom);
  }

  arrive(call: number): void {
    if (this.instant) return this.find(call);
    if (this.threads === 0) return this.look(call, FREE);
    const taken = this.station.offer(call);
    if (taken === STARTED) this.look(call, HOLDS);
    else if (taken === REFUSED) this.net.fail(call, Code.queueFull);
  }

  private look(call: number, thread: number): void {
    this.net.calls.setData(call, thread);
    this.net.afterWork(this.time, this.draws, this.index, LOOKED, call);
  }

  override wake(_what: number, call: number): void {
    if (this.net.calls.data(call) === HOLDS) this.turn();
    this.find(call);
  }

  /** A thread is free: it turns to the next in line. */
  private turn(): void {
    const next = this.station.finish();
    if (next >= 0) this.look(next, HOLDS);
  }

  private find(call: number): void {
    const { calls, requests } = this.net;
    const request = calls.request(call);
    const key = requests.key(request);
    const bytes = requests.bytes(request);
    this.lookups++;
    this.bytesAsked += bytes;
    if (this.store.hit(key)) {
      this.hits++;
      this.bytesHit += bytes;
      this.net.answer(call);
    } else this.miss(call, request, key);
  }

  private miss(call: number, request: number, key: number): void {
    if (this.out.length === 0) return this.net.fail(call, Code.noHealthyTarget);
    this.net.calls.setData(call, ALONE);
    if (this.coalescing) {
      const leader = this.asking.get(key);
      if (leader >= 0) return this.follow(leader, call);
      this.asking.set(key, call);
      this.net.calls.setData(call, NOBODY);
    }
    this.passed++;
    this.net.calls.setMark(call, this.net.now);
    this.net.call(this.out[0]!, request, call, this.index);
  }

  private follow(leader: number, call: number): void {
    const { calls } = this.net;
    calls.setNext(call, -1);
    if (calls.data(leader) === NOBODY) calls.setData(leader, call);
    else calls.setNext(calls.counter(leader), call);
    calls.setCounter(leader, call);
    this.coalesced++;
  }

  /** The answer is here: keep it, and give it to all who waited for it. A failure is theirs too, and is not kept. */
  override replied(child: number, parent: number): void {
    const { calls, requests } = this.net;
    const outcome = calls.outcome(child);
    const request = calls.request(parent);
    if (outcome === Code.answered) this.keep(requests.key(request), requests.bytes(request), this.timed ? this.net.now - calls.mark(parent) : 1);
    let follower = calls.data(parent);
    if (follower !== ALONE) this.asking.delete(requests.key(request));
    this.net.conclude(parent, outcome);
    while (follower >= 0) {
      const next = calls.next(follower);
      this.net.conclude(follower, outcome);
      follower = next;
    }
  }

  private keep(key: number, bytes: number, cost: number): void {
    this.store.put(key, Math.max(1, bytes + this.overhead), cost);
    this.note();
  }

  /** Entries found too old go out of the books with the next one stored. */
  private note(): void {
    const { now } = this.net;
    this.held.set(this.store.used, now);
    this.entries.set(this.store.entries, now);
  }

  /** Everything held is forgotten. */
  strike(): void {
    this.store.clear();
    this.note();
  }

  /** What it holds is in memory and lost. */
  override reset(): void {
    this.station.reset();
    this.asking.clear();
    this.strike();
  }

  /** Who waits for a thread leaves; what is being fetched is fetched, for others and for later. */
  override cancelled(call: number): void {
    if (this.station.leave(call)) this.net.fail(call, Code.cancelled);
  }

  /** Entries thrown out for room; entries met that were too old. */
  evicted(): number {
    return this.store.evicted;
  }
  expired(): number {
    return this.store.expired;
  }
  /** ∫ bytes held dt; ∫ entries dt; ∫ capacity dt. */
  heldArea(now: number): number {
    return this.held.area(now);
  }
  entriesArea(now: number): number {
    return this.entries.area(now);
  }
  roomArea(now: number): number {
    return this.room.area(now);
  }
  override queueArea(now: number): number {
    return this.station.queueArea(now);
  }
  override queueLongest(): number {
    return this.station.longest;
  }
  override busyArea(now: number): number {
    return this.station.busyArea(now);
  }
  override serverArea(now: number): number {
    return this.station.serverArea(now);
  }
}

/** Entries that fit. */
const fitting = (v: CacheValues, flow: Flow): number => Math.min(MOST_ENTRIES, Math.floor(v.responseCapacity / Math.max(1, flow.bytes + v.responseOverhead)));

const hitsByHand = (v: CacheValues, flow: Flow) => predictedHits(flow.keys, flow.skew, fitting(v, flow), flow.rate, v.responseTtl, v.responseEviction === 'LRU');

function byHand(v: CacheValues, flow: Flow) {
  const { hit, time } = hitsByHand(v, flow);
  const lru = v.responseEviction === 'LRU';
  const sized = v.responseEviction === 'GDSF' ? 'answers of one size (of different ones the small ones are kept, and more of them fit), ' : 'entries alike, ';
  const assumes = `a warm cache, ${sized}${lru ? '' : 'counts of use that are never forgotten, '}and independent requests of Zipf popularity (behind another cache the popular ones are missing)`;
  return [
    { label: 'entries that fit', value: Math.min(flow.keys, fitting(v, flow)), unit: 'items', formula: 'the lesser of keys, and capacity ÷ (bytes + overhead)', source: 'arithmetic', measure: 'entries', assumes },
    { label: 'hit ratio', value: hit, unit: 'share', formula: lru ? 'Σ p(1 − e^(−pT)), Σ (1 − e^(−pT)) = entries' : 'Σ p over the most popular that fit', source: lru ? 'Che, Tung and Wang 2002' : 'the most popular are kept', measure: 'hitRatio', assumes: v.responseTtl > 0 ? `${assumes}; at most λ × time to live hits per fetch` : assumes },
    { label: 'passed on', value: flow.rate * (1 - hit), unit: 'requests/second', formula: 'rate × (1 − hit ratio)', source: 'flow balance', measure: 'passed', assumes: `${assumes}; no coalescing` },
    { label: 'stays unasked', value: time, unit: 'seconds', formula: 'T ÷ rate', source: 'Che, Tung and Wang 2002' },
    { label: 'capacity', value: v.responseThreads > 0 ? v.responseThreads / Math.max(v.responseLookup.mean, 1e-12) : Infinity, unit: 'requests/second', formula: v.responseThreads > 0 ? 'threads ÷ look-up time' : 'as many threads as needed', source: 'utilisation law', wall: 'threads' },
    { label: 'in use', value: Math.min(v.responseCapacity, flow.keys * Math.max(1, flow.bytes + v.responseOverhead)), unit: 'bytes', formula: 'min(capacity, keys × (bytes + overhead))', source: 'arithmetic', measure: 'held', assumes: 'a warm cache' },
  ] as const;
}

/** Holds answers by key, bounded in bytes. */
export const responseCache = defineKind({
  id: 'response-cache',
  label: 'Response cache',
  doc: 'answers from memory what was asked before; asks behind it for the rest, once for all who wait',
  about: `Looks every key up; a hit is answered at once, a miss is asked along the one wire and its answer kept, in a bounded number of bytes with eviction by recency, frequency, or size and what a hit saves. Misses of a key that is already being fetched wait for that one fetch; if it fails they fail too, and nothing is kept. A fetch goes on when whoever asked first has gone. What is kept is in memory and lost in a crash. An entry weighs what the request that fetched it says; entries too old are found when asked for, or evicted in their turn. Left out: serialisation, the network of a shared cache (that is the wire), invalidation by writers, and more than ${MOST_ENTRIES.toLocaleString('en')} entries in one cache.`,
  group: 'Memory',
  icon: 'zap',
  params,
  ports: { in: 'call', out: [{ wire: 'call', max: 1 }] },
  measures: {
    hitRatio: { label: 'hit ratio', unit: 'share', help: 'look-ups answered from memory', formula: 'look-ups answered from memory ÷ look-ups', inputs: ['fill', 'responseCapacity', 'responseTtl', 'responseEviction'], total: (n: ResponseCache) => n.hits, per: (n: ResponseCache) => n.lookups },
    byteHitRatio: { label: 'byte hit ratio', unit: 'share', help: 'bytes answered from memory, of bytes asked for', formula: 'bytes answered from memory ÷ bytes asked for', inputs: ['hitRatio', 'responseCapacity'], total: (n: ResponseCache) => n.bytesHit, per: (n: ResponseCache) => n.bytesAsked },
    coalesced: { label: 'coalesced', unit: 'share', help: 'look-ups that waited for a fetch already under way', formula: 'look-ups that waited for a fetch under way ÷ look-ups', inputs: ['responseCoalescing'], total: (n: ResponseCache) => n.coalesced, per: (n: ResponseCache) => n.lookups },
    passed: { label: 'passed on', unit: 'requests/second', help: 'misses that were asked for behind the cache', inputs: ['arrivals', 'hitRatio', 'coalesced'], total: (n: ResponseCache) => n.passed },
    fill: { label: 'full', unit: 'share', help: 'bytes held, of capacity', formula: '∫ bytes held dt ÷ ∫ capacity dt', inputs: ['held', 'responseCapacity'], total: (n: ResponseCache, now: number) => n.heldArea(now), per: (n: ResponseCache, now: number) => n.roomArea(now) },
    held: { label: 'bytes held', unit: 'bytes', help: 'mean over time, entries too old included', formula: '∫ bytes held dt ÷ seconds, entries too old included', inputs: ['entries', 'responseOverhead'], total: (n: ResponseCache, now: number) => n.heldArea(now) },
    entries: { label: 'entries', unit: 'items', help: 'mean over time', formula: '∫ entries held dt ÷ seconds', inputs: ['responseCapacity', 'responseOverhead'], total: (n: ResponseCache, now: number) => n.entriesArea(now) },
    evictions: { label: 'evictions', unit: 'items/second', help: 'entries thrown out to make room', inputs: ['fill', 'responseEviction'], total: (n: ResponseCache) => n.evicted() },
    expiries: { label: 'expiries', unit: 'items/second', help: 'look-ups that met an entry too old', inputs: ['responseTtl'], total: (n: ResponseCache) => n.expired() },
  },
  common: {
    utilisation: { formula: '∫ threads looking up dt ÷ ∫ threads dt', inputs: ['responseThreads', 'responseLookup'] },
    latency: { inputs: ['hitRatio', 'responseLookup'] },
  },
  evidence: {
    responseLookup: published('Redis benchmark with 50 clients, median 0.143 ms a command, network included (redis.io, 2026)'),
    responseOverhead: assumed('bookkeeping and key of an entry in memory are some 50–100 bytes'),
  },
  card: ['hitRatio', 'passed'],
  face: { form: 'ring', measure: 'hitRatio' },
  subtitle: (v) => `${format(v.responseCapacity, 'bytes')}, ${v.responseEviction}`,
  estimate: byHand,
  // Misses are spread more evenly over the keys than what came; the flow has no shape for that and keeps its skew.
  passes: (v, flow, weights) => weights.map(() => ({ ...flow, rate: flow.rate * (1 - hitsByHand(v, flow).hit) })),
  cost: (v) => [{ label: 'cache memory', usdPerHour: (v.responseCapacity / 1e9) * v.responsePrice, ...priced(v.responsePrice, params.responsePrice, assumed('about an AWS ElastiCache r7g.large (13 GiB) on demand, us-east-1, 2025')) }],
  faults: [...servingFaults, 'flush'],
  migrations: [],
  build: (values, site) => new ResponseCache(values, site),
});
