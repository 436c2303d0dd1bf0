/** A model server: replicas of a ranker, embedder or classifier that serve waiting calls in batches. */
import { enlarged } from '../engine/agenda.ts';
import { Level } from '../engine/level.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import type { TakesBatches } from '../kit/batch.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults, type FaultName } from '../kit/fault.ts';
import { ReplicaSet } from '../kit/replica-set.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { distribution, real, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { counted } from '../units/format.ts';

/*
 * The defaults are BERT-large (sequence 384, int8) on one NVIDIA L4, published: MLPerf Inference 4.1, Lenovo 2 × L4, offline 1,928 samples/s
 * (964 a GPU, so 1.04 ms an item in large batches) and single stream 1.91 ms at the median (so 0.87 ms before the first item). Other
 * published figures per item: MiniLM-L-6 cross-encoder 1,800 documents/s (0.56 ms), MiniLM-L-12 960 documents/s (1.04 ms), both from the model
 * card, 2021; BERT-large on one H100 of eight 8,824 samples/s (0.11 ms), MLPerf Inference 4.1. The jitter is assumed.
 */
const params = {
  scorerReplicas: whole({ label: 'Replicas', help: 'Copies of the model; each serves one batch at a time.', unit: 'count', default: 4, min: 1, max: 100_000 }),
  scorerTake: whole({ label: 'Looks at most at', help: 'Of each call’s items only so many are scored: the best ones of the stage before. 0 is all of them. A batch gathered by a batcher counts as one call.', unit: 'items', default: 0, min: 0, max: 1_000_000 }),
  scorerBatch: whole({ label: 'Largest batch', help: 'Items that a free replica takes from the queue at once. A call with more items than this is served alone.', unit: 'items', default: 32, min: 1, max: 1_000_000 }),
  scorerBase: real({ label: 'Time per batch', help: 'What a batch takes however small it is: reading the weights, launching kernels, copying.', section: 'Batch time', unit: 'seconds', default: 0.00087, min: 0, max: 3600 }),
  scorerPerItem: real({ label: 'Time per item', help: 'What each further item adds once the processor is full.', section: 'Batch time', unit: 'seconds', default: 0.00104, min: 0, max: 3600 }),
  scorerFreeItems: whole({ label: 'Items that add nothing', help: 'So many items fit into a batch before it takes longer: a wide processor is not full before.', section: 'Batch time', unit: 'items', default: 0, min: 0, max: 1_000_000 }),
  scorerJitter: real({ label: 'Jitter', help: 'Coefficient of variation of the time of like batches (lognormal).', section: 'Batch time', unit: 'ratio', default: 0.05, min: 0, max: 10 }),
  scorerDelay: real({ label: 'Batching delay', help: 'A free replica waits this long after the first call for more to come. 0 takes what is there.', unit: 'seconds', default: 0, min: 0, max: 3600 }),
  scorerRoom: whole({ label: 'Queue', help: 'Places to wait while all replicas are busy. When they are taken, requests are refused: queue full.', unit: 'requests', default: 1000, min: 0, max: 100_000_000 }),
  scorerStart: distribution({ label: 'Start of a replica', help: 'How long a replica that an autoscaler adds takes until it serves: the machine, the model, a first batch (assumed, 30 s).', section: 'Scaling', unit: 'seconds', default: { shape: 'constant', mean: 30, cv: 0 }, min: 0, max: 1e5 }),
  scorerPrice: real({ label: 'Price per replica', help: 'What the machine of one replica costs.', section: 'Cost', unit: 'usd/hour', default: 0.8048, min: 0, max: 1000 }),
};

type ServerValues = Values<typeof params>;

const DONE = 0;
const DUE = 1;
const STARTED = 2;

/** How many of a call's items are scored. */
const looked = (v: ServerValues, items: number): number => (v.scorerTake > 0 ? Math.min(v.scorerTake, items) : items);

