/** A vector database: nearest neighbours by an index, memory by hand, every query fanned out over shards and gathered. */
import { exp, log, pow } from '../engine/math.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { Scatter, type Spreading } from '../engine/scatter.ts';
import { priced } from '../kit/cost.ts';
import { assumed, measured, published, type Constant } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type EstimateRow, type Flow, type Site } from '../kit/kind.ts';
import { choice, real, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { counted } from '../units/format.ts';

type Loose = Readonly<Record<string, unknown>>;
const graph = (v: Loose): boolean => v.vectorIndex === 'hnsw' || v.vectorIndex === 'disk';

const params = {
  vectorIndex: choice({
    label: 'Index',
    help: 'How neighbours are found.',
    options: [
      { value: 'hnsw', label: 'HNSW graph', note: 'fast, all in memory' },
      { value: 'ivf', label: 'IVF lists', note: 'scans the nearest of 4·√n lists' },
      { value: 'flat', label: 'flat', note: 'exact: looks at every vector' },
      { value: 'disk', label: 'graph on disk', note: 'codes in memory, vectors on NVMe' },
    ],
    default: 'hnsw',
  }),
  vectorCount: real({ label: 'Vectors', help: 'Vectors stored, over all shards.', unit: 'items', default: 10_000_000, min: 1, max: 1e12 }),
  vectorDims: whole({ label: 'Dimensions', help: 'Components of one vector.', unit: 'count', default: 768, min: 1, max: 65_536 }),
  vectorPrecision: choice({
    label: 'Stored as',
    help: 'Bytes per component; smaller is faster and holds more, and loses a little recall.',
    options: [
      { value: 'fp32', label: 'fp32', note: '4 bytes' },
      { value: 'fp16', label: 'fp16', note: '2 bytes' },
      { value: 'int8', label: 'int8', note: '1 byte' },
      { value: 'pq', label: 'product quantised', note: '1/8 byte' },
    ],
    default: 'int8',
  }),
  vectorShards: whole({ label: 'Shards', help: 'Parts the vectors are split into; a query asks them all and waits for the slowest.', unit: 'count', default: 1, min: 1, max: 1024 }),
  vectorReplicas: whole({ label: 'Replicas per shard', help: 'Copies of every shard; more of them answer more queries.', unit: 'count', default: 2, min: 1, max: 64 }),
  searchBreadth: whole({ label: 'Search breadth (ef)', help: 'Candidates kept during the walk through the graph: wider finds more and takes longer. Not below top k.', section: 'Search', unit: 'count', default: 150, min: 1, max: 10_000, shownWhen: graph }),
  vectorProbes: whole({ label: 'Probes', help: 'Lists scanned per search: more find more and take longer.', section: 'Search', unit: 'count', default: 32, min: 1, max: 1_000_000, shownWhen: (v) => v.vectorIndex === 'ivf' }),
  vectorTopK: whole({ label: 'Top k', help: 'Neighbours returned.', section: 'Search', unit: 'count', default: 100, min: 1, max: 10_000 }),
  vectorLinks: whole({ label: 'Links (M)', help: 'Graph links per vector and layer; memory grows with it.', section: 'Search', unit: 'count', default: 16, min: 2, max: 256, shownWhen: graph }),
  vectorSegments: whole({ label: 'Segments per shard', help: 'Separate indexes in one shard, all searched by every query; merging them to one saves most of the work.', section: 'Search', unit: 'count', default: 1, min: 1, max: 10_000 }),
  shardsAsked: whole({ label: 'Shards asked', help: 'Only the shards nearest to the query (vectors are then placed by likeness); 0 asks all.', section: 'Search', unit: 'count', default: 0, min: 0, max: 1024 }),
  searchSpread: real({ label: 'Spread of search times', help: 'Standard deviation over mean of one search. Measured with one client: p99 is 1.2–1.25 × the mean, a lognormal with cv 0.1.', section: 'Tail', unit: 'ratio', default: 0.1, min: 0, max: 20 }),
  searchReplica: choice({
    label: 'Replica of a shard',
    help: 'Which copy is asked.',
    section: 'Tail',
    options: [
      { value: 'least busy', label: 'least busy' },
      { value: 'random', label: 'random' },
    ],
    default: 'least busy',
  }),
  searchSlowShare: real({ label: 'Slow searches', help: 'Share of shard searches that meet compaction, index building or a cold page (assumed).', section: 'Tail', unit: 'share', default: 0, min: 0, max: 1 }),
  searchSlowFactor: real({ label: 'Slow ×', help: 'How many times longer such a search takes (assumed).', section: 'Tail', unit: 'ratio', default: 10, min: 1, max: 100_000, shownWhen: (v) => Number(v.searchSlowShare) > 0 }),
  searchHedgeAfter: real({ label: 'Hedge after', help: 'A shard that has not answered by then is asked at a second replica too; the other search still does its work. 0 is never.', section: 'Tail', unit: 'seconds', default: 0, min: 0, max: 100 }),
  vectorCores: whole({ label: 'Cores per node', help: 'Searches a node runs at the same time.', section: 'Node', unit: 'count', default: 16, min: 1, max: 1024 }),
  vectorMemory: real({ label: 'Memory per node', help: 'What one replica of one shard can hold in memory; what does not fit is read from NVMe again and again.', section: 'Node', unit: 'bytes', default: 128e9, min: 1e6, max: 1e14 }),
  vectorQueue: whole({ label: 'Queue per node', help: 'Searches that may wait. Beyond, the query is refused: queue full.', section: 'Node', unit: 'requests', default: 1000, min: 0, max: 10_000_000 }),
  pricePerVectorNode: real({ label: 'Price per node', help: 'What one node costs per hour.', section: 'Cost', unit: 'usd/hour', default: 1.008, min: 0, max: 1000 }),
};

type VectorValues = Values<typeof params>;

/*
 * Time of one search, in core-seconds at full load. Fitted to cores ÷ highest throughput of Milvus 2.5.11, HNSW with 8-bit vectors, 768 dimensions, on 16
 * virtual CPUs (zilliztech/VectorDBBench@4ea18105, result_20250509_standard_milvus), one merged segment of 1 M vectors, k = 100, ef 100 … 500:
 * error at most 2 %. The split of the fixed part into a part per query and one per result comes from Milvus 2.2 on SIFT1M, k = 1, ef = 64, 8 and 16 cores
 * (milvus-docs@54a32fda). Not fitted, predicted: the same in two segments +2 … −7 %; 10 M in 17 segments −4 … 0 %, in 2 segments −9 … −13 %, with 4-bit
 * vectors −10 … −19 %; Qdrant 1.14 fp32 in 2 segments −9 … +18 %; Elastic 8.17 −25 … −31 % (a heavier server). A walk looks at about ef · log2 n vectors. Under
 * light load a search takes up to half of this, because virtual cores share a real one.
 */
const PER_QUERY = 0.000585;
const PER_RESULT = 8.5e-6;
const PER_BYTE = 8.16e-10;
/** Assumed: a linear scan streams 10 GB/s per core from memory; 2 GB/s from NVMe. */
const SCAN_PER_BYTE = 1e-10;
const COLD_SCAN_PER_BYTE = 5e-10;
/** Assumed: one random read of an NVMe drive takes 0.1 ms; a disk graph has four under way at once (beam width of DiskANN, Subramanya et al. 2019). */
const NVME_READ = 0.0001;
const BEAM = 4;
/** Assumed: joining answers takes 20 µs and 0.1 µs for every candidate. */
const PER_MERGE = 20e-6;
const PER_CANDIDATE = 1e-7;

const BYTES = { fp32: 4, fp16: 2, int8: 1, pq: 0.125 } as const;
/** Recall lost to quantisation however wide the search: int8 measured (as above, ef 500); product quantisation without re-ranking assumed. */
const LOST = { fp32: 0, fp16: 0, int8: 0.003, pq: 0.1 } as const;

const FITTED = measured('fitted to Milvus 2.5 with HNSW int8 (VectorDBBench, May 2025; within 2 %)');
const SCANNED = assumed('10 GB/s per core from memory, 2 GB/s from NVMe');
const DRIVE = assumed('a random read of an NVMe drive takes 0.1 ms; a disk graph has four under way (Subramanya et al. 2019)');

/** What the time of a search rests on besides the parameters. */
function searchConstants(v: VectorValues): Constant[] {
  const walk: Constant[] = [
    { label: 'Per query', value: PER_QUERY, unit: 'seconds', ...FITTED },
    { label: 'Per result and segment', value: PER_RESULT, unit: 'seconds', ...FITTED },
  ];
  if (graph(v)) walk.push({ label: 'Per byte compared', value: PER_BYTE, unit: 'seconds', ...FITTED });
  else walk.push({ label: 'Per byte scanned', value: SCAN_PER_BYTE, unit: 'seconds', ...SCANNED });
  if (v.vectorIndex === 'disk' || sizing(v).spilt > 0) walk.push({ label: 'A read of the drive', value: NVME_READ, unit: 'seconds', ...DRIVE });
  return walk;
}

/** What joining the answers of shards rests on. */
const mergeConstants = (): Constant[] => [
  { label: 'Joining', value: PER_MERGE, unit: 'seconds', ...assumed('bringing the answers together') },
  { label: 'Joining, per candidate', value: PER_CANDIDATE, unit: 'seconds', ...assumed('comparing and copying one') },
];

/** What memory rests on. */
const memoryConstants = (v: VectorValues): Constant[] => [
  { label: 'Bytes per component', value: v.vectorIndex === 'disk' ? BYTES.pq : BYTES[v.vectorPrecision], unit: 'bytes', ...published('width of the format') },
  ...(v.vectorIndex === 'ivf' ? [{ label: 'Bytes of an id', value: 8, unit: 'bytes' as const, ...published('Faiss, 64-bit ids') }] : []),
  ...(v.vectorIndex === 'hnsw' ? [{ label: 'Bytes of links per vector', value: 2 * v.vectorLinks * 4 * 1.1, unit: 'bytes' as const, ...published('hnswlib, ALGO_PARAMS, 2024: 8 to 10 bytes × M') }] : []),
];

/** What recall rests on. */
function recallConstants(v: VectorValues): Constant[] {
  const lost = v.vectorIndex === 'disk' ? 0 : LOST[v.vectorPrecision];
  const quantised: Constant[] = lost === 0 ? [] : [{ label: 'Lost to quantisation', value: lost, unit: 'share', ...(v.vectorPrecision === 'pq' ? assumed('without re-ranking') : measured('VectorDBBench, May 2025, ef 500')) }];
  if (v.vectorIndex === 'ivf') return [...quantised, { label: 'Missed', value: 'exp(−½·√probes)', unit: 'share', ...assumed('shape of published curves') }];
  if (v.vectorIndex === 'flat') return quantised;
  return [...quantised, { label: 'Missed', value: '0.081 · 100/ef · (k/100)^0.7 · (n/1M)^0.17', unit: 'share', ...measured('fitted to VectorDBBench, May 2025 (within 0.036); the power of k is assumed') }];
}

const log2 = (x: number): number => log(Math.max(2, x)) / 0.6931471805599453;

/** What a design's figures come to, per shard. */
interface Sizing {
  /** Vectors in a shard, bytes one holds for comparing, bytes of memory the shard wants, and the share of that which does not fit. */
  readonly vectors: number;
  readonly bytes: number;
  readonly memory: number;
  readonly spilt: number;
  /** Mean core-seconds of one search; shards asked per query; seconds for joining; share of the true neighbours found. */
  readonly search: number;
  readonly asked: number;
  readonly merge: number;
  readonly recall: number;
}

const breadth = (v: VectorValues): number => Math.max(v.searchBreadth, v.vectorTopK);
const lists = (n: number): number => Math.max(1, 4 * Math.sqrt(n));

/**
 * Bytes of memory for one shard. HNSW: vectors plus links of 4 bytes, 2·M on the ground layer and a tenth more above (hnswlib: M·8 to M·10 bytes); IVF: ids of 8 bytes
 * and 4·√n centroids; a disk graph keeps codes of an eighth of a byte per dimension.
 */
function memoryOf(v: VectorValues, n: number, bytes: number): number {
  switch (v.vectorIndex) {
    case 'flat': return n * bytes;
    case 'ivf': return n * (bytes + 8) + lists(n) * v.vectorDims * 4;
    case 'hnsw': return n * (bytes + 2 * v.vectorLinks * 4 * 1.1);
    case 'disk': return n * v.vectorDims * 0.125;
  }
}

/** Core-seconds of looking at vectors in one segment of n. */
function lookTime(v: VectorValues, n: number, bytes: number, spilt: number): number {
  const scan = bytes * ((1 - spilt) * SCAN_PER_BYTE + spilt * COLD_SCAN_PER_BYTE);
  const looks = Math.min(n, breadth(v) * log2(n));
  switch (v.vectorIndex) {
    case 'flat': return n * scan;
    case 'ivf': return lists(n) * v.vectorDims * 4 * SCAN_PER_BYTE + Math.min(1, v.vectorProbes / lists(n)) * n * scan;
    case 'hnsw': return looks * (bytes * PER_BYTE + spilt * NVME_READ);
    case 'disk': return looks * (v.vectorDims * 0.125 * PER_BYTE + spilt * NVME_READ) + (breadth(v) / BEAM) * NVME_READ;
  }
}

/**
 * Share of true neighbours missed in a shard of n vectors. Graphs: 0.081 · 100/ef · (k/100)^0.7 · (n/1 M)^0.17 per segment, fitted to the rows named above (within
 * 0.005; Elastic within 0.023, 10 M vectors within 0.036); the power of k is assumed, all measurements have k = 100. IVF: exp(−0.5·√probes), assumed.
 */
function missed(v: VectorValues, n: number): number {
  const s = Math.min(v.vectorSegments, n);
  if (v.vectorIndex === 'flat') return 0;
  if (v.vectorIndex === 'ivf') return v.vectorProbes >= lists(n / s) ? 0 : exp(-0.5 * Math.sqrt(v.vectorProbes));
  return Math.min(1, ((0.081 * 100) / breadth(v)) * pow(v.vectorTopK / 100, 0.7) * pow(n / s / 1e6, 0.17) / pow(s, 0.7));
}

/** Share of the true neighbours that lie in the nearest m of S shards; assumed: 1 − (1 − m/S)·exp(−1.2·√m). */
const covered = (asked: number, shards: number): number => 1 - (1 - asked / shards) * exp(-1.2 * Math.sqrt(asked));

function sizing(v: VectorValues): Sizing {
  const vectors = Math.max(1, v.vectorCount / v.vectorShards);
  const bytes = v.vectorDims * BYTES[v.vectorPrecision];
  const memory = memoryOf(v, vectors, bytes);
  const spilt = Math.max(0, 1 - v.vectorMemory / memory);
  const segments = Math.min(v.vectorSegments, Math.ceil(vectors));
  const asked = v.shardsAsked === 0 ? v.vectorShards : Math.min(v.shardsAsked, v.vectorShards);
  const lost = v.vectorIndex === 'disk' ? 0 : LOST[v.vectorPrecision];
  return {
    vectors,
    bytes,
    memory,
    spilt,
    search: PER_QUERY + segments * (v.vectorTopK * PER_RESULT + lookTime(v, vectors / segments, bytes, spilt)),
    asked,
    merge: asked === 1 ? 0 : PER_MERGE + asked * v.vectorTopK * PER_CANDIDATE,
    recall: Math.max(0, 1 - lost - missed(v, vectors)) * covered(asked, v.vectorShards),
  };
}

const spreading = (v: VectorValues): Spreading => ({ replicas: v.vectorReplicas, leastBusy: v.searchReplica === 'least busy', hedgeAfter: v.searchHedgeAfter });

const JOINED = 2;

class VectorDb extends Scatter implements Component<VectorValues> {
  private values: VectorValues;
  private size: Sizing;
  private readonly time: Sampler;
  private readonly times: Stream;
  private readonly slow: Stream;
  private readonly places: Stream;
  /** Queries gathered: how many, seconds until their slowest shard was back, and shares of true neighbours found. */
  gathered = 0;
  slowestSeconds = 0;
  recallSum = 0;
  /** ∫ memory need dt up to the last change of size, and when that was. */
  private area = 0;
  private sized: number;

  constructor(values: VectorValues, site: Site) {
    super(site.net, values.vectorShards, spreading(values), values.vectorCores, values.vectorQueue, site.stream('choice'));
    this.values = values;
    this.size = sizing(values);
    this.sized = site.net.now;
    this.time = new Sampler({ shape: 'lognormal', mean: this.size.search, cv: values.searchSpread });
    this.times = site.stream('service');
    this.slow = site.stream('slow');
    this.places = site.stream('places');
  }

  retune(values: VectorValues): void {
    this.area = this.memoryArea(this.net.now);
    this.sized = this.net.now;
    this.values = values;
    this.size = sizing(values);
    this.time.set({ shape: 'lognormal', mean: this.size.search, cv: values.searchSpread });
    this.refit(values.vectorShards, spreading(values), values.vectorCores, values.vectorQueue);
  }

  arrive(call: number): void {
    const { net } = this;
    const { vectorShards } = this.values;
    const { asked } = this.size;
    net.calls.setCounter(call, asked);
    net.hold(call);
    const first = asked < vectorShards ? this.places.below(vectorShards) : 0;
    for (let k = 0; k < asked && !net.concluded(call); k++) this.ask(call, (first + k) % vectorShards, 1);
    net.release(call);
  }

  protected override seconds(_p: number): number {
    const { searchSlowShare, searchSlowFactor } = this.values;
    const seconds = this.time.draw(this.times);
    return searchSlowShare > 0 && this.slow.uniform() < searchSlowShare ? seconds * searchSlowFactor : seconds;
  }

  protected override joined(call: number, left: number): void {
    if (left > 0) return;
    this.gathered++;
    this.slowestSeconds += this.net.now - this.net.calls.start(call);
    this.recallSum += this.size.recall;
    if (this.size.merge > 0) this.net.calls.setHandle(call, this.net.after(this.size.merge * this.net.pace[this.index]!, this.index, JOINED, call));
    else this.net.answer(call);
  }

  override wake(what: number, arg: number): void {
    if (what === JOINED) this.net.answer(arg);
    else super.wake(what, arg);
  }

  override cancelled(call: number): void {
    if (this.net.calls.counter(call) === 0) this.net.agenda.cancel(this.net.calls.handle(call));
    super.cancelled(call);
  }

  /** ∫ memory wanted over memory there is, dt, up to now. */
  memoryArea(now: number): number {
    return this.area + (now - this.sized) * (this.size.memory / this.values.vectorMemory);
  }
}

/** Mean of the largest of n lognormal draws with the given mean and cv, by Blom's score for the largest of n normals (Blom 1958). */
function largest(mean: number, cv: number, n: number): number {
  if (n <= 1 || cv <= 0) return mean;
  const sigma = Math.sqrt(log(1 + cv * cv));
  return mean * exp(sigma * probit((n - 0.375) / (n + 0.25)) - (sigma * sigma) / 2);
}

/** Quantile of the standard normal for p ≥ ½, error below 4.5e-4 (Hastings; Abramowitz and Stegun 26.2.23). */
function probit(p: number): number {
  const t = Math.sqrt(-2 * log(1 - p));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

function byHand(v: VectorValues, flow: Flow): EstimateRow[] {
  const s = sizing(v);
  const time = s.search * (1 + v.searchSlowShare * (v.searchSlowFactor - 1));
  const searches = flow.rate * s.asked;
  const perNode = searches / (v.vectorShards * v.vectorReplicas);
  const servers = v.vectorShards * v.vectorReplicas * v.vectorCores;
  const wait = waitingTime(perNode, time, v.vectorCores, 1, v.searchSpread * v.searchSpread);
  const formula = { flat: 'n · bytes', ivf: 'n · (bytes + 8) + 4√n · dims · 4', hnsw: 'n · (bytes + 2·M·4·1.1)', disk: 'n · dims ÷ 8' }[v.vectorIndex];
  const fitted = 'VectorDBBench 2025, Milvus 2.5 HNSW int8 (fitted, within 2 %)';
  const searchSource = v.vectorIndex === 'hnsw' ? fitted : 'assumed scan and drive speeds';
  return [
    { label: 'memory per node', value: s.memory, unit: 'bytes', formula: `n = vectors ÷ shards; ${formula}`, source: 'arithmetic; hnswlib ALGO_PARAMS 2024', assumes: s.spilt > 0 ? 'it does not fit: the rest is read from NVMe' : 'fits into memory' },
    { label: 'memory in use', value: s.memory / v.vectorMemory, unit: 'share', formula: 'memory per node ÷ memory of a node', source: 'arithmetic', measure: 'memoryNeed' },
    { label: 'search in one shard', value: time, unit: 'seconds', formula: v.vectorIndex === 'hnsw' ? '0.585 ms + segments · (8.5 µs · k + ef · log₂n · bytes · 0.816 ns)' : 'fixed part + bytes looked at ÷ speed', source: searchSource, measure: 'shardSearch', assumes: 'no waiting' },
    { label: 'slowest of the shards', value: largest(s.search, v.searchSpread, s.asked), unit: 'seconds', formula: 'mean of the largest of n lognormals', source: 'order statistics, Blom 1958', measure: 'slowestShard', assumes: 'no waiting, no slow searches' },
    { label: 'capacity', value: servers / (time * s.asked), unit: 'requests/second', formula: 'cores ÷ (search time × shards asked)', source: 'utilisation law', wall: s.spilt > 0 ? 'memory' : 'compute' },
    { label: 'utilisation', value: Math.min(1, (searches * time) / servers), unit: 'share', formula: 'searches × time ÷ cores', source: 'utilisation law', measure: 'utilisation', assumes: 'nothing is refused or hedged' },
    { label: 'mean wait', value: wait, unit: 'seconds', formula: '(1 + Cs²)/2 × Erlang-C wait at one node', source: 'Allen and Cunneen 1990', measure: 'wait', assumes: 'replicas chosen at random (by load they do better)' },
    { label: 'recall', value: s.recall, unit: 'share', formula: v.vectorIndex === 'ivf' ? '1 − exp(−½·√probes)' : v.vectorIndex === 'flat' ? 'exact' : '1 − 0.081 · 100/ef · (k/100)^0.7 · (n/1M)^0.17', source: graph(v) ? 'fitted to VectorDBBench 2025 (within 0.036)' : 'assumed', measure: 'recall' },
  ];
}

/** Nearest-neighbour search over shards and replicas. */
export const vectorDb = defineKind({
  id: 'vector-db',
  label: 'Vector database',
  doc: 'nearest-neighbour search over shards and replicas: memory, recall and the slowest shard',
  about:
    'Every query asks one replica of each shard and is answered when the slowest is back and the answers are joined. A search keeps one core busy for a time that follows from index, vectors, dimensions, precision and search breadth, fitted to published benchmarks at full load; under light load real searches are up to twice as fast. A shard that does not fit into its node’s memory is not refused: the share that does not fit is read from NVMe at every look, which slows searches from milliseconds to tenths of seconds. Recall is the expected share of true neighbours, not a sample. Searches that nobody waits for any more are passed over when their turn comes; those that run are run to their end. It leaves out filters, inserts, index building, and memory that other processes need.',
  group: 'Data',
  icon: 'search',
  params,
  slices: ['vectorReplicas'],
  ports: { in: 'call', out: [], refusal: 'a vector database is where searches end' },
  measures: {
    recall: { label: 'recall', unit: 'share', help: 'expected share of the true neighbours found', formula: 'Σ expected share of true neighbours found ÷ queries', origin: 'modelled', inputs: ['searchBreadth', 'vectorProbes', 'vectorTopK', 'vectorSegments', 'shardsAsked', 'vectorPrecision'], constants: recallConstants, total: (n: VectorDb) => n.recallSum, per: (n: VectorDb) => n.gathered },
    memoryNeed: { label: 'memory need', unit: 'share', help: 'memory one shard wants over what its node has; above 100 % it spills to disk', formula: '(vectors × bytes + links) of a shard ÷ memory of its node', origin: 'modelled', inputs: ['vectorCount', 'vectorShards', 'vectorDims', 'vectorPrecision', 'vectorLinks', 'vectorMemory'], constants: memoryConstants, total: (n: VectorDb, now: number) => n.memoryArea(now) },
    shardSearches: { label: 'shard searches', unit: 'requests/second', help: 'searches in single shards, hedges included', inputs: ['arrivals', 'vectorShards'], total: (n: VectorDb) => n.asked },
    shardSearch: { label: 'time in one shard', unit: 'seconds', help: 'from asking to the answer, waiting included', formula: 'Σ time from asking a shard to its answer ÷ answers', inputs: ['wait', 'searchBreadth', 'vectorTopK', 'vectorSegments', 'searchSpread'], constants: searchConstants, total: (n: VectorDb) => n.backSeconds, per: (n: VectorDb) => n.back },
    slowestShard: { label: 'slowest shard', unit: 'seconds', help: 'until the last shard was back', formula: 'Σ time until the last shard was back ÷ queries', inputs: ['shardSearch', 'vectorShards', 'searchSpread'], constants: mergeConstants, total: (n: VectorDb) => n.slowestSeconds, per: (n: VectorDb) => n.gathered },
    searchHedges: { label: 'hedged searches', unit: 'requests/second', help: 'shards asked a second time because the first took long', inputs: ['shardSearches', 'searchHedgeAfter'], total: (n: VectorDb) => n.hedges },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in a node’s queue per search', formula: '∫ searches in line dt ÷ searches', inputs: ['waiting', 'shardSearches', 'vectorCores'], total: (n: VectorDb, now: number) => n.queueArea(now), per: (n: VectorDb) => n.asked },
  },
  common: {
    utilisation: { formula: '∫ busy cores dt ÷ ∫ cores dt', inputs: ['shardSearches', 'vectorCores', 'vectorReplicas', 'searchBreadth', 'vectorTopK', 'vectorSegments'], constants: searchConstants },
    latency: { inputs: ['slowestShard'], constants: mergeConstants },
  },
  evidence: {
    searchSpread: measured('with one client p99 is 1.2–1.25 × the mean (VectorDBBench 2025)'),
    searchSlowShare: assumed('compaction, index building or a cold page'),
    searchSlowFactor: assumed('such a search takes ten times as long'),
  },
  card: ['utilisation', 'recall'],
  face: { form: 'cells' },
  subtitle: (v) => `${v.vectorIndex === 'disk' ? 'disk graph' : v.vectorIndex}, ${v.vectorShards} × ${v.vectorReplicas} nodes`,
  estimate: byHand,
  cost: (v) => [{ label: counted(v.vectorShards * v.vectorReplicas, 'node'), usdPerHour: v.vectorShards * v.vectorReplicas * v.pricePerVectorNode, ...priced(v.pricePerVectorNode, params.pricePerVectorNode, published('AWS EC2 r6i.4xlarge (16 vCPU, 128 GiB), us-east-1 on-demand list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new VectorDb(values, site),
});
