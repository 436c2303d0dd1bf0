/** A graph store: queries that go hop by hop from vertex to neighbours, over partitions that may or may not hold them together. */
import { pow } from '../engine/math.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { Scatter, type Spreading } from '../engine/scatter.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { placeOf } from '../kit/hash.ts';
import { defineKind, type Component, type EstimateRow, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { counted } from '../units/format.ts';

const params = {
  graphHops: whole({ label: 'Hops', help: 'How far a query goes; each hop reads all vertices that the one before it found.', unit: 'count', default: 3, min: 1, max: 10 }),
  graphDegree: distribution({ label: 'Branching', help: 'Neighbours followed per vertex, after filtering by the type of edge.', unit: 'items', default: { shape: 'lognormal', mean: 5, cv: 1 }, min: 0, max: 1e6 }),
  graphPlacement: choice({
    label: 'Neighbours lie',
    help: 'Where the vertices that a query visits are, and how they are asked for.',
    options: [
      { value: 'single', label: 'anywhere, asked one by one', note: 'a request for every vertex' },
      { value: 'batched', label: 'anywhere, asked by partition', note: 'a request for every partition and hop' },
      { value: 'together', label: 'with their vertex', note: 'co-partitioned or denormalised: one request for all hops' },
    ],
    default: 'batched',
  }),
  graphFrontier: whole({ label: 'Most vertices per hop', help: 'A hop that finds more follows only so many of them (a sample).', unit: 'count', default: 10_000, min: 1, max: 100_000 }),
  graphPartitions: whole({ label: 'Partitions', help: 'Parts the graph is split into, by hash of the vertex.', section: 'Store', unit: 'count', default: 16, min: 1, max: 4096 }),
  graphReplicas: whole({ label: 'Replicas', help: 'Copies of every partition.', section: 'Store', unit: 'count', default: 2, min: 1, max: 64 }),
  graphThreads: whole({ label: 'Threads per replica', help: 'Requests a replica works on at the same time.', section: 'Store', unit: 'count', default: 16, min: 1, max: 1024 }),
  graphQueue: whole({ label: 'Queue per replica', help: 'Requests that may wait. Beyond, the query is refused: queue full.', section: 'Store', unit: 'requests', default: 10_000, min: 0, max: 10_000_000 }),
  graphRoundTrip: distribution({ label: 'Round trip', help: 'Between whoever runs the query and the partitions, once for every hop that is asked for (assumed, inside a zone).', section: 'Times', unit: 'seconds', default: { shape: 'constant', mean: 0.0005, cv: 0 }, min: 0, max: 60 }),
  graphRequestTime: distribution({ label: 'Time per request', help: 'Fixed part of a request to a partition (assumed).', section: 'Times', unit: 'seconds', default: { shape: 'lognormal', mean: 0.0002, cv: 1 }, min: 0, max: 60 }),
  graphVertexTime: real({ label: 'Time per vertex', help: 'For looking one vertex and its edges up (assumed: memory, a page read once in a while).', section: 'Times', unit: 'seconds', default: 5e-6, min: 0, max: 10 }),
  pricePerGraphReplica: real({ label: 'Price per replica', help: 'What one replica of one partition costs per hour.', section: 'Cost', unit: 'usd/hour', default: 1.008, min: 0, max: 1000 }),
};

type GraphValues = Values<typeof params>;

const HOP = 2;
/** Up to so many vertices have their neighbours drawn one by one; beyond, the sum of the draws is taken as normal (central limit theorem). */
const ONE_BY_ONE = 64;

const spreading = (v: GraphValues): Spreading => ({ replicas: v.graphReplicas, leastBusy: true, hedgeAfter: 0 });

// A call's `data` is its hop, its `misses` the vertices to be read in it, its `handle` the round trip under way.

class GraphStore extends Scatter implements Component<GraphValues> {
  private values: GraphValues;
  private readonly degree: Sampler;
  private readonly roundTrip: Sampler;
  private readonly request: Sampler;
  private readonly degrees: Stream;
  private readonly trips: Stream;
  private readonly times: Stream;
  private readonly places: Stream;
  private perPartition: Int32Array;
  roundTrips = 0;
  vertices = 0;
  hops = 0;
  truncated = 0;

  constructor(values: GraphValues, site: Site) {
    super(site.net, values.graphPartitions, spreading(values), values.graphThreads, values.graphQueue, site.stream('choice'));
    this.values = values;
    this.degree = new Sampler(values.graphDegree);
    this.roundTrip = new Sampler(values.graphRoundTrip);
    this.request = new Sampler(values.graphRequestTime);
    this.degrees = site.stream('degrees');
    this.trips = site.stream('round trips');
    this.times = site.stream('service');
    this.places = site.stream('places');
    this.perPartition = new Int32Array(values.graphPartitions);
  }

  retune(values: GraphValues): void {
    this.values = values;
    this.degree.set(values.graphDegree);
    this.roundTrip.set(values.graphRoundTrip);
    this.request.set(values.graphRequestTime);
    if (this.perPartition.length !== values.graphPartitions) this.perPartition = new Int32Array(values.graphPartitions);
    this.refit(values.graphPartitions, spreading(values), values.graphThreads, values.graphQueue);
  }

  arrive(call: number): void {
    const { calls, requests } = this.net;
    calls.setData(call, 0);
    calls.setMisses(call, this.held(requests.items(calls.request(call))));
    this.travel(call);
  }

  /** A hop is on its way to the partitions. */
  private travel(call: number): void {
    this.roundTrips++;
    this.net.calls.setHandle(call, this.net.afterDraw(this.roundTrip, this.trips, this.index, HOP, call));
  }

  override wake(what: number, arg: number): void {
    if (what !== HOP) return super.wake(what, arg);
    this.net.calls.setHandle(arg, -1);
    this.net.hold(arg);
    if (this.values.graphPlacement === 'together') this.walk(arg);
    else this.hop(arg);
    this.net.release(arg);
  }

  /** All hops at once in the partition of the first vertex. */
  private walk(call: number): void {
    const { calls, requests } = this.net;
    const { graphHops, graphPartitions } = this.values;
    let frontier = calls.misses(call);
    let all = 0;
    for (let hop = 0; hop < graphHops && frontier > 0; hop++) {
      all += this.count(frontier);
      if (hop + 1 < graphHops) frontier = this.expand(frontier);
    }
    calls.setData(call, graphHops);
    calls.setCounter(call, 1);
    this.ask(call, placeOf(requests.key(calls.request(call)), graphPartitions), all);
  }

  /** Counts the vertices of a hop as read. */
  private count(frontier: number): number {
    this.hops++;
    this.vertices += frontier;
    return frontier;
  }

  private hop(call: number): void {
    const { calls } = this.net;
    const frontier = this.count(calls.misses(call));
    calls.setData(call, calls.data(call) + 1);
    if (this.values.graphPlacement === 'single') {
      calls.setCounter(call, frontier);
      for (let k = 0; k < frontier && !this.net.concluded(call); k++) this.ask(call, this.places.below(this.values.graphPartitions), 1);
      return;
    }
    calls.setCounter(call, this.deal(frontier));
    const { perPartition } = this;
    for (let p = 0; p < perPartition.length && !this.net.concluded(call); p++) if (perPartition[p]! > 0) this.ask(call, p, perPartition[p]!);
  }

  /** Deals vertices to partitions by chance; how many partitions have any. */
  private deal(frontier: number): number {
    const { perPartition } = this;
    perPartition.fill(0);
    let touched = 0;
    for (let k = 0; k < frontier; k++) if (perPartition[this.places.below(perPartition.length)]!++ === 0) touched++;
    return touched;
  }

  /** How many vertices the neighbours of so many are. */
  private expand(frontier: number): number {
    const { mean, cv } = this.values.graphDegree;
    let found = 0;
    if (frontier <= ONE_BY_ONE) for (let k = 0; k < frontier; k++) found += this.degree.draw(this.degrees);
    else found = Math.max(0, frontier * mean + Math.sqrt(frontier) * mean * (this.values.graphDegree.shape === 'constant' ? 0 : this.values.graphDegree.shape === 'exponential' ? 1 : cv) * this.degrees.normal());
    // The fraction is a chance, so that the mean stays as it is.
    const whole = Math.floor(found);
    return this.held(whole + (this.degrees.uniform() < found - whole ? 1 : 0));
  }

  private held(frontier: number): number {
    if (frontier <= this.values.graphFrontier) return frontier;
    this.truncated++;
    return this.values.graphFrontier;
  }

  protected override seconds(p: number): number {
    return this.request.draw(this.times) + this.fleet.amount(p) * this.values.graphVertexTime;
  }

  /** A hop is done when its slowest partition is; the next goes on from what it found. */
  protected override joined(call: number, left: number): void {
    if (left > 0) return;
    const { calls } = this.net;
    if (calls.data(call) >= this.values.graphHops) return this.net.answer(call);
    const frontier = this.expand(calls.misses(call));
    calls.setMisses(call, frontier);
    if (frontier === 0) this.net.answer(call);
    else this.travel(call);
  }

  override cancelled(call: number): void {
    if (!this.net.health.up(this.index)) return;
    if (this.net.calls.handle(call) >= 0) this.net.agenda.cancel(this.net.calls.handle(call));
    super.cancelled(call);
  }
}

/** Vertices read at each hop, by the means: items · bⁱ, at most the frontier. */
function frontiers(v: GraphValues, items: number): number[] {
  const list = [Math.min(v.graphFrontier, items)];
  while (list.length < v.graphHops) list.push(Math.min(v.graphFrontier, list.at(-1)! * v.graphDegree.mean));
  return list;
}

/** Partitions that hold at least one of n vertices: P·(1 − (1 − 1/P)ⁿ), the expected number of occupied urns. */
const touched = (partitions: number, n: number): number => partitions * (1 - pow(1 - 1 / partitions, n));

/** Of n vertices, how many lie at each partition that holds any. */
const crowding = (partitions: number, n: number): number => (n > 0 ? n / touched(partitions, n) : 0);

function byHand(v: GraphValues, flow: Flow): EstimateRow[] {
  const reads = frontiers(v, flow.items);
  const vertices = reads.reduce((a, b) => a + b, 0);
  const together = v.graphPlacement === 'together';
  const requests = together ? 1 : v.graphPlacement === 'single' ? vertices : reads.reduce((sum, n) => sum + touched(v.graphPartitions, n), 0);
  const trips = together ? 1 : v.graphHops;
  const service = v.graphRequestTime.mean + (vertices / requests) * v.graphVertexTime;
  const servers = v.graphPartitions * v.graphReplicas * v.graphThreads;
  const rate = flow.rate * requests;
  const slowest = together ? vertices : v.graphPlacement === 'single' ? trips : reads.reduce((sum, n) => sum + crowding(v.graphPartitions, n), 0);
  const formula = together ? 'one' : v.graphPlacement === 'single' ? 'one per vertex' : 'Σ P · (1 − (1 − 1/P)ⁿ) over the hops';
  const assumes = 'branching by its mean, no vertex met twice';
  return [
    { label: 'vertices per query', value: vertices, unit: 'items', formula: 'Σ min(most, items · bⁱ), i = 0 … hops − 1', source: 'geometric series', measure: 'verticesPerQuery', assumes },
    { label: 'requests per query', value: requests, unit: 'ratio', formula, source: together ? 'co-partitioned' : 'arithmetic (occupied urns)', measure: 'requestsPerQuery', assumes },
    { label: 'store requests', value: rate, unit: 'requests/second', formula: 'queries × requests per query', source: 'flow balance', measure: 'graphReads', assumes },
    { label: 'utilisation', value: Math.min(1, (rate * service) / servers), unit: 'share', formula: 'store requests × time ÷ threads', source: 'utilisation law', measure: 'utilisation', assumes },
    { label: 'capacity', value: servers / Math.max(service * requests, 1e-12), unit: 'requests/second', formula: 'threads ÷ (time × requests per query)', source: 'utilisation law', assumes, wall: 'threads' },
    { label: 'at least', value: trips * (v.graphRoundTrip.mean + v.graphRequestTime.mean) + slowest * v.graphVertexTime, unit: 'seconds', formula: 'round trips × (round trip + request) + vertices in a row × time per vertex', source: 'arithmetic', measure: 'latency', assumes: 'no waiting, and every hop takes the mean: the slowest of many partitions takes longer' },
    { label: 'mean wait', value: waitingTime(rate / (v.graphPartitions * v.graphReplicas), service, v.graphThreads, 1, v.graphRequestTime.cv * v.graphRequestTime.cv), unit: 'seconds', formula: '(1 + Cs²)/2 × Erlang-C wait at one replica', source: 'Allen and Cunneen 1990', measure: 'wait', assumes: 'random replicas and Poisson arrivals at each; requests of one hop come together' },
  ];
}

/** Queries over several hops of a graph. */
export const graphStore = defineKind({
  id: 'graph-store',
  label: 'Graph store',
  doc: 'queries that go from vertex to neighbours for several hops: fan-out, round trips and the slowest partition',
  about:
    'A query starts from as many vertices as its request has items and reads, hop by hop, all neighbours of those found before. Asked one by one, every vertex is a request; asked by partition, every partition touched is one; each hop takes a round trip and waits for its slowest partition. Where neighbours lie with their vertex, one request to one partition goes all hops. Branching is drawn for every vertex (beyond 64 at once their sum is taken as normal); a hop that finds too many follows a sample. Replicas have threads and a bounded queue; the least busy is asked. No vertex is met twice, which real queries are, in dense neighbourhoods. Work that has begun is not stopped. Left out: writes, the traffic between partitions that co-partitioning costs on writing, caches, and filters pushed down.',
  group: 'Data',
  icon: 'waypoints',
  params,
  slices: ['graphReplicas'],
  ports: { in: 'call', out: [], refusal: 'a graph store is where traversals end' },
  measures: {
    graphReads: { label: 'store requests', unit: 'requests/second', help: 'requests to partitions', inputs: ['arrivals', 'requestsPerQuery'], total: (n: GraphStore) => n.asked },
    requestsPerQuery: { label: 'requests per query', unit: 'ratio', help: 'requests to partitions per call', formula: 'requests to partitions ÷ queries', inputs: ['verticesPerQuery', 'graphPlacement', 'graphPartitions'], total: (n: GraphStore) => n.asked, per: (n: GraphStore) => n.arrivedTotal() },
    verticesPerQuery: { label: 'vertices per query', unit: 'items', help: 'vertices read per call', formula: 'vertices read ÷ queries', inputs: ['graphHops', 'graphDegree', 'graphFrontier'], total: (n: GraphStore) => n.vertices, per: (n: GraphStore) => n.arrivedTotal() },
    roundTrips: { label: 'round trips per query', unit: 'ratio', help: 'times the partitions were gone to, per call', formula: 'times the partitions were gone to ÷ queries', inputs: ['graphHops', 'graphPlacement'], total: (n: GraphStore) => n.roundTrips, per: (n: GraphStore) => n.arrivedTotal() },
    truncated: { label: 'hops cut short', unit: 'share', help: 'hops that found more than may be followed', formula: 'hops cut short ÷ hops', inputs: ['graphFrontier', 'graphDegree'], total: (n: GraphStore) => n.truncated, per: (n: GraphStore) => n.hops },
    partitionTime: { label: 'time in a partition', unit: 'seconds', help: 'from asking to the answer, waiting included', formula: 'Σ time from asking a partition to its answer ÷ answers', inputs: ['wait', 'graphRequestTime', 'graphVertexTime'], total: (n: GraphStore) => n.backSeconds, per: (n: GraphStore) => n.back },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in a replica’s queue per request', formula: '∫ requests in line dt ÷ requests to partitions', inputs: ['waiting', 'graphReads'], total: (n: GraphStore, now: number) => n.queueArea(now), per: (n: GraphStore) => n.asked },
  },
  common: {
    utilisation: { formula: '∫ busy threads dt ÷ ∫ threads dt', inputs: ['graphReads', 'graphPartitions', 'graphReplicas', 'graphThreads', 'graphRequestTime', 'graphVertexTime'] },
    latency: { inputs: ['roundTrips', 'graphRoundTrip', 'partitionTime', 'graphVertexTime'] },
  },
  evidence: {
    graphRoundTrip: assumed('inside a zone'),
    graphRequestTime: assumed('a call to a server in memory'),
    graphVertexTime: assumed('memory, a page read once in a while'),
  },
  card: ['requestsPerQuery', 'latency'],
  face: { form: 'cells' },
  subtitle: (v) => `${counted(v.graphHops, 'hop')}, ${v.graphPartitions} × ${v.graphReplicas} nodes`,
  estimate: byHand,
  cost: (v) => [{ label: counted(v.graphPartitions * v.graphReplicas, 'replica'), usdPerHour: v.graphPartitions * v.graphReplicas * v.pricePerGraphReplica, ...priced(v.pricePerGraphReplica, params.pricePerGraphReplica, published('AWS EC2 r6i.4xlarge (16 vCPU, 128 GiB), us-east-1 on-demand list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new GraphStore(values, site),
});
