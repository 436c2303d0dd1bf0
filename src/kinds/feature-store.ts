/** A feature store: online reads of entity features from shards with replicas, in one batch or singly, hedged or not, as fresh as its pipeline keeps it. */
import { pow } from '../engine/math.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { Scatter, type Spreading } from '../engine/scatter.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type EstimateRow, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { counted } from '../units/format.ts';

const bulk = (v: Readonly<Record<string, unknown>>): boolean => Number(v.featureBulkLoad) > 0;

const params = {
  featureShards: whole({ label: 'Shards', help: 'Parts the entities are spread over by the hash of their key.', unit: 'count', default: 4, min: 1, max: 1024 }),
  featureReplicas: whole({ label: 'Replicas per shard', help: 'Copies of each shard; every read goes to one of them. Hedging needs at least two.', unit: 'count', default: 2, min: 1, max: 64 }),
  featureThreads: whole({ label: 'Threads per replica', help: 'Reads one replica serves at the same time.', unit: 'count', default: 8, min: 1, max: 10_000 }),
  featureQueue: whole({ label: 'Queue per replica', help: 'Places to wait. When they are taken the read is refused, and with it the whole call: queue full.', unit: 'requests', default: 1000, min: 0, max: 10_000_000 }),
  featureReadTime: distribution({
    label: 'Time per read',
    help: 'Time one read keeps a thread busy before its first entity. The default is published: Feast 0.25 Go server on Redis, 50 features (1.33 ms + 0.24 ms per row).',
    unit: 'seconds',
    // Published: feast-dev/feast-benchmarks@80e80da, Go HTTP server on Redis, 50 features at 10 requests/s, least squares through the medians of
    // 1 … 100 entity rows; p99 over mean 1.2–1.6 there, as a lognormal with cv 0.2 has.
    default: { shape: 'lognormal', mean: 0.00133, cv: 0.2 },
    min: 0,
    max: 1e4,
  }),
  featureEntityTime: real({ label: 'Time per entity', help: 'Added for every entity in the read; grows with the features of a row.', unit: 'seconds', default: 0.00024, min: 0, max: 100 }),
  batchGet: choice({
    label: 'Many entities',
    help: 'How a request for several items reads them.',
    section: 'Reading',
    options: [
      { value: 'multi-get', label: 'one multi-get per shard', note: 'waits for the slowest shard' },
      { value: 'parallel', label: 'single reads in parallel', note: 'waits for the slowest read' },
      { value: 'sequence', label: 'single reads one after another' },
    ],
    default: 'multi-get',
  }),
  shardedBy: choice({
    label: 'Shard of an entity',
    help: 'Even, or by the request’s key, which makes hot keys hot shards.',
    section: 'Reading',
    options: [
      { value: 'even', label: 'even over all shards' },
      { value: 'key', label: 'hash of the request’s key', note: 'first entity by key, the rest even' },
    ],
    default: 'even',
  }),
  replicaChoice: choice({
    label: 'Replica of a shard',
    help: 'Which copy is asked.',
    section: 'Reading',
    options: [
      { value: 'random', label: 'random' },
      { value: 'least busy', label: 'least busy', note: 'fewest reads served and waiting' },
    ],
    default: 'random',
  }),
  featureHedgeAfter: real({ label: 'Hedge after', help: 'A read not back after this long is asked of a second replica too; the first answer wins, the other read still does its work. 0 is never.', section: 'Tail', unit: 'seconds', default: 0, min: 0, max: 100 }),
  // Assumed: one read in two hundred meets a compaction, a garbage collection or a page fault and takes ten times as long.
  featureSlowShare: real({ label: 'Slow reads', help: 'Share of reads that hit compaction, garbage collection or a cold page (assumed).', section: 'Tail', unit: 'share', default: 0.005, min: 0, max: 1 }),
  featureSlowFactor: real({ label: 'Slow ×', help: 'How many times longer such a read takes (assumed).', section: 'Tail', unit: 'ratio', default: 10, min: 1, max: 100_000 }),
  refreshPeriod: real({ label: 'Refreshed every', help: 'Time between two writes of the same entity’s features by the pipeline.', section: 'Freshness', unit: 'seconds', default: 60, min: 0, max: 1e7 }),
  pipelineLag: distribution({ label: 'Pipeline lag', help: 'From the event to its feature being readable.', section: 'Freshness', unit: 'seconds', default: { shape: 'lognormal', mean: 2, cv: 0.5 }, min: 0, max: 1e7 }),
  freshTarget: real({ label: 'Too old after', help: 'Features older than this count as stale.', section: 'Freshness', unit: 'seconds', default: 60, min: 0, max: 1e7 }),
  featureBulkLoad: real({ label: 'Bulk load takes', help: 'All entities are rewritten together at each refresh, for this long; 0 writes evenly all the time.', section: 'Freshness', unit: 'seconds', default: 0, min: 0, max: 1e6 }),
  featureLoadFactor: real({ label: 'Reads during a load ×', help: 'How many times longer reads take while a bulk load runs in place; 1 for a load beside the live table, swapped in at the end (assumed).', section: 'Freshness', unit: 'ratio', default: 3, min: 1, max: 1000, shownWhen: bulk }),
  pricePerReplica: real({ label: 'Price per replica', help: 'What one replica of one shard costs per hour.', section: 'Cost', unit: 'usd/hour', default: 0.206, min: 0, max: 1000 }),
};