/** Seconds that a batch of so many items takes on average. */
const batchTime = (v: ServerValues, items: number): number => v.scorerBase + v.scorerPerItem * Math.max(0, items - v.scorerFreeItems);

class ModelServer extends Node implements Component<ServerValues>, TakesBatches {
  readonly takesBatches = true;
  readonly scaling: ReplicaSet;
  private readonly draws: Stream;
  private readonly jitter: Sampler;
  private readonly queue = new Level();
  private readonly busy = new Level();
  private readonly replicas = new Level();
  private head = -1;
  private tail = -1;
  private waitingItems = 0;
  /** The planned end of the batching delay, or −1; and that moment. */
  private pending = -1;
  private due = Infinity;
  /** First call of the batch in each place; places not in use are linked through the same array. */
  private first = new Int32Array(16);
  /** The planned end of each batch under way; −1 for places not in use. */
  private planned = new Int32Array(16).fill(-1);
  private places = 0;
  private free = -1;
  batches = 0;
  taken = 0;
  served = 0;

  constructor(
    private values: ServerValues,
    site: Site,
  ) {
    super(site.net);
    this.draws = site.stream('batch');
    this.jitter = new Sampler({ shape: 'lognormal', mean: 1, cv: values.scorerJitter });
    this.replicas.set(values.scorerReplicas, site.net.now);
    this.scaling = new ReplicaSet(site.net, this, STARTED, values.scorerReplicas, new Sampler(values.scorerStart), site.stream('starts'), () => this.resized(), {
      utilisation: { total: (now) => this.busyArea(now), per: (now) => this.serverArea(now) },
      queue: { total: (now) => this.queueArea(now), per: (now) => this.serverArea(now) },
    });
    this.scaling.charge(values.scorerPrice);
  }

  retune(values: ServerValues): void {
    const before = this.values;
    this.values = values;
    this.scaling.start = new Sampler(values.scorerStart);
    this.scaling.charge(values.scorerPrice);
    this.waitingItems = 0;
    for (let c = this.head; c >= 0; c = this.net.calls.next(c)) this.waitingItems += this.items(c);
    this.jitter.set({ shape: 'lognormal', mean: 1, cv: values.scorerJitter });
    if (values.scorerReplicas !== before.scorerReplicas) this.scaling.set(values.scorerReplicas);
    else this.pump();
  }

  private resized(): void {
    this.count();
    this.pump();
  }

  /** Replicas there are: those that take batches, and those that only finish theirs before they go. */
  private count(): void {
    this.replicas.set(Math.max(this.scaling.ready, this.busy.value), this.net.now);
  }

  arrive(call: number): void {
    if (!this.idle() && this.queue.value >= this.values.scorerRoom) return this.net.fail(call, Code.queueFull);
    this.net.calls.setNext(call, -1);
    if (this.tail < 0) this.head = call;
    else this.net.calls.setNext(this.tail, call);
    this.tail = call;
    this.waitingItems += this.items(call);
    this.queue.add(1, this.net.now);
    this.pump();
  }

  override wake(what: number, place: number): void {
    if (what === DONE) return this.finish(place);
    if (what === STARTED) return this.scaling.started();
    this.pending = -1;
    this.due = Infinity;
    this.pump();
  }

  private idle(): boolean {
    return this.busy.value < this.scaling.ready;
  }

  private items(call: number): number {
    return looked(this.values, this.net.requests.items(this.net.calls.request(call)));
  }

  /** Gives free replicas what waits, as far as it is enough or has waited long enough, and plans for the rest. */
  private pump(): void {
    while (this.head >= 0 && this.idle() && this.ready()) this.start();
    this.plan();
  }

  private ready(): boolean {
    return this.waitingItems >= this.values.scorerBatch || this.net.now >= this.dueOf(this.head);
  }

  private dueOf(call: number): number {
    return this.net.calls.start(call) + this.values.scorerDelay;
  }

