/** A KV cache: keys and values of prompts' beginnings, kept so that engines wired to it need not compute them again. */
import { Level } from '../../engine/level.ts';
import { Node } from '../../engine/network.ts';
import { Code } from '../../engine/reasons.ts';
import { priced } from '../../kit/cost.ts';
import { assumed, published } from '../../kit/evidence.ts';
import { defineKind, type Component, type Flow, type Remembered, type Site } from '../../kit/kind.ts';
import { choice, real, whole, type Values } from '../../kit/param.ts';
import { PrefixWire, type Attaches, type PrefixStore, type TokenCost } from '../../kit/prefix.ts';
import { predictedHits } from '../response-cache/hit-ratio.ts';
import { Kept } from './kept.ts';

const params = {
  prefixCapacity: real({ label: 'Capacity', help: 'Bytes of keys and values it holds; beyond, something is evicted.', unit: 'bytes', default: 512e9, min: 0, max: 1e16 }),
  prefixEviction: choice({
    label: 'Eviction',
    help: 'What goes first when it is full.',
    options: [
      { value: 'lru', label: 'least recently used' },
      { value: 'fifo', label: 'first in, first out' },
      { value: 'lfu', label: 'least often used' },
    ],
    default: 'lru',
  }),
  prefixBlock: whole({ label: 'Block', help: 'Prefixes are kept in whole blocks of so many tokens. A trace that names its blocks brings its own size.', unit: 'tokens', default: 16, min: 1, max: 100_000 }),
  prefixTokenBytes: real({ label: 'Bytes per token', help: 'Keys and values of one token; 0 takes what the engine wired to it has.', unit: 'bytes', default: 0, min: 0, max: 1e9 }),
  prefixBandwidth: real({ label: 'Loading bandwidth', help: 'How fast hits come to the engine: 50 GB/s from host memory, 5 from a disk; 0 where they lie in the GPU already, and are lost with the replica that computed them.', unit: 'bytes/second', default: 50e9, min: 0, max: 1e14 }),
  prefixHome: choice({
    label: 'Lies',
    help: 'Whether what a replica of the engine has computed is lost with that replica.',
    options: [
      { value: 'store', label: 'in a store of its own', note: 'replicas come and go' },
      { value: 'replicas', label: 'with the replicas', note: 'in the memory of their hosts: what a replica computed goes with it' },
    ],
    default: 'store',
    shownWhen: (v) => Number(v.prefixBandwidth) > 0,
  }),
  prefixFetch: choice({
    label: 'Fetches from there',
    help: 'Whether what only the cache behind this one has is always fetched, or computed anew where that is quicker: the engine says how long it takes for a token.',
    section: 'A cache behind it',
    options: [
      { value: 'always', label: 'always' },
      { value: 'quicker', label: 'where quicker', note: 'than computing it' },
    ],
    default: 'always',
  }),
  prefixFarBandwidth: real({ label: 'Bandwidth from there', help: 'How fast keys and values come from the cache behind this one: 12.5 GB/s is 100 Gbit/s.', section: 'A cache behind it', unit: 'bytes/second', default: 12.5e9, min: 1, max: 1e14 }),
  prefixFarDelay: real({ label: 'Delay from there', help: 'From asking the cache behind this one until what it has begins to come: a round trip. The engine waits for it where something is found.', section: 'A cache behind it', unit: 'seconds', default: 0.001, min: 0, max: 60 }),
  prefixPrice: real({ label: 'Price', help: 'What the memory costs per hour; host memory comes with the GPUs.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 10_000 }),
};

type CacheValues = Values<typeof params>;

/** Llama 3.1 8B at 16 bit, until an engine says otherwise. */
const SOME_TOKEN_BYTES = 131_072;

/** A token while no engine has said what it is: never computed quicker than fetched. */
const UNKNOWN: TokenCost = { bytes: SOME_TOKEN_BYTES, seconds: Infinity };

/** Seconds until so many tokens have come from the cache behind. */
const fetching = (v: CacheValues, tokens: number, bytes: number): number => v.prefixFarDelay + (tokens * bytes) / v.prefixFarBandwidth;

/** Whether they are fetched: always, or where that is quicker than computing them. */
const worthIt = (v: CacheValues, tokens: number, bytes: number, token: TokenCost): boolean => v.prefixFetch === 'always' || fetching(v, tokens, bytes) < tokens * token.seconds;

/** The owner of what comes from another cache. */
const NOBODY = -1;

class KvCache extends Node implements Component<CacheValues>, PrefixStore, Attaches {
  private readonly kept: Kept;
  private readonly used = new Level();
  private readonly capacity = new Level();
  /** What a token is, as an engine has said. */
  private told = UNKNOWN;
  /** The cache behind this one, and the wire there. */
  private behind: KvCache | null = null;
  private way: PrefixWire | null = null;
  /** What has been kept since that could not be reached, with its tokens. */
  private readonly unsaid = new Map<number, number>();
  private readonly provisional = new Level();
  /** Of the last look-up: tokens found here, the others came from behind. */
  private near = 0;
  far = 0;
  reconciled = 0;
  found = 0;
  lookedUp = 0;
  lookups = 0;
  hits = 0;
  evictions = 0;

  constructor(
    private values: CacheValues,
    site: Site,
  ) {
    super(site.net);
    this.kept = new Kept(values.prefixEviction);
    this.capacity.set(values.prefixCapacity, site.net.now);
  }

  retune(values: CacheValues): void {
    if (values.prefixEviction !== this.values.prefixEviction) this.kept.order(values.prefixEviction);
    // Pieces of another size would not fit together with those kept.
    if (values.prefixBlock !== this.values.prefixBlock) this.kept.clear();
    this.values = values;
    this.capacity.set(values.prefixCapacity, this.net.now);
    this.shrink();
  }

  arrive(call: number): void {
    this.net.fail(call, Code.noHealthyTarget);
  }

  attached(peers: readonly Node[]): void {
    this.behind = peers.find((peer) => peer instanceof KvCache) ?? null;
    this.way = this.behind === null ? null : new PrefixWire(this.net, this, this.behind);
    if (this.behind === null) this.say();
    else if (this.told !== UNKNOWN) this.behind.sizes(this.told);
  }

  /** Everything kept is forgotten. */
  strike(): void {
    this.kept.clear();
    this.unsaid.clear();
    this.shrink();
  }

  override reset(): void {
    this.strike();
  }

  sizes(token: TokenCost): void {
    if (token.bytes === this.told.bytes && token.seconds === this.told.seconds) return;
    this.told = token;
    this.behind?.sizes(token);
    this.shrink();
  }

  get tokenBytes(): number {
    return this.values.prefixTokenBytes > 0 ? this.values.prefixTokenBytes : this.told.bytes;
  }

  loading(tokens: number): number {
    const { prefixBandwidth } = this.values;
    const near = Math.min(tokens, this.near);
    const here = prefixBandwidth > 0 ? (near * this.tokenBytes) / prefixBandwidth : 0;
    return tokens > near ? here + fetching(this.values, tokens - near, this.tokenBytes) : here;
  }

  lookup(request: number): number {
    const input = Math.max(1, Math.round(this.net.requests.input(request)));
    this.near = Math.min(this.held(request), input - 1);
    const far = this.reaches() ? this.behind!.beyond(request, this.near, input, this) : 0;
    if (far > 0) this.way!.carry(far * this.tokenBytes);
    this.far += far;
    this.book(input, this.near + far);
    return this.near + far;
  }

  private held(request: number): number {
    return this.net.requests.traceOf(request)?.blockSize ? this.heldBlocks(request) : this.heldPrefix(request);
  }

  /** Tokens that this cache holds of an input beyond the `near` ones that `another` found itself, and would have. Booked as a look-up of what that one missed. */
  private beyond(request: number, near: number, input: number, another: KvCache): number {
    const held = Math.max(0, Math.min(this.held(request), input - 1) - near);
    const tokens = another.would(held) ? held : 0;
    this.book(input - near, tokens);
    return tokens;
  }

  /** Whether it has so many tokens fetched rather than computed anew. */
  private would(tokens: number): boolean {
    return worthIt(this.values, tokens, this.tokenBytes, this.told);
  }

  private book(input: number, tokens: number): void {
    this.lookups++;
    this.lookedUp += input;
    this.found += tokens;
    if (tokens > 0) this.hits++;
  }

  insert(request: number, owner: number): number {
    const tokens = this.net.requests.traceOf(request)?.blockSize ? this.keepBlocks(request, owner) : this.keepPrefix(request, owner);
    this.shrink();
    return tokens;
  }

  lose(from: number, to: number): void {
    const { prefixBandwidth, prefixHome } = this.values;
    if (prefixBandwidth > 0 && prefixHome === 'store') return;
    for (const key of this.kept.of(from, to)) {
      this.kept.delete(key);
      this.unsaid.delete(key);
    }
    this.shrink();
  }

  /** Whether there is a cache behind this one that answers; it hears at once of what it has missed. */
  private reaches(): boolean {
    if (this.way?.open !== true) return false;
    if (this.unsaid.size > 0) this.say();
    return true;
  }

  /** Keeps a piece, here and behind; returns the tokens that are new here. What cannot be told behind now is provisional. */
  private keep(key: number, tokens: number, owner: number): number {
    const fresh = this.hold(key, tokens, owner);
    if (this.reaches()) this.pass(key, tokens);
    else if (this.behind !== null) this.unsaid.set(key, tokens);
    return fresh;
  }

  /** Holds so many tokens of a piece; returns those of them that are new. */
  private hold(key: number, tokens: number, owner: number): number {
    const known = this.kept.amount(key);
    if (known === 0) this.kept.add(key, tokens, owner);
    else if (known < tokens) this.kept.lengthen(key, tokens, owner);
    return Math.max(0, tokens - known);
  }

  /** Hands a piece to the cache behind, which takes what it has not. */
  private pass(key: number, tokens: number): void {
    this.way!.carry(this.behind!.hold(key, tokens, NOBODY) * this.tokenBytes);
    this.behind!.shrink();
  }

  /** Tells the cache behind what is provisional; with nobody to tell, it is so no longer. */
  private say(): void {
    if (this.behind !== null) {
      for (const [key, tokens] of this.unsaid) this.pass(key, tokens);
      this.reconciled += this.unsaid.size;
    }
    this.unsaid.clear();
    this.provisional.set(0, this.net.now);
  }

  /** Tokens of the longest run of kept blocks from the first on. They are touched last to first, so that a run loses its end before its beginning. */
  private heldBlocks(request: number): number {
    const { blocks, blockStart, blockSize } = this.net.requests.traceOf(request)!;
    const row = this.net.requests.row(request);
    const from = blockStart[row]!;
    const to = blockStart[row + 1]!;
    let end = from;
    while (end < to && this.kept.amount(blocks[end]!) > 0) end++;
    for (let k = end - 1; k >= from; k--) this.kept.touch(blocks[k]!);
    return (end - from) * blockSize;
  }

  /** Blocks are known by their numbers alone; the last one of a prompt may be shorter, but is known by its number too and counted whole. */
  private keepBlocks(request: number, owner: number): number {
    const { blocks, blockStart, blockSize } = this.net.requests.traceOf(request)!;
    const row = this.net.requests.row(request);
    const from = blockStart[row]!;
    let fresh = 0;
    for (let k = blockStart[row + 1]! - 1; k >= from; k--) if (this.kept.amount(blocks[k]!) === 0) fresh += this.keep(blocks[k]!, blockSize, owner);
    return fresh;
  }

  /** A prefix is one piece, known by a number below zero so that it is taken for no block. */
  private heldPrefix(request: number): number {
    const key = -1 - this.net.requests.prefix(request);
    if (key === 0) return 0;
    this.kept.touch(key);
    return Math.min(this.kept.amount(key), this.whole(request));
  }

  private keepPrefix(request: number, owner: number): number {
    const key = -1 - this.net.requests.prefix(request);
    const tokens = this.whole(request);
    return key !== 0 && this.kept.amount(key) < tokens ? this.keep(key, tokens, owner) : 0;
  }

  /** Tokens of the shared prefix that fill whole blocks. */
  private whole(request: number): number {
    const { prefixBlock } = this.values;
    return Math.floor(this.net.requests.prefixInput(request) / prefixBlock) * prefixBlock;
  }

  /** Evicts until the rest fits, and notes how full it is. */
  private shrink(): void {
    while (this.kept.size > 0 && this.kept.tokens * this.tokenBytes > this.values.prefixCapacity) {
      this.unsaid.delete(this.kept.drop());
      this.evictions++;
    }
    this.provisional.set(this.unsaid.size, this.net.now);
    this.used.set(this.kept.tokens * this.tokenBytes, this.net.now);
  }

  /** ∫ bytes in use dt; ∫ capacity dt. */
  usedArea(now: number): number {
    return this.used.area(now);
  }
  capacityArea(now: number): number {
    return this.capacity.area(now);
  }
  /** ∫ provisional pieces dt. */
  provisionalArea(now: number): number {
    return this.provisional.area(now);
  }
}

/** Whole blocks of the beginnings that prompts share, in tokens. */
const wholeOf = (v: CacheValues, { sharedTokens = 0, inputTokens }: Flow): number => Math.max(0, Math.floor(Math.min(sharedTokens, inputTokens - 1) / v.prefixBlock) * v.prefixBlock);

/** Bytes of a token: as told here, or by the engine wired to it. */
const bytesByHand = (v: CacheValues, { bytes }: TokenCost): number => (v.prefixTokenBytes > 0 ? v.prefixTokenBytes : bytes);

/** By hand: tokens of a mean prompt that are found here, where a token has so many bytes. */
function foundByHand(v: CacheValues, flow: Flow, bytes: number): number {
  const { beginnings = 0, rate } = flow;
  const whole = wholeOf(v, flow);
  if (whole === 0 || beginnings < 1) return 0;
  return whole * predictedHits(beginnings, 1, Math.floor(v.prefixCapacity / (whole * bytes)), rate, 0, v.prefixEviction === 'lru').hit;
}

/** By hand: tokens of a mean prompt that come from here and from behind, and seconds until they are loaded. What is only behind is whole beginnings. */
function rememberedByHand(v: CacheValues, flow: Flow, behind: Remembered | undefined, token: TokenCost): ReturnType<Remembered> {
  const bytes = bytesByHand(v, token);
  const near = foundByHand(v, flow, bytes);
  const here = v.prefixBandwidth > 0 ? (near * bytes) / v.prefixBandwidth : 0;
  const whole = wholeOf(v, flow);
  const far = behind ? Math.max(0, behind(token).tokens - near) : 0;
  if (far === 0 || !worthIt(v, whole, bytes, token)) return { tokens: near, seconds: here };
  return { tokens: near + far, seconds: here + (far / whole) * fetching(v, whole, bytes) };
}

/** Keeps the keys and values of shared prompt beginnings. */
export const kvCache = defineKind({
  id: 'kv-cache',
  label: 'KV cache',
  doc: 'keeps keys and values of shared prompt beginnings, so that engines need not compute them again',
  about:
    'A store of prefixes beside the engines: in host memory, on a disk, or (with no loading time) in the GPU. When a request joins an engine’s batch, the engine looks up how much of its beginning is kept, loads that, and computes the rest; once a prompt is done its beginning is kept. Requests share what their users say they share: a synthetic prefix of a given length, or the block numbers of a recorded trace, of which only the longest run from the first counts. Engines wired to one cache are taken to run the same model. What a replica has computed is lost with it where it lies in its GPU or with its host; a store of its own keeps it. Until then every replica finds it, as if requests went where their beginning is. A cache can have another behind it, larger or farther away: what it does not hold itself comes from there, and what it keeps is told there. While the wire is cut or that cache is down, it does with what it has; what it keeps meanwhile is provisional, and told once it is reached again, with the next request. An engine that cannot reach its cache computes everything itself. Keys and values that leave a place, there or back, are paid for as answers are; an engine that finds something in a cache at another place waits for the way there and back before it loads. Within a place the wire takes no time beyond loading, and between two caches the delay set here stands for it. Loading delays the iteration it belongs to; overlap of loading and computing, copying on write, and what hits occupy in the GPU beyond the engine’s own blocks are left out.',
  group: 'Memory',
  icon: 'memory-stick',
  params,
  ports: { in: 'prefix', out: [{ wire: 'prefix', max: 1 }], refusal: 'a KV cache is wired to from an engine or from another KV cache, and calls nobody' },
  measures: {
    hitRatio: { label: 'hit ratio', unit: 'share', help: 'tokens found over tokens looked up', formula: 'tokens found ÷ tokens looked up', inputs: ['prefixCapacity', 'prefixBlock', 'evictions'], total: (n: KvCache) => n.found, per: (n: KvCache) => n.lookedUp },
    prefixUse: { label: 'in use', unit: 'share', help: 'bytes kept over capacity', formula: '∫ bytes kept dt ÷ ∫ capacity dt', inputs: ['prefixBytes', 'prefixCapacity'], total: (n: KvCache, now: number) => n.usedArea(now), per: (n: KvCache, now: number) => n.capacityArea(now), chart: 'utilisation' },
    prefixBytes: { label: 'bytes kept', unit: 'bytes', help: 'keys and values kept', inputs: ['prefixCapacity', 'prefixTokenBytes'], total: (n: KvCache, now: number) => n.usedArea(now) },
    lookups: { label: 'look-ups', unit: 'requests/second', help: 'requests looked up', total: (n: KvCache) => n.lookups },
    hitRequests: { label: 'requests with a hit', unit: 'share', help: 'look-ups that found anything', formula: 'look-ups that found anything ÷ look-ups', inputs: ['lookups'], total: (n: KvCache) => n.hits, per: (n: KvCache) => n.lookups },
    savedTokens: { label: 'tokens saved', unit: 'tokens/second', help: 'prompt tokens that engines did not compute', inputs: ['lookups', 'hitRatio'], total: (n: KvCache) => n.found },
    farHits: { label: 'hits from behind', unit: 'share', help: 'tokens found in the cache behind this one only, over tokens looked up', formula: 'tokens from behind ÷ tokens looked up', inputs: ['hitRatio', 'prefixFarBandwidth', 'prefixFarDelay'], total: (n: KvCache) => n.far, per: (n: KvCache) => n.lookedUp },
    provisional: { label: 'provisional', unit: 'items', help: 'prefixes or blocks kept that the cache behind does not know of, because it cannot be reached', inputs: ['reconciled'], total: (n: KvCache, now: number) => n.provisionalArea(now) },
    reconciled: { label: 'reconciled', unit: 'items/second', help: 'provisional ones that the cache behind has been told of', inputs: ['provisional'], total: (n: KvCache) => n.reconciled },
    evictions: { label: 'evictions', unit: 'items/second', help: 'prefixes or blocks dropped to make room', inputs: ['prefixUse', 'prefixEviction'], total: (n: KvCache) => n.evictions },
  },
  evidence: { prefixBandwidth: assumed('host memory over PCIe 5.0 ×16'), prefixBlock: published('vLLM, default block size: 16 tokens'), prefixFarBandwidth: assumed('100 Gbit/s'), prefixFarDelay: assumed('a round trip between zones') },
  card: ['hitRatio', 'prefixUse'],
  face: { form: 'ring', measure: 'hitRatio' },
  subtitle: (v) => `${(v.prefixCapacity / 1e9).toLocaleString('en')} GB, ${v.prefixEviction.toUpperCase()}`,
  remembers: (v, flow, behind) => (token) => rememberedByHand(v, flow, behind, token),
  estimate: (v, flow, behind) => {
    const { token } = flow;
    const bytes = bytesByHand(v, token ?? UNKNOWN);
    const assumes = v.prefixTokenBytes > 0 ? 'as told' : token ? 'tokens as the engine’s' : 'tokens of Llama 3.1 8B at 16 bit; the run takes the engine’s own';
    const found = rememberedByHand(v, flow, behind, token ?? UNKNOWN).tokens;
    const kept = v.prefixEviction === 'lru' ? 'Che, Tung and Wang 2002, where not all fit' : 'the most popular are kept';
    return [
      // Of what others have missed, means say little.
      ...(found > 0 && !flow.second ? [{ label: 'hit ratio', value: found / flow.inputTokens, unit: 'share' as const, formula: `whole blocks of the shared beginning × chance that it is kept${behind ? ', here or behind' : ''} ÷ tokens of the prompt`, source: kept, measure: 'hitRatio', assumes: `${assumes}; beginnings as popular as 1 ÷ rank, and warm caches` }] : []),
      { label: 'tokens that fit', value: v.prefixCapacity / bytes, unit: 'tokens', formula: 'capacity ÷ bytes per token', source: 'arithmetic', assumes, wall: 'memory' },
      { label: 'loading 1,000 tokens', value: v.prefixBandwidth > 0 ? (1000 * bytes) / v.prefixBandwidth : 0, unit: 'seconds', formula: 'tokens × bytes ÷ bandwidth', source: 'arithmetic', assumes },
    ];
  },
  cost: (v) => [{ label: 'KV cache', usdPerHour: v.prefixPrice, ...priced(v.prefixPrice, params.prefixPrice, assumed('memory of the GPU hosts')) }],
  faults: ['flush', 'crash'],
  migrations: [],
  build: (values, site) => new KvCache(values, site),
});