type StoreValues = Values<typeof params>;

const spreading = (v: StoreValues): Spreading => ({ replicas: v.featureReplicas, leastBusy: v.replicaChoice === 'least busy', hedgeAfter: v.featureHedgeAfter });

/** Beyond this many entities in one call they are spread evenly rather than one by one (the difference is below the noise). */
const ONE_BY_ONE = 4096;
/** Mark of a call whose reads follow one another. */
const ONE_AFTER_ANOTHER = 1;

class FeatureStore extends Scatter implements Component<StoreValues> {
  private values: StoreValues;
  private readonly time: Sampler;
  private readonly lag: Sampler;
  private readonly times: Stream;
  private readonly slow: Stream;
  private readonly shards: Stream;
  private readonly ages: Stream;
  private perShard: Int32Array;
  /** Ages of features read: their sum in seconds, how many, and how many were too old. */
  ageSeconds = 0;
  aged = 0;
  stale = 0;

  constructor(values: StoreValues, site: Site) {
    super(site.net, values.featureShards, spreading(values), values.featureThreads, values.featureQueue, site.stream('choice'));
    this.values = values;
    this.time = new Sampler(values.featureReadTime);
    this.lag = new Sampler(values.pipelineLag);
    this.times = site.stream('service');
    this.slow = site.stream('slow');
    this.shards = site.stream('shards');
    this.ages = site.stream('ages');
    this.perShard = new Int32Array(values.featureShards);
  }

  retune(values: StoreValues): void {
    this.values = values;
    this.time.set(values.featureReadTime);
    this.lag.set(values.pipelineLag);
    if (this.perShard.length !== values.featureShards) this.perShard = new Int32Array(values.featureShards);
    this.refit(values.featureShards, spreading(values), values.featureThreads, values.featureQueue);
  }

  arrive(call: number): void {
    const items = this.net.requests.items(this.net.calls.request(call));
    this.net.hold(call);
    // A call ends the way it began, whatever is changed meanwhile.
    this.net.calls.setData(call, this.values.batchGet === 'sequence' ? ONE_AFTER_ANOTHER : 0);
    if (this.values.batchGet === 'multi-get') this.scatter(call, items);
    else this.singly(call, items);
    this.net.release(call);
  }

  private singly(call: number, items: number): void {
    const { net } = this;
    net.calls.setCounter(call, items);
    this.read(call, this.values.shardedBy === 'key' ? this.home(call) : this.anyShard(), 1);
    if (this.values.batchGet === 'sequence') return;
    for (let k = 1; k < items && !net.concluded(call); k++) this.read(call, this.anyShard(), 1);
  }

  /** One read per shard that holds any of the entities. */
  private scatter(call: number, items: number): void {
    this.net.calls.setCounter(call, this.deal(call, items));
    const { perShard } = this;
    for (let s = 0; s < perShard.length && !this.net.concluded(call); s++) if (perShard[s]! > 0) this.read(call, s, perShard[s]!);
  }

  /** Deals a call's entities to shards; returns how many shards have any. */
  private deal(call: number, items: number): number {
    const { perShard } = this;
    const each = items > ONE_BY_ONE ? Math.floor(items / perShard.length) : 0;
    perShard.fill(each);
    let left = items - each * perShard.length;
    if (this.values.shardedBy === 'key' && left > 0) {
      perShard[this.home(call)]!++;
      left--;
    }
    for (; left > 0; left--) perShard[this.anyShard()]!++;
    let touched = 0;
    for (let s = 0; s < perShard.length; s++) if (perShard[s]! > 0) touched++;
    return touched;
  }

  private anyShard(): number {
    return this.values.featureShards === 1 ? 0 : this.shards.below(this.values.featureShards);
  }