  private plan(): void {
    const due = this.head >= 0 && this.idle() ? this.dueOf(this.head) : Infinity;
    if (due === this.due) return;
    if (this.pending >= 0) this.net.agenda.cancel(this.pending);
    this.due = due;
    this.pending = due < Infinity ? this.net.at(Math.max(due, this.net.now), this.index, DUE, 0) : -1;
  }

  /** A free replica takes the first calls, as many as fit. */
  private start(): void {
    const { calls } = this.net;
    const first = this.head;
    let last = first;
    let members = 1;
    let items = this.items(first);
    for (let c = calls.next(first); c >= 0; c = calls.next(c)) {
      const more = this.items(c);
      if (items + more > this.values.scorerBatch) break;
      items += more;
      members++;
      last = c;
    }
    this.head = calls.next(last);
    if (this.head < 0) this.tail = -1;
    calls.setNext(last, -1);
    this.waitingItems -= items;
    this.queue.add(-members, this.net.now);
    this.run(first, items);
  }

  private run(first: number, items: number): void {
    const place = this.reserve();
    this.first[place] = first;
    this.batches++;
    this.taken += items;
    this.busy.add(1, this.net.now);
    this.planned[place] = this.net.after(batchTime(this.values, items) * this.jitter.draw(this.draws) * this.net.pace[this.index]!, this.index, DONE, place);
  }

  /** A batch is done: its replica turns to the next, then its calls are answered. */
  private finish(place: number): void {
    const { calls } = this.net;
    const first = this.giveBack(place);
    this.pump();
    for (let c = first; c >= 0; ) {
      const next = calls.next(c);
      this.served += this.items(c);
      this.net.answer(c);
      c = next;
    }
  }

  /** A batch is over: its place is free again; returns its first call. */
  private giveBack(place: number): number {
    const first = this.first[place]!;
    this.first[place] = this.free;
    this.free = place;
    this.planned[place] = -1;
    this.busy.add(-1, this.net.now);
    if (this.replicas.value > this.scaling.ready) this.count();
    return first;
  }

  override reset(): void {
    this.queue.set(0, this.net.now);
    this.busy.set(0, this.net.now);
    this.head = this.tail = this.pending = this.free = -1;
    this.due = Infinity;
    this.waitingItems = this.places = 0;
    this.planned.fill(-1);
    this.count();
    this.scaling.reset();
  }

  /** Who waits leaves; a batch that runs is run to its end. */
  override cancelled(call: number): void {
    if (this.leave(call)) this.net.fail(call, Code.cancelled);
  }

  private leave(call: number): boolean {
    const { calls } = this.net;
    const before = calls.before(call, this.head);
    if (before === -2) return false;
    if (before < 0) this.head = calls.next(call);
    else calls.setNext(before, calls.next(call));
    if (this.tail === call) this.tail = before;
    this.waitingItems -= this.items(call);
    this.queue.add(-1, this.net.now);
    this.plan();
    return true;
  }

  /** Replicas are gone: with their batches, unless they were warned and finish them. */
  strike(fault: FaultName, amount: number): void {
    this.scaling.lose(amount);
    for (let place = this.places - 1; fault === 'replicas' && place >= 0 && this.busy.value > this.scaling.ready; place--) if (this.planned[place]! >= 0) this.abort(place);
  }

  heal(_fault: FaultName, amount: number): void {
    this.scaling.replace(amount);
  }

  private abort(place: number): void {
    this.net.agenda.cancel(this.planned[place]!);
    for (let c = this.giveBack(place); c >= 0; ) {
      const next = this.net.calls.next(c);
      this.net.fail(c, Code.crashed);
      c = next;
    }
  }

  spentUsd(now: number): number {
    return this.scaling.spentUsd(now);
  }

  private reserve(): number {
    const place = this.free;
    if (place >= 0) {
      this.free = this.first[place]!;
      return place;
    }
    if (this.places === this.first.length) {
      this.first = enlarged(this.first, new Int32Array(2 * this.places));
      this.planned = enlarged(this.planned, new Int32Array(2 * this.places).fill(-1));
    }
    return this.places++;
  }

