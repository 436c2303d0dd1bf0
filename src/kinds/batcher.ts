/** A batcher: gathers calls until there are enough of them or the first has waited long enough, then lets them go together. */
import { enlarged } from '../engine/agenda.ts';
import { Level } from '../engine/level.ts';
import { exp, log } from '../engine/math.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Pattern } from '../engine/requests.ts';
import { takesBatches } from '../kit/batch.ts';
import { priced } from '../kit/cost.ts';
import { assumed } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, real, whole, type Values } from '../kit/param.ts';

const params = {
  batcherLimit: whole({ label: 'Largest batch', help: 'A batch leaves as soon as it holds this many. A call with more items than this goes alone.', unit: 'count', default: 32, min: 1, max: 100_000 }),
  batcherCounting: choice({
    label: 'Counts',
    help: 'What the size of a batch is counted in.',
    options: [
      { value: 'requests', label: 'requests' },
      { value: 'items', label: 'items', note: 'a request may ask for many things' },
    ],
    default: 'requests',
  }),
  batcherMaxWait: real({ label: 'Longest wait', help: 'A batch leaves at the latest this long after its first call came. 0 is at once; longer makes larger batches and later answers.', unit: 'seconds', default: 0.01, min: 0, max: 3600 }),
  batcherInFlight: whole({ label: 'Batches under way', help: 'So many may be out at once; further ones wait, and grow, until one is back.', unit: 'count', default: 1000, min: 1, max: 1_000_000 }),
  batcherRoom: whole({ label: 'Queue', help: 'Calls that may wait here. When the places are taken, requests are refused: queue full.', unit: 'requests', default: 10_000, min: 1, max: 100_000_000 }),
  batcherPrice: real({ label: 'Price', help: 'What the batcher costs per hour; mostly it is part of the server it feeds.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
};

type BatcherValues = Values<typeof params>;

const DUE = 0;

/** What a carrier request is before it is loaded. */
const plain = new Pattern();

class Batcher extends Node implements Component<BatcherValues> {
  private readonly choices: Stream;
  private readonly queue = new Level();
  private head = -1;
  private tail = -1;
  /** What waits, in the unit that counts. */
  private units = 0;
  /** The planned moment at which the first call has waited long enough, or −1; and that moment. */
  private pending = -1;
  private due = Infinity;
  /** Batches under way: first member (carried ones), members still out (others), next free place. */
  private first = new Int32Array(64);
  private left = new Int32Array(64);
  private places = 0;
  private free = -1;
  private open = 0;
  /** Carrier request → place of its batch. */
  private carried = new Int32Array(256);
  batches = 0;
  full = 0;
  released = 0;

  constructor(
    private values: BatcherValues,
    site: Site,
  ) {
    super(site.net);
    this.choices = site.stream('choice');
  }

  retune(values: BatcherValues): void {
    this.values = values;
    this.units = 0;
    for (let c = this.head; c >= 0; c = this.net.calls.next(c)) this.units += this.size(c);
    this.pump();
  }

  arrive(call: number): void {
    if (this.out.length === 0) return this.net.fail(call, Code.noHealthyTarget);
    if (this.queue.value >= this.values.batcherRoom) return this.net.fail(call, Code.queueFull);
    this.net.calls.setNext(call, -1);
    if (this.tail < 0) this.head = call;
    else this.net.calls.setNext(this.tail, call);
    this.tail = call;
    this.units += this.size(call);
    this.queue.add(1, this.net.now);
    this.pump();
  }

  override wake(): void {
    this.pending = -1;
    this.due = Infinity;
    this.pump();
  }

  private size(call: number): number {
    return this.values.batcherCounting === 'items' ? this.net.requests.items(this.net.calls.request(call)) : 1;
  }

  /** Lets go all batches that are full or due, and plans for the next. */
  private pump(): void {
    while (this.head >= 0 && this.open < this.values.batcherInFlight && this.ready()) this.dispatch();
    this.plan();
  }

  private ready(): boolean {
    return this.units >= this.values.batcherLimit || this.net.now >= this.dueOf(this.head);
  }

  private dueOf(call: number): number {
    return this.net.calls.start(call) + this.values.batcherMaxWait;
  }

  private plan(): void {
    const due = this.head >= 0 && this.open < this.values.batcherInFlight ? this.dueOf(this.head) : Infinity;
    if (due === this.due) return;
    if (this.pending >= 0) this.net.agenda.cancel(this.pending);
    this.due = due;
    this.pending = due < Infinity ? this.net.at(Math.max(due, this.net.now), this.index, DUE, 0) : -1;
  }

  /** Takes a batch off the queue and sends it on its way. */
  private dispatch(): void {
    const { calls } = this.net;
    const first = this.head;
    if (this.units >= this.values.batcherLimit) this.full++;
    let last = first;
    let members = 1;
    let units = this.size(first);
    for (let c = calls.next(first); c >= 0; c = calls.next(c)) {
      const size = this.size(c);
      if (units + size > this.values.batcherLimit) break;
      units += size;
      members++;
      last = c;
    }
    this.head = calls.next(last);
    if (this.head < 0) this.tail = -1;
    calls.setNext(last, -1);
    this.units -= units;
    this.queue.add(-members, this.net.now);
    this.batches++;
    this.released += members;
    this.send(first, members);
  }

  private send(first: number, members: number): void {
    if (this.out.length === 0) return this.conclude(first, Code.noHealthyTarget);
    const link = this.net.pick(this.out, this.choices);
    const place = this.reserve();
    this.first[place] = first;
    this.left[place] = members;
    if (takesBatches(this.net.nodes[this.net.links[link]!.to]!)) this.carry(link, first, place);
    else this.scatter(link, first, place);
  }

  /** One call for the whole batch. Its request is the batcher's own and appears in no book of requests. */
  private carry(link: number, first: number, place: number): void {
    const { requests } = this.net;
    const carrier = requests.create(plain);
    this.load(carrier, first);
    while (carrier >= this.carried.length) this.carried = enlarged(this.carried, new Int32Array(this.carried.length * 2));
    this.carried[carrier] = place;
    this.net.call(link, carrier, -1, this.index);
  }

  /** Sums of work, bytes and items; class and key of the first; the latest deadline, because till then somebody cares. */
  private load(carrier: number, first: number): void {
    const { requests, calls } = this.net;
    let input = 0;
    let output = 0;
    let bytes = 0;
    let items = 0;
    let deadline = 0;
    for (let c = first; c >= 0; c = calls.next(c)) {
      const r = calls.request(c);
      input += requests.input(r);
      output += requests.output(r);
      bytes += requests.bytes(r);
      items += requests.items(r);
      deadline = Math.max(deadline, requests.deadline(r));
    }
    const r = calls.request(first);
    requests.setWork(carrier, input, output, bytes);
    requests.setItems(carrier, items);
    requests.setClass(carrier, requests.class(r));
    requests.setKey(carrier, requests.key(r));
    requests.setDeadline(carrier, deadline);
  }

  /** Each member by itself, all at this moment. An answer may come back, and its row be used anew, before the next is out. */
  private scatter(link: number, first: number, place: number): void {
    const { calls } = this.net;
    for (let c = first; c >= 0; ) {
      const next = calls.next(c);
      calls.setData(c, place);
      this.net.call(link, calls.request(c), c, this.index);
      c = next;
    }
  }

  /** A carrier is back: its outcome is that of all members. */
  override returned(call: number): void {
    const { calls } = this.net;
    const outcome = calls.outcome(call);
    const place = this.carried[calls.request(call)]!;
    if (place < 0) return;
    const first = this.first[place]!;
    this.giveBack(place);
    this.pump();
    this.conclude(first, outcome);
  }

  override replied(child: number, parent: number): void {
    const place = this.net.calls.data(parent);
    const outcome = this.net.calls.outcome(child);
    if (--this.left[place]! === 0) {
      this.giveBack(place);
      this.pump();
    }
    this.net.conclude(parent, outcome);
  }

  private conclude(first: number, outcome: number): void {
    for (let c = first; c >= 0; ) {
      const next = this.net.calls.next(c);
      this.net.conclude(c, outcome);
      c = next;
    }
  }

  /** A place for a batch under way. */
  private reserve(): number {
    this.open++;
    const place = this.free;
    if (place >= 0) {
      this.free = this.left[place]!;
      return place;
    }
    if (this.places === this.first.length) {
      this.first = enlarged(this.first, new Int32Array(2 * this.places));
      this.left = enlarged(this.left, new Int32Array(2 * this.places));
    }
    return this.places++;
  }

  private giveBack(place: number): void {
    this.open--;
    this.left[place] = this.free;
    this.free = place;
  }

  /** Who waits leaves; of a batch under way, members that went one by one can be called back. */
  override cancelled(call: number): void {
    if (this.leave(call)) this.net.fail(call, Code.cancelled);
    else this.net.cancelChildren(call);
  }

  private leave(call: number): boolean {
    const { calls } = this.net;
    const before = calls.before(call, this.head);
    if (before === -2) return false;
    if (before < 0) this.head = calls.next(call);
    else calls.setNext(before, calls.next(call));
    if (this.tail === call) this.tail = before;
    this.units -= this.size(call);
    this.queue.add(-1, this.net.now);
    this.plan();
    return true;
  }

  /** Batches under way are forgotten; their answers will be of no use. */
  override reset(): void {
    this.queue.set(0, this.net.now);
    this.head = this.tail = this.pending = this.free = -1;
    this.due = Infinity;
    this.units = this.open = this.places = 0;
    this.carried.fill(-1);
  }

  override queueArea(now: number): number {
    return this.queue.area(now);
  }
  override queueLongest(): number {
    return this.queue.highest;
  }
}

/**
 * What becomes of Poisson arrivals gathered for at most `wait` seconds into batches of at most `limit`: mean batch 1 + Σ P(N ≥ j), mean wait
 * Σ j·P(N ≥ j) ÷ (rate × batch), and the chance that a batch is full, with j = 1 … limit − 1 and N the Poisson number that come within the wait.
 * Exact: each batch opens with the first arrival after the last one left (renewal-reward).
 */
function gathered(rate: number, wait: number, limit: number): { batch: number; wait: number; full: number } {
  const mean = rate * wait;
  const step = mean > 0 ? log(mean) : -Infinity;
  let chance = mean > 0 ? -mean : 0;
  let above = 1 - exp(chance);
  let batch = 1;
  let waits = 0;
  let full = 1;
  for (let j = 1; j < limit; j++) {
    full = above;
    batch += above;
    waits += j * above;
    chance += step - log(j);
    above = Math.max(0, above - exp(chance));
  }
  return { batch, wait: rate > 0 ? waits / (rate * batch) : 0, full };
}

function byHand(v: BatcherValues, flow: Flow) {
  const limit = v.batcherCounting === 'items' ? Math.max(1, Math.floor(v.batcherLimit / Math.max(1, flow.items))) : v.batcherLimit;
  const { batch, wait, full } = gathered(flow.rate, v.batcherMaxWait, limit);
  const assumes = 'Poisson arrivals, calls alike, and never too many batches under way';
  const source = 'renewal-reward; exact for Poisson arrivals';
  return [
    { label: 'mean batch', value: batch, unit: 'requests', formula: '1 + Σ P(N ≥ j), j < B, N ~ Poisson(λ·w)', source, measure: 'batchSize', assumes },
    { label: 'added wait', value: wait, unit: 'seconds', formula: 'Σ j·P(N ≥ j) ÷ (λ × mean batch)', source, measure: 'wait', assumes },
    { label: 'full batches', value: full, unit: 'share', formula: 'P(N ≥ B − 1)', source, measure: 'full', assumes },
    { label: 'batches', value: flow.rate / batch, unit: 'requests/second', formula: 'arrival rate ÷ mean batch', source: 'flow balance', measure: 'batches', assumes },
    { label: 'waiting', value: flow.rate * wait, unit: 'requests', formula: 'arrival rate × added wait', source: 'Little 1961', measure: 'waiting', assumes },
  ] as const;
}

/** Gathers calls into batches. */
export const batcher = defineKind({
  id: 'batcher',
  label: 'Batcher',
  doc: 'gathers calls until enough are together or the first has waited long enough',
  about: 'Calls wait until the batch is full or its first call has waited for the longest wait, then leave together. A component that takes batches (a model server) gets one call that carries the sum of the items, tokens and bytes, and its outcome is that of every member; any other gets the members one by one at the same moment. A call that nobody waits for any more leaves the line, but a batch on its way is not called back. Padding to the longest member, batches by length, and the failure of a single member are left out.',
  group: 'Compute',
  icon: 'layers',
  params,
  slices: ['batcherInFlight', 'batcherRoom'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    batchSize: { label: 'mean batch', unit: 'requests', help: 'calls in a batch as it leaves', formula: 'calls that left ÷ batches that left', inputs: ['arrivals', 'batches', 'batcherLimit', 'batcherMaxWait'], total: (n: Batcher) => n.released, per: (n: Batcher) => n.batches },
    full: { label: 'full batches', unit: 'share', help: 'batches that left because they were full', formula: 'batches that left full ÷ batches that left', inputs: ['batchSize', 'batcherLimit'], total: (n: Batcher) => n.full, per: (n: Batcher) => n.batches },
    batches: { label: 'batches', unit: 'requests/second', help: 'batches that left', inputs: ['arrivals', 'batchSize'], total: (n: Batcher) => n.batches },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time spent gathering per call that arrived', formula: '∫ calls being gathered dt ÷ calls that arrived', inputs: ['waiting', 'arrivals', 'batcherMaxWait'], total: (n: Batcher, now: number) => n.queueArea(now), per: (n: Batcher) => n.arrivedTotal() },
  },
  common: { waiting: { inputs: ['batcherMaxWait'] }, latency: { inputs: ['wait'] } },
  card: ['batchSize', 'wait'],
  face: { form: 'spark', measure: 'batchSize' },
  subtitle: (v) => `≤ ${v.batcherLimit.toLocaleString('en')} ${v.batcherCounting}, ≤ ${(v.batcherMaxWait * 1000).toLocaleString('en')} ms`,
  estimate: byHand,
  // The work is the same whether it goes on as one call of many items or as many calls; the flow is told call by call.
  passes: (_values, flow, weights) => {
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => ({ ...flow, rate: total > 0 ? (flow.rate * w) / total : 0 }));
  },
  cost: (v) => [{ label: 'batcher', usdPerHour: v.batcherPrice, ...priced(v.batcherPrice, params.batcherPrice, assumed('part of the calling service')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new Batcher(values, site),
});