  /** The shard of the request's own key (finaliser of MurmurHash3). */
  private home(call: number): number {
    let h = this.net.requests.key(this.net.calls.request(call)) + 0x9e3779b9;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) % this.values.featureShards;
  }

  private read(call: number, shard: number, entities: number): void {
    this.age();
    this.ask(call, shard, entities);
  }

  protected override seconds(p: number): number {
    const v = this.values;
    let seconds = this.time.draw(this.times) + this.fleet.amount(p) * v.featureEntityTime;
    if (v.featureSlowShare > 0 && this.slow.uniform() < v.featureSlowShare) seconds *= v.featureSlowFactor;
    if (v.featureBulkLoad > 0 && this.sinceLoad() < v.featureBulkLoad) seconds *= v.featureLoadFactor;
    return seconds;
  }

  protected override joined(call: number, left: number): void {
    if (left === 0) this.net.answer(call);
    else if (this.net.calls.data(call) === ONE_AFTER_ANOTHER) this.read(call, this.anyShard(), 1);
  }

  /** Seconds since the last bulk load began. */
  private sinceLoad(): number {
    const { refreshPeriod } = this.values;
    return refreshPeriod > 0 ? this.net.now - Math.floor(this.net.now / refreshPeriod) * refreshPeriod : 0;
  }

  /** How old the features are that are about to be read: the pipeline's lag and how long ago it last wrote them. */
  private age(): void {
    const { refreshPeriod, featureBulkLoad, freshTarget } = this.values;
    let age = this.lag.draw(this.ages);
    if (featureBulkLoad <= 0) age += this.ages.uniform() * refreshPeriod;
    else {
      const ago = this.sinceLoad() - Math.min(featureBulkLoad, refreshPeriod);
      age += ago >= 0 ? ago : ago + refreshPeriod;
    }
    this.ageSeconds += age;
    this.aged++;
    if (age > freshTarget) this.stale++;
  }
}

/** Shards that hold at least one of `items` entities: S·(1 − (1 − 1/S)^n), the expected number of occupied urns. */
function touched(shards: number, items: number): number {
  return shards * (1 - pow(1 - 1 / shards, items));
}

function byHand(v: StoreValues, flow: Flow): EstimateRow[] {
  const servers = v.featureShards * v.featureReplicas * v.featureThreads;
  const reads = v.batchGet === 'multi-get' ? touched(v.featureShards, flow.items) : flow.items;
  const each = flow.items / Math.max(reads, 1e-9);
  const plain = v.featureReadTime.mean + each * v.featureEntityTime;
  const share = v.featureBulkLoad > 0 && v.refreshPeriod > 0 ? Math.min(1, v.featureBulkLoad / v.refreshPeriod) : 0;
  const time = plain * (1 + v.featureSlowShare * (v.featureSlowFactor - 1)) * (1 + share * (v.featureLoadFactor - 1));
  const second = 1 + v.featureSlowShare * (v.featureSlowFactor * v.featureSlowFactor - 1);
  const scv = ((second * plain * plain) / Math.max(time * time, 1e-300)) * (1 + v.featureReadTime.cv * v.featureReadTime.cv) - 1;
  const rate = flow.rate * reads;
  const wait = waitingTime(rate / (v.featureShards * v.featureReplicas), time, v.featureThreads, 1, Math.max(0, scv));
  const hedges = 'no hedging; entities spread evenly';
  return [
    { label: 'reads per call', value: reads, unit: 'ratio', formula: v.batchGet === 'multi-get' ? 'S · (1 − (1 − 1/S)ⁿ): shards that hold any of n entities' : 'one per entity', source: 'arithmetic (occupied urns)' },
    { label: 'store reads', value: rate, unit: 'requests/second', formula: 'calls × reads per call', source: 'flow balance', measure: 'storeReads', assumes: hedges },
    { label: 'utilisation', value: Math.min(1, (rate * time) / servers), unit: 'share', formula: 'store reads × mean read time ÷ threads', source: 'utilisation law', measure: 'utilisation', assumes: hedges },
    { label: 'capacity', value: servers / Math.max(time * reads, 1e-12), unit: 'requests/second', formula: 'threads ÷ (mean read time × reads per call)', source: 'utilisation law', assumes: hedges, wall: 'threads' },
    { label: 'mean wait', value: wait, unit: 'seconds', formula: '(1 + Cs²)/2 × Erlang-C wait at one replica', source: 'Allen and Cunneen 1990', measure: 'wait', assumes: 'random replicas, Poisson arrivals at each, no hedging' },
    { label: 'calls that meet a slow read', value: 1 - pow(1 - v.featureSlowShare, reads), unit: 'share', formula: '1 − (1 − p)ⁿ', source: 'Dean and Barroso 2013', assumes: 'independent reads, no hedging' },
    { label: 'mean age', value: v.pipelineLag.mean + v.refreshPeriod / 2, unit: 'seconds', formula: 'lag + half the refresh period', source: 'arithmetic (mean of a uniform)', measure: 'freshness', assumes: 'reads at all moments of the period alike' },
  ];
}