  override queueArea(now: number): number {
    return this.queue.area(now);
  }
  override queueLongest(): number {
    return this.queue.highest;
  }
  override busyArea(now: number): number {
    return this.busy.area(now);
  }
  override serverArea(now: number): number {
    return this.replicas.area(now);
  }
  override face(cells: Float64Array): number {
    const replicas = this.scaling.ready;
    const shown = Math.min(32, replicas);
    for (let i = 0; i < shown; i++) cells[i] = this.busy.value > (i * replicas) / shown ? 1 : 0;
    return shown;
  }
}

/**
 * Upper bound of the mean time in system, in seconds, where a server takes all that waits and a batch of b takes base + each × b; Poisson
 * arrivals at `rate` (Inoue 2021, "Queueing analysis of GPU-based inference servers with dynamic batching", Performance Evaluation 147).
 */
function batchedLatency(rate: number, each: number, base: number): number {
  const load = rate * each;
  if (load >= 1) return Infinity;
  const light = ((each + base) / (2 * (1 - load))) * (1 + 2 * rate * base + (1 - rate * base) / (1 + load));
  const heavy = (1.5 * base) / (1 - load) + ((each / 2) * (load + 2)) / (1 - load * load);
  return Math.min(light, heavy);
}

/** Mean calls in a batch: at least one, at most what fits, between them what comes while one batch is served (Inoue 2021, fluid limit). */
function meanBatch(rate: number, each: number, base: number, most: number): number {
  const load = rate * each;
  return load >= 1 ? most : Math.max(1, Math.min(most, (rate * base) / (1 - load)));
}

function meanLatency(v: ServerValues, flow: Flow, items: number, most: number): number {
  const rate = flow.rate / v.scorerReplicas;
  const alone = batchTime(v, items);
  if (most === 1) return alone + waitingTime(flow.rate, alone, v.scorerReplicas, flow.scv, v.scorerJitter * v.scorerJitter);
  if (rate * batchTime(v, items * most) >= most) return Infinity;
  const each = (batchTime(v, items * most) - alone) / (most - 1);
  return batchedLatency(rate, each, alone - each);
}

function byHand(v: ServerValues, flow: Flow) {
  const items = looked(v, Math.max(1, flow.items));
  const most = Math.max(1, Math.floor(v.scorerBatch / items));
  const rate = flow.rate / v.scorerReplicas;
  const fullTime = batchTime(v, items * most);
  const alone = batchTime(v, items);
  const each = most > 1 ? (fullTime - alone) / (most - 1) : alone;
  const batch = meanBatch(rate, each, alone - each, most);
  const capacity = (v.scorerReplicas * items * most) / fullTime;
  const assumes = 'no batching delay, calls alike, and arrivals shared evenly among the replicas';
  return [
    { label: 'capacity', value: capacity, unit: 'items/second', formula: 'replicas × full batch ÷ its time', source: 'utilisation law', wall: 'servers' },
    { label: 'load', value: (flow.rate * items) / capacity, unit: 'share', formula: 'calls × items ÷ capacity', source: 'utilisation law' },
    { label: 'mean batch', value: batch * items, unit: 'items', formula: 'max(call, min(full, λ·base ÷ (1 − λ·each)))', source: 'Inoue 2021', measure: 'batchItems', assumes: `${assumes}; between light and heavy load batches are larger than this` },
    { label: 'batch time', value: alone + each * (batch - 1), unit: 'seconds', formula: 'base + each × max(0, items − free)', source: 'arithmetic', measure: 'batchTime', assumes },
    { label: 'utilisation', value: Math.min(1, rate * alone), unit: 'share', formula: 'calls per replica × time of one call alone, at most 1', source: 'Inoue 2021 (upper bound)', measure: 'utilisation', assumes: `${assumes}; batches that form by chance lower it` },
    { label: 'latency', value: meanLatency(v, flow, items, most), unit: 'seconds', formula: most > 1 ? 'min(φ₀, φ₁) of base and time per call' : 'time of one call + G/G/c wait', source: most > 1 ? 'Inoue 2021 (upper bound, unbounded batches)' : 'Allen and Cunneen 1990', measure: 'latency', assumes },
  ] as const;
}

