/** A stream: a log in partitions, read in order by a group of consumers that keep their place in it. */
import { enlarged } from '../engine/agenda.ts';
import { Level } from '../engine/level.ts';
import { Node } from '../engine/network.ts';
import type { Stream as Draws } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { priced } from '../kit/cost.ts';
import { assumed, measured, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { placeOf } from '../kit/hash.ts';
import { defineKind, type Component, type Flow, type Site, type Starts } from '../kit/kind.ts';
import { choice, distribution, real, whole, type Values } from '../kit/param.ts';
import { Age } from './messages/age.ts';
import { Deliveries, Messages } from './messages/messages.ts';
import { counted } from '../units/format.ts';

const params = {
  streamPartitions: whole({ label: 'Partitions', help: 'Parts of the log; each is read by one consumer at a time, so that more of them let more consumers work.', unit: 'count', default: 12, min: 1, max: 10_000 }),
  streamPlacing: choice({
    label: 'Records go to',
    help: 'Which partition a record is written to.',
    options: [
      { value: 'key', label: 'the partition of their key', note: 'in order by key; a hot key makes a hot partition' },
      { value: 'turns', label: 'all in turn', note: 'even, no order between records' },
    ],
    default: 'turns',
  }),
  // Kafka: max.poll.records is 500 unless said otherwise; consumers that handle records one after another behave like 1.
  streamBatch: whole({ label: 'Records at a time', help: 'Records of a partition that are with its consumer at once; its place moves on when all of them are done. 1 keeps strict order.', unit: 'requests', default: 1, min: 1, max: 100_000 }),
  streamAttempts: whole({ label: 'Attempts', help: 'A record that failed so often is passed over: it leaves along the fire-and-forget wires, or is dropped where there are none (Spring Kafka: 10).', section: 'Reading', unit: 'count', default: 10, min: 1, max: 1_000_000 }),
  streamRetryPause: real({ label: 'Pause after a failure', help: 'The record is tried again after this long, and its whole partition waits.', section: 'Reading', unit: 'seconds', default: 0.5, min: 0, max: 3600 }),
  // Kafka waits 3 s for members to gather (group.initial.rebalance.delay.ms).
  streamRebalance: real({ label: 'Rebalancing takes', help: 'After the consumers wired to it have changed, or it has restarted, nobody reads for so long; what was under way is read again.', section: 'Reading', unit: 'seconds', default: 3, min: 0, max: 3600 }),
  streamAppend: distribution({ label: 'Append time', help: 'From a record’s coming until its replicas have it and the producer has its answer, transfer not counted (assumed; end to end a p99 of 5 ms was measured at 200 MB/s, Confluent 2020).', section: 'Writing', unit: 'seconds', default: { shape: 'lognormal', mean: 0.002, cv: 0.5 }, min: 0, max: 60 }),
  streamBrokers: whole({ label: 'Brokers', help: 'Machines the partitions are spread over.', section: 'Writing', unit: 'count', default: 3, min: 1, max: 10_000 }),
  streamBandwidth: real({ label: 'Writes per broker', help: 'Bytes a broker takes in per second (measured: 605 MB/s with 3 brokers on i3en.2xlarge, Confluent 2020).', section: 'Writing', unit: 'bytes/second', default: 200e6, min: 1, max: 1e12 }),
  streamWriteWait: real({ label: 'Longest wait to write', help: 'When a broker is this far behind with its writes, records are refused: queue full.', section: 'Writing', unit: 'seconds', default: 1, min: 0, max: 3600 }),
  // Kafka: log.retention.hours is 168 unless said otherwise.
  streamRetention: real({ label: 'Retention', help: 'Unread records older than this are deleted.', section: 'Retention', unit: 'seconds', default: 604_800, min: 1, max: 1e7 }),
  streamRetained: whole({ label: 'Unread per partition', help: 'Unread records kept per partition; beyond, the oldest are deleted, and nobody is told.', section: 'Retention', unit: 'requests', default: 100_000, min: 1, max: 1_000_000 }),
  pricePerStreamBroker: real({ label: 'Price per broker', help: 'What one broker costs per hour.', section: 'Cost', unit: 'usd/hour', default: 0.904, min: 0, max: 1000 }),
};

type StreamValues = Values<typeof params>;

const APPENDED = 0;
const AGAIN = 1;
const REBALANCED = 2;
const EXPIRES = 3;

/** States of a record: unread; with its consumer; failed and pausing; done, but its batch is not; committed or deleted. */
const UNREAD = 0;
const OUT = 1;
const PAUSING = 2;
const DONE = 3;
const GONE = 4;

// A partition: its first and last uncommitted record, how many those are; of the batch under way: its last record, how many, and how many are not done.
const STRIDE = 6;
const HEAD = 0;
const TAIL = 1;
const SIZE = 2;
const EDGE = 3;
const BATCH = 4;
const LEFT = 5;

class RecordStream extends Node implements Component<StreamValues>, Starts {
  private readonly records = new Messages();
  private readonly deliveries = new Deliveries();
  private readonly append: Sampler;
  private readonly draws: Draws;
  private partitions = new Int32Array(0);
  /** Until when each broker is busy with what it has been given, and seconds of that in all. */
  private writtenUntil = new Float64Array(0);
  private writeSeconds = 0;
  private readonly brokers = new Level();
  private readonly parts = new Level();
  private readonly unread = new Level();
  private readonly oldest = new Age();
  /** The consumers as they were when partitions were last dealt out. */
  private group: Int32Array | null = null;
  private rebalancing = false;
  private expiring = false;
  private turn = 0;
  appended = 0;
  read = 0;
  readSeconds = 0;
  carried = 0;
  duplicates = 0;
  skipped = 0;
  deleted = 0;
  rebalances = 0;

  constructor(
    private values: StreamValues,
    site: Site,
  ) {
    super(site.net);
    this.append = new Sampler(values.streamAppend);
    this.draws = site.stream('append');
    this.fit();
  }

  /** Takes changed settings. Partitions that fall away are read to their end. */
  retune(values: StreamValues): void {
    this.values = values;
    this.append.set(values.streamAppend);
    this.fit();
    this.pumpAll();
  }

  private fit(): void {
    const { streamPartitions, streamBrokers } = this.values;
    const { now } = this.net;
    const had = this.partitions.length;
    if (streamPartitions * STRIDE > had) {
      this.partitions = enlarged(this.partitions, new Int32Array(streamPartitions * STRIDE));
      for (let at = had; at < this.partitions.length; at += STRIDE) this.partitions[at + HEAD] = this.partitions[at + TAIL] = this.partitions[at + EDGE] = -1;
    }
    if (streamBrokers > this.writtenUntil.length) this.writtenUntil = enlarged(this.writtenUntil, new Float64Array(streamBrokers));
    this.brokers.set(streamBrokers, now);
    this.parts.set(streamPartitions, now);
  }

  begin(): void {
    if (this.group === null) {
      this.group = this.out;
      this.pumpAll();
      return;
    }
    this.expire();
    this.rebalance();
  }

  arrive(call: number): void {
    const { net, values } = this;
    const request = net.calls.request(call);
    const partition = values.streamPlacing === 'key' ? placeOf(net.requests.key(request), values.streamPartitions) : this.turn++ % values.streamPartitions;
    const broker = partition % values.streamBrokers;
    const pace = net.pace[this.index]!;
    const start = Math.max(net.now, this.writtenUntil[broker]!);
    if (start - net.now > values.streamWriteWait) return net.fail(call, Code.queueFull);
    const seconds = (net.requests.bytes(request) / values.streamBandwidth) * pace;
    this.writtenUntil[broker] = start + seconds;
    this.writeSeconds += seconds;
    net.calls.setData(call, partition);
    net.calls.setHandle(call, net.after(start + seconds - net.now + this.append.draw(this.draws) * pace, this.index, APPENDED, call));
  }

  override wake(what: number, arg: number): void {
    if (what === APPENDED) this.store(arg);
    else if (what === AGAIN) {
      this.records.setTimer(arg, -1);
      if (this.group !== this.out && this.regrouped()) this.rebalance();
      else this.send(arg);
    } else if (what === EXPIRES) this.expire();
    else {
      this.rebalancing = false;
      this.pumpAll();
    }
  }

  /** The record is in the log; its producer has an answer. */
  private store(call: number): void {
    const { net, records } = this;
    const request = net.calls.request(call);
    const partition = net.calls.data(call);
    const record = records.create(request, net.now);
    records.setLane(record, partition);
    records.refer(record);
    net.requests.hold(request);
    this.appended++;
    this.link(record, partition * STRIDE);
    if (!this.expiring) this.planExpiry(net.now);
    net.answer(call);
    this.pump(partition);
  }

  private link(record: number, at: number): void {
    const { partitions } = this;
    if (partitions[at + SIZE]! - partitions[at + BATCH]! >= this.values.streamRetained) this.deleteFirst(at);
    if (partitions[at + TAIL]! >= 0) this.records.setNext(partitions[at + TAIL]!, record);
    else {
      partitions[at + HEAD] = record;
      this.oldest.add(this.net.now, 1, this.net.now);
    }
    partitions[at + TAIL] = record;
    partitions[at + SIZE]!++;
    this.unread.add(1, this.net.now);
  }

  private firstUnread(at: number): number {
    const edge = this.partitions[at + EDGE]!;
    return edge < 0 ? this.partitions[at + HEAD]! : this.records.next(edge);
  }

  /** Deletes the oldest record that nobody is reading. */
  private deleteFirst(at: number): void {
    const { partitions, records } = this;
    const record = this.firstUnread(at);
    const edge = partitions[at + EDGE]!;
    this.deleted++;
    if (edge < 0) return this.shift(at);
    records.setNext(edge, records.next(record));
    if (partitions[at + TAIL] === record) partitions[at + TAIL] = edge;
    this.drop(record, at);
  }

  /** Takes the first record off a partition. */
  private shift(at: number): void {
    const { partitions, records, net } = this;
    const record = partitions[at + HEAD]!;
    const next = records.next(record);
    this.oldest.add(records.since(record), -1, net.now);
    if (next >= 0) this.oldest.add(records.since(next), 1, net.now);
    else partitions[at + TAIL] = -1;
    partitions[at + HEAD] = next;
    this.drop(record, at);
  }

  private drop(record: number, at: number): void {
    this.partitions[at + SIZE]!--;
    this.unread.add(-1, this.net.now);
    this.records.setState(record, GONE);
    this.net.requests.release(this.records.request(record));
    this.unrefer(record);
  }

  private unrefer(record: number): void {
    if (this.records.unrefer(record) === 0 && this.records.state(record) === GONE) this.records.recycle(record);
  }

  private pumpAll(): void {
    for (let p = 0; p * STRIDE < this.partitions.length; p++) this.pump(p);
  }

  /** Gives a partition's consumer what comes next, unless it is still at work. */
  private pump(partition: number): void {
    if (this.group !== this.out && this.regrouped()) this.rebalance();
    if (this.rebalancing || (this.net.watch > 0 && !this.net.health.up(this.index))) return;
    while (this.poll(partition)) this.commit(partition * STRIDE);
  }

  /** Whether the consumers are others than when partitions were last dealt out. */
  private regrouped(): boolean {
    const before = this.group;
    this.group = this.out;
    return before !== null && (before.length !== this.out.length || before.some((link, k) => link !== this.out[k]));
  }

  /** Sends a batch; true if all of it was done at once. */
  private poll(partition: number): boolean {
    const { partitions, records } = this;
    const at = partition * STRIDE;
    const size = Math.min(this.values.streamBatch, partitions[at + SIZE]!);
    if (this.out.length === 0 || size === 0 || partitions[at + LEFT]! > 0) return false;
    partitions[at + BATCH] = size;
    partitions[at + LEFT] = size + 1;
    let record = partitions[at + HEAD]!;
    for (let k = 1; k < size; k++) record = records.next(record);
    partitions[at + EDGE] = record;
    record = partitions[at + HEAD]!;
    for (let k = 0; k < size; k++) {
      const next = records.next(record);
      this.send(record);
      record = next;
    }
    return --this.partitions[at + LEFT]! === 0;
  }

  private send(record: number): void {
    const { net, records } = this;
    const partition = records.lane(record);
    const tries = records.tries(record);
    records.setTries(record, tries + 1);
    records.setState(record, OUT);
    records.refer(record);
    if (tries === 0) {
      this.read++;
      this.readSeconds += net.now - records.since(record);
    }
    net.calls.nextAttempt = this.deliveries.open(record, partition);
    net.call(this.out[partition % this.out.length]!, records.request(record), -1, this.index);
  }

  override returned(call: number): void {
    const { calls } = this.net;
    const delivery = calls.attempt(call);
    const record = this.deliveries.message(delivery);
    const partition = this.deliveries.lane(delivery);
    const current = !this.deliveries.forgotten(delivery);
    const answered = calls.outcome(call) === Code.answered;
    this.deliveries.close(delivery);
    if (answered) this.count(record);
    if (current && (answered || this.passesOver(record))) {
      this.records.setState(record, DONE);
      this.partitions[partition * STRIDE + LEFT]!--;
    }
    this.unrefer(record);
    if (!current || this.partitions[partition * STRIDE + LEFT] !== 0) return;
    this.commit(partition * STRIDE);
    this.pump(partition);
  }

  private count(record: number): void {
    if (this.records.done(record) > 0) this.duplicates++;
    else this.carried++;
    this.records.setDone(record, 1);
  }

  /** After a failure: whether the record is passed over; otherwise it is planned anew. */
  private passesOver(record: number): boolean {
    const { net, records, values } = this;
    if (records.tries(record) < values.streamAttempts && this.out.length > 0) {
      records.setState(record, PAUSING);
      records.setTimer(record, net.after(values.streamRetryPause, this.index, AGAIN, record));
      return false;
    }
    this.skipped++;
    for (let k = 0; k < this.asyncOut.length; k++) net.cast(this.asyncOut[k]!, records.request(record), this.index);
    return true;
  }

  /** The group's place in a partition moves past its batch. */
  private commit(at: number): void {
    for (let k = this.partitions[at + BATCH]!; k > 0; k--) this.shift(at);
    this.partitions[at + BATCH] = 0;
    this.partitions[at + EDGE] = -1;
  }

  /** Everybody stops reading; afterwards they begin again where the group's place is. */
  private rebalance(): void {
    this.forget();
    this.rebalances++;
    this.group = this.out;
    if (this.rebalancing) return;
    this.rebalancing = true;
    this.net.after(this.values.streamRebalance, this.index, REBALANCED, 0);
  }

  /** What is with consumers counts as unread again; what they say of it no longer counts. */
  private forget(): void {
    const { partitions, records } = this;
    this.deliveries.forget();
    for (let at = 0; at < partitions.length; at += STRIDE) {
      let record = partitions[at + HEAD]!;
      for (let k = 0; k < partitions[at + BATCH]!; k++) {
        if (records.timer(record) >= 0) this.net.agenda.cancel(records.timer(record));
        records.setTimer(record, -1);
        records.setState(record, UNREAD);
        record = records.next(record);
      }
      partitions[at + BATCH] = partitions[at + LEFT] = 0;
      partitions[at + EDGE] = -1;
    }
  }

  /** Deletes what is too old, and looks again when the next will be. */
  private expire(): void {
    const { partitions, records, net } = this;
    let oldest = Infinity;
    for (let at = 0; at < partitions.length; at += STRIDE) {
      let record = this.firstUnread(at);
      for (; record >= 0 && net.now >= records.since(record) + this.values.streamRetention; record = this.firstUnread(at)) this.deleteFirst(at);
      if (record >= 0) oldest = Math.min(oldest, records.since(record));
      else if (partitions[at + HEAD]! >= 0) oldest = Math.min(oldest, net.now);
    }
    this.planExpiry(oldest);
  }

  private planExpiry(oldest: number): void {
    this.expiring = oldest < Infinity;
    if (this.expiring) this.net.at(Math.max(this.net.now, oldest + this.values.streamRetention), this.index, EXPIRES, 0);
  }

  /** A crash: the log is on disk; who was reading what is forgotten, and so is what was being written. */
  override reset(): void {
    for (const record of this.records.all()) this.records.setTimer(record, -1);
    this.forget();
    this.rebalancing = false;
    this.expiring = false;
    const { now } = this.net;
    for (let b = 0; b < this.writtenUntil.length; b++) {
      this.writeSeconds -= Math.max(0, this.writtenUntil[b]! - now);
      this.writtenUntil[b] = Math.min(now, this.writtenUntil[b]!);
    }
  }

  /** An append can be stopped while it is under way; in a crash everything ends by itself. */
  override cancelled(call: number): void {
    if (!this.net.health.up(this.index)) return;
    this.net.agenda.cancel(this.net.calls.handle(call));
    this.net.fail(call, Code.cancelled);
  }

  /** ∫ ages of the oldest uncommitted records of all partitions dt; ∫ partitions dt. */
  lagArea(now: number): number {
    return this.oldest.area(now);
  }
  partitionArea(now: number): number {
    return this.parts.area(now);
  }
  override queueArea(now: number): number {
    return this.unread.area(now);
  }
  override queueLongest(): number {
    return this.unread.highest;
  }
  override busyArea(now: number): number {
    let seconds = this.writeSeconds;
    for (let b = 0; b < this.writtenUntil.length; b++) seconds -= Math.max(0, this.writtenUntil[b]! - now);
    return seconds;
  }
  override serverArea(now: number): number {
    return this.brokers.area(now);
  }

  /** Unread records of each partition, next to the one with most; several to a cell where there are many. */
  override face(cells: Float64Array): number {
    const n = this.values.streamPartitions;
    const shown = Math.min(32, n);
    let most = 1;
    cells.fill(0, 0, shown);
    for (let p = 0; p < n; p++) {
      const cell = Math.floor((p * shown) / n);
      cells[cell] = Math.max(cells[cell]!, this.partitions[p * STRIDE + SIZE]!);
      most = Math.max(most, cells[cell]!);
    }
    for (let k = 0; k < shown; k++) cells[k]! /= most;
    return shown;
  }
}

function byHand(v: StreamValues, flow: Flow) {
  const bytes = flow.rate * flow.bytes;
  const even = 'keys spread evenly over partitions and brokers';
  return [
    { label: 'appended', value: flow.rate, unit: 'requests/second', formula: 'arrival rate', source: 'flow balance', measure: 'appended', assumes: 'brokers keep up' },
    { label: 'writes', value: bytes, unit: 'bytes/second', formula: 'rate × bytes', source: 'flow balance' },
    { label: 'utilisation', value: Math.min(1, bytes / (v.streamBrokers * v.streamBandwidth)), unit: 'share', formula: 'writes ÷ (brokers × writes per broker)', source: 'utilisation law', measure: 'utilisation', assumes: even },
    { label: 'capacity', value: flow.bytes > 0 ? (v.streamBrokers * v.streamBandwidth) / flow.bytes : Infinity, unit: 'requests/second', formula: 'brokers × writes per broker ÷ bytes', source: 'utilisation law', assumes: even, wall: 'bandwidth' },
    { label: 'per partition', value: flow.rate / v.streamPartitions, unit: 'requests/second', formula: 'rate ÷ partitions', source: 'arithmetic', assumes: even },
    { label: 'consumer may take', value: (v.streamPartitions * v.streamBatch) / Math.max(flow.rate, 1e-12), unit: 'seconds', formula: 'partitions × records at a time ÷ rate', source: 'utilisation law', assumes: `${even}; a record that takes longer makes the lag grow` },
    { label: 'first deleted after', value: Math.min(v.streamRetention, (v.streamPartitions * v.streamRetained) / Math.max(flow.rate, 1e-12)), unit: 'seconds', formula: 'min(retention, partitions × unread kept ÷ rate)', source: 'arithmetic', assumes: `${even}; nobody reads` },
  ] as const;
}

/** A log that consumers read in order. */
export const stream = defineKind({
  id: 'stream',
  label: 'Stream',
  doc: 'a log in partitions: records are kept in order, and a group of consumers reads them at its own pace',
  about:
    'A call is answered once its record is appended to a partition, that of its key or the next in turn. Partitions are dealt out to the consumers wired to it; each has so many records of a partition at a time, and the group’s place in the partition moves on when all of them are done. A record that fails is tried again, and everything behind it waits; after the last attempt it leaves along the fire-and-forget wires, or is dropped. When the consumers wired to it change, or it restarts after a crash, reading pauses, and what was under way is read again, so that it may be carried out twice. Records are on disk and survive a crash; unread ones that are too old or too many are deleted, the oldest first, and nobody is told. Lag is what is appended and not yet committed, in records and as the age of the oldest in each partition. Writes share the brokers’ bandwidth. Records go to a consumer one by one, as calls of their own. Left out: several groups, transactions, compaction, re-reading from an earlier place, a crashed consumer’s partitions going to others, and the bandwidth of reads.',
  group: 'Data',
  icon: 'rows-3',
  params,
  slices: ['streamPartitions', 'streamBandwidth'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    lagRecords: { label: 'consumer lag', unit: 'requests', help: 'records appended and not yet committed', inputs: ['appended', 'consumed'], total: (n: RecordStream, now: number) => n.queueArea(now) },
    lagSeconds: { label: 'lag in time', unit: 'seconds', help: 'age of the oldest uncommitted record, mean over partitions', formula: '∫ Σ age of the oldest uncommitted record dt ÷ ∫ partitions dt', inputs: ['lagRecords', 'consumed', 'streamPartitions'], total: (n: RecordStream, now: number) => n.lagArea(now), per: (n: RecordStream, now: number) => n.partitionArea(now) },
    readDelay: { label: 'delay', unit: 'seconds', help: 'from being appended to first being read', formula: 'Σ time from being appended to being read ÷ records read', inputs: ['lagRecords', 'consumed'], total: (n: RecordStream) => n.readSeconds, per: (n: RecordStream) => n.read },
    appended: { label: 'appended', unit: 'requests/second', help: 'records written', inputs: ['arrivals'], total: (n: RecordStream) => n.appended },
    consumed: { label: 'carried out', unit: 'requests/second', help: 'records carried out for the first time', inputs: ['streamPartitions', 'streamBatch'], total: (n: RecordStream) => n.carried },
    rereadShare: { label: 'carried out again', unit: 'share', help: 'records carried out after they already had been, of all carried out', formula: 'records carried out again ÷ records carried out', inputs: ['streamRebalance', 'streamAttempts'], total: (n: RecordStream) => n.duplicates, per: (n: RecordStream) => n.duplicates + n.carried },
    passedOver: { label: 'passed over', unit: 'requests/second', help: 'records given up after the last attempt', inputs: ['streamAttempts'], total: (n: RecordStream) => n.skipped },
    deletedUnread: { label: 'deleted unread', unit: 'requests/second', help: 'records that were too old or too many', inputs: ['lagRecords', 'streamRetention', 'streamRetained'], total: (n: RecordStream) => n.deleted },
  },
  common: {
    utilisation: { formula: '∫ brokers busy writing dt ÷ ∫ brokers dt', inputs: ['streamBrokers', 'streamBandwidth'] },
    latency: { formula: 'Σ time from arrival to being appended ÷ records appended', inputs: ['streamAppend', 'streamBandwidth'] },
  },
  evidence: {
    streamAppend: assumed('end to end a p99 of 5 ms was measured at 200 MB/s (Confluent 2020)'),
    streamBandwidth: measured('605 MB/s with 3 brokers on i3en.2xlarge (Confluent 2020)'),
    streamAttempts: published('Spring Kafka, default: 10'),
    streamRetention: published('Apache Kafka, log.retention.hours: 168'),
    streamRebalance: published('Apache Kafka, group.initial.rebalance.delay.ms: 3 s'),
  },
  card: ['lagRecords', 'lagSeconds'],
  face: { form: 'cells' },
  subtitle: (v) => `${counted(v.streamPartitions, 'partition')}, ${counted(v.streamBrokers, 'broker')}`,
  estimate: byHand,
  // Partitions are dealt out evenly.
  passes: (_values, flow, weights) => weights.map(() => ({ ...flow, rate: flow.rate / weights.length })),
  cost: (v) => [{ label: counted(v.streamBrokers, 'broker'), usdPerHour: v.streamBrokers * v.pricePerStreamBroker, ...priced(v.pricePerStreamBroker, params.pricePerStreamBroker, published('AWS EC2 i3en.2xlarge, us-east-1 on-demand list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new RecordStream(values, site),
});