/** Online feature reads with shards, replicas, batches, hedging and freshness. */
export const featureStore = defineKind({
  id: 'feature-store',
  label: 'Feature store',
  doc: 'online reads of entity features from shards and replicas, batched and hedged, with freshness',
  about:
    'A call asks for as many entities as the request has items. They are spread over shards by hash and read either with one multi-get per shard, or singly in parallel or in sequence; the call waits for the slowest. Each replica has threads and a bounded queue; a share of reads is slow, and a read that takes too long can be hedged at a second replica, whose loser keeps its thread. Reads that nobody waits for any more are passed over when their turn comes. Freshness is sampled at every read: pipeline lag plus the time since the entity was last written; a bulk load can slow reads while it runs. It leaves out the offline store, point-in-time joins, writes competing for the same threads outside a bulk load, and fail-over of replicas.',
  group: 'Data',
  icon: 'table',
  params,
  slices: ['featureReplicas'],
  ports: { in: 'call', out: [], refusal: 'a feature store is where reads end' },
  measures: {
    storeReads: { label: 'store reads', unit: 'requests/second', help: 'reads asked of replicas, hedges included', inputs: ['arrivals', 'featureShards', 'batchGet'], total: (n: FeatureStore) => n.asked },
    hedges: { label: 'hedged reads', unit: 'requests/second', help: 'reads asked a second time because the first took long', inputs: ['storeReads', 'featureHedgeAfter'], total: (n: FeatureStore) => n.hedges },
    hedgeShare: { label: 'extra load of hedging', unit: 'share', help: 'hedges per read that was really needed', formula: 'hedged reads ÷ reads that were needed', inputs: ['hedges', 'storeReads', 'featureHedgeAfter'], total: (n: FeatureStore) => n.hedges, per: (n: FeatureStore) => n.asked - n.hedges },
    readLatency: { label: 'time per store read', unit: 'seconds', help: 'from asking a replica to the first answer', formula: 'Σ time from asking to the first answer ÷ reads answered', inputs: ['wait', 'featureReadTime', 'featureEntityTime', 'featureSlowShare', 'featureSlowFactor'], total: (n: FeatureStore) => n.backSeconds, per: (n: FeatureStore) => n.back },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in a replica’s queue per read', formula: '∫ reads in line dt ÷ reads asked', inputs: ['waiting', 'storeReads'], total: (n: FeatureStore, now: number) => n.queueArea(now), per: (n: FeatureStore) => n.asked },
    freshness: { label: 'age of features', unit: 'seconds', help: 'mean age of what is read', formula: 'Σ age of what is read ÷ features read', inputs: ['pipelineLag', 'refreshPeriod'], total: (n: FeatureStore) => n.ageSeconds, per: (n: FeatureStore) => n.aged },
    staleShare: { label: 'too old', unit: 'share', help: 'reads of features older than wanted', formula: 'features read that are older than wanted ÷ features read', inputs: ['freshness', 'freshTarget'], total: (n: FeatureStore) => n.stale, per: (n: FeatureStore) => n.aged },
  },
  common: {
    utilisation: { formula: '∫ busy threads dt ÷ ∫ threads dt', inputs: ['storeReads', 'featureShards', 'featureReplicas', 'featureThreads', 'featureReadTime', 'featureEntityTime'] },
    latency: { inputs: ['readLatency', 'featureShards', 'batchGet'] },
  },
  evidence: {
    featureReadTime: published('Feast 0.25, Go server on Redis, 50 features (feast-benchmarks@80e80da, 2022)'),
    featureEntityTime: published('Feast 0.25, Go server on Redis, 50 features (feast-benchmarks@80e80da, 2022)'),
    featureSlowShare: assumed('one read in two hundred meets a compaction, a garbage collection or a page fault'),
    featureSlowFactor: assumed('such a read takes ten times as long'),
  },
  card: ['utilisation', 'freshness'],
  face: { form: 'cells' },
  subtitle: (v) => `${counted(v.featureShards, 'shard')} × ${v.featureReplicas}${v.featureHedgeAfter > 0 ? ', hedged' : ''}`,
  estimate: byHand,
  cost: (v) => [{ label: counted(v.featureShards * v.featureReplicas, 'replica'), usdPerHour: v.featureShards * v.featureReplicas * v.pricePerReplica, ...priced(v.pricePerReplica, params.pricePerReplica, published('AWS ElastiCache cache.r6g.large, us-east-1 on-demand list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new FeatureStore(values, site),
});