/** Replicas that serve calls in batches, with a batch time that grows with the items in it. */
export const modelServer = defineKind({
  id: 'model-server',
  label: 'Model server',
  doc: 'replicas of a ranker, embedder or classifier; each serves one batch at a time',
  about: 'Calls wait in order of arrival; a free replica takes as many as fit into the largest batch and serves them in one go, in a base time plus a time per item beyond those that fit for nothing, times a random jitter. All calls of a batch are answered together. A call with more items than the largest batch is served alone rather than split. A call that nobody waits for any more leaves the line; a batch that runs is run to its end. Replicas that are taken away or preempted finish their batches; those lost in a fault drop them. Left out: the length of single items (padding), memory, loading of the model, and replicas that are slower than others.',
  group: 'Compute',
  icon: 'cpu',
  params,
  scales: true,
  slices: ['scorerReplicas', 'scorerRoom'],
  ports: { in: 'call', out: [], refusal: 'a model server computes its answers itself' },
  measures: {
    batchItems: { label: 'mean batch', unit: 'items', help: 'items in a batch as it starts', formula: 'items taken into batches ÷ batches', inputs: ['itemRate', 'scorerBatch', 'scorerDelay'], total: (n: ModelServer) => n.taken, per: (n: ModelServer) => n.batches },
    itemRate: { label: 'items served', unit: 'items/second', help: 'items of the calls that were answered', inputs: ['answers'], total: (n: ModelServer) => n.served },
    batchTime: { label: 'batch time', unit: 'seconds', help: 'time a replica is busy per batch', formula: '∫ busy replicas dt ÷ batches', inputs: ['batchItems', 'scorerBase', 'scorerPerItem', 'scorerFreeItems', 'scorerJitter'], total: (n: ModelServer, now: number) => n.busyArea(now), per: (n: ModelServer) => n.batches },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in the queue per call that arrived', formula: '∫ calls in line dt ÷ calls that arrived', inputs: ['waiting', 'arrivals'], total: (n: ModelServer, now: number) => n.queueArea(now), per: (n: ModelServer) => n.arrivedTotal() },
  },
  common: {
    utilisation: { formula: '∫ busy replicas dt ÷ ∫ replicas dt', inputs: ['batchItems', 'batchTime', 'scorerReplicas', 'scorerBase', 'scorerPerItem'] },
    latency: { inputs: ['wait', 'batchTime'] },
  },
  evidence: {
    scorerBase: published('BERT-large, 8 bit, on one NVIDIA L4: 1.91 ms for one text less one item (MLPerf Inference 4.1, Lenovo, 2024)'),
    scorerPerItem: published('BERT-large, 8 bit, on one NVIDIA L4: 964 samples/s (MLPerf Inference 4.1, Lenovo, 2024)'),
    scorerJitter: assumed('batches of like size take nearly the same time'),
  },
  card: ['utilisation', 'batchItems'],
  face: { form: 'slots' },
  subtitle: (v) => `${counted(v.scorerReplicas, 'replica')}, batch ≤ ${v.scorerBatch.toLocaleString('en')}`,
  estimate: byHand,
  cost: (v) => [{ label: counted(v.scorerReplicas, 'replica'), usdPerHour: v.scorerReplicas * v.scorerPrice, ...priced(v.scorerPrice, params.scorerPrice, published('one NVIDIA L4: AWS g6.xlarge on-demand list price, us-east, March 2026')) }],
  faults: [...servingFaults, 'replicas', 'preemption'],
  migrations: [],
  build: (values, site) => new ModelServer(values, site),
});
