/** A message queue: answers the producer once it has the message, and hands it to consumers, again and again if need be, until one has carried it out. */
import { enlarged } from '../engine/agenda.ts';
import { Level } from '../engine/level.ts';
import { Line } from '../engine/line.ts';
import { pow } from '../engine/math.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site, type Starts } from '../kit/kind.ts';
import { distribution, real, toggle, whole, type Values } from '../kit/param.ts';
import { Age } from './messages/age.ts';
import { Deliveries, Messages } from './messages/messages.ts';

const params = {
  queueConcurrency: whole({ label: 'Under way per consumer', help: 'Messages a consumer works on at the same time (prefetch); further ones wait here.', unit: 'requests', default: 10, min: 1, max: 1_000_000 }),
  queueBound: whole({ label: 'Longest queue', help: 'Messages kept, those being worked on included. When it is full, producers are refused: queue full.', unit: 'requests', default: 100_000, min: 1, max: 1_000_000 }),
  // SQS: 30 s unless said otherwise, and at most 12 hours (Amazon SQS Developer Guide); RabbitMQ waits 30 minutes for an acknowledgement (consumer timeout).
  queueVisibility: real({ label: 'Visibility timeout', help: 'A message not carried out by then is handed out again, whoever still works on it. 0 is never (SQS: 30 s).', section: 'Delivery', unit: 'seconds', default: 30, min: 0, max: 43_200 }),
  queueRetryPause: real({ label: 'Pause after a failure', help: 'A message whose consumer failed is offered again after this long; 0 is at once.', section: 'Delivery', unit: 'seconds', default: 1, min: 0, max: 43_200 }),
  queueMostDeliveries: whole({ label: 'Most deliveries', help: 'A message that failed so often is a dead letter: it leaves along the fire-and-forget wires, or is dropped where there are none.', section: 'Delivery', unit: 'count', default: 5, min: 1, max: 1000 }),
  queueLostAcks: real({ label: 'Lost acknowledgements', help: 'Share of messages carried out whose acknowledgement is lost: they come again at the visibility timeout (at once where there is none).', section: 'Delivery', unit: 'share', default: 0, min: 0, max: 1 }),
  queueWrite: distribution({ label: 'Write time', help: 'From a message’s coming until it is safely stored and the producer has its answer (assumed, a replicated write).', section: 'Storage', unit: 'seconds', default: { shape: 'lognormal', mean: 0.005, cv: 0.5 }, min: 0, max: 60 }),
  queueDurable: toggle({ label: 'Durable', help: 'Messages survive a crash of the queue; otherwise they are lost with it.', section: 'Storage', default: true }),
  queueRetention: real({ label: 'Retention', help: 'A message that has waited so long is dropped (SQS: 4 days).', section: 'Storage', unit: 'seconds', default: 345_600, min: 1, max: 1_209_600 }),
  queueBrokerPrice: real({ label: 'Broker price', help: 'What the broker costs, busy or not; 0 where only operations are paid for.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
  queueOperationPrice: real({ label: 'Price of operations', help: 'A message sent is one operation, a delivery one, an acknowledgement one.', section: 'Cost', unit: 'usd/million requests', default: 0.4, min: 0, max: 10_000 }),
};

type QueueValues = Values<typeof params>;

const WRITTEN = 0;
const VISIBLE = 1;
const AGAIN = 2;
const EXPIRES = 3;

/** States of a message: in line; handed out; failed and pausing; acknowledged, dead, expired or lost. */
const WAITING = 0;
const HANDED = 1;
const PAUSING = 2;
const GONE = 3;

class Queue extends Node implements Component<QueueValues>, Starts {
  private readonly messages = new Messages();
  private readonly deliveries = new Deliveries();
  /** Who waits, the oldest first; may hold messages that are gone, which are skipped when they surface. */
  private readonly line = new Line();
  private readonly write: Sampler;
  private readonly writes: Stream;
  private readonly acks: Stream;
  private writing = 0;
  private readonly waiting = new Level();
  private readonly kept = new Level();
  private readonly handed = new Level();
  private readonly places = new Level();
  private readonly oldest = new Age();
  private oldestSince = -1;
  /** Deliveries under way by link. */
  private open = new Int32Array(16);
  private turn = 0;
  private pumping = false;
  private expiry = -1;
  private expiresAt = Infinity;
  private usd = 0;
  private broker = 0;
  private priced: number;
  accepted = 0;
  delivered = 0;
  again = 0;
  carried = 0;
  duplicates = 0;
  dead = 0;
  expired = 0;
  lost = 0;
  delaySeconds = 0;
  begun = 0;

  constructor(
    private values: QueueValues,
    site: Site,
  ) {
    super(site.net);
    this.write = new Sampler(values.queueWrite);
    this.writes = site.stream('write');
    this.acks = site.stream('acknowledgements');
    this.priced = site.net.now;
  }

  retune(values: QueueValues): void {
    this.broker = this.brokerUsd(this.net.now);
    this.priced = this.net.now;
    this.values = values;
    this.write.set(values.queueWrite);
    this.pump();
  }

  begin(): void {
    this.pump();
  }

  arrive(call: number): void {
    if (this.kept.value + this.writing >= this.values.queueBound) return this.net.fail(call, Code.queueFull);
    this.writing++;
    this.net.calls.setHandle(call, this.net.afterWork(this.write, this.writes, this.index, WRITTEN, call));
  }

  override wake(what: number, arg: number): void {
    if (what === WRITTEN) this.accept(arg);
    else if (what === EXPIRES) {
      this.expiry = -1;
      this.expiresAt = Infinity;
    } else {
      this.messages.setTimer(arg, -1);
      if (what === VISIBLE) this.failed(arg, 0);
      else this.lineUp(arg);
    }
    this.pump();
  }

  /** The message is stored: the producer has its answer, and the message is the queue's affair from now on. */
  private accept(call: number): void {
    const { net } = this;
    const request = net.calls.request(call);
    const message = this.messages.create(request, net.now);
    net.requests.hold(request);
    this.writing--;
    this.accepted++;
    this.pay();
    this.kept.add(1, net.now);
    this.waiting.add(1, net.now);
    this.lineUp(message);
    net.answer(call);
  }

  private pay(): void {
    this.usd += this.values.queueOperationPrice * 1e-6;
  }

  private lineUp(message: number): void {
    this.messages.setState(message, WAITING);
    this.messages.refer(message);
    this.line.push(message, this.messages.since(message));
  }

  /** Hands out what can be handed out, and plans for what cannot. */
  private pump(): void {
    const { net } = this;
    if (this.pumping || (net.watch > 0 && !net.health.up(this.index))) return;
    this.pumping = true;
    const places = this.out.length * this.values.queueConcurrency;
    if (places !== this.places.value) this.places.set(places, net.now);
    while (this.surface()) {
      const message = this.line.first();
      const link = this.consumer(net.requests.class(this.messages.request(message)));
      if (link < 0) break;
      this.line.pop();
      this.deliver(message, link);
    }
    this.pumping = false;
    this.note();
  }

  /** Whether somebody waits, once those who are gone or too old are out of the way. */
  private surface(): boolean {
    const { line, messages } = this;
    while (line.size > 0) {
      const message = line.first();
      const gone = messages.state(message) === GONE;
      if (!gone && this.net.now < messages.since(message) + this.values.queueRetention) return true;
      line.pop();
      if (!gone) {
        this.expired++;
        this.waiting.add(-1, this.net.now);
        this.discard(message);
      }
      this.unrefer(message);
    }
    return false;
  }

  /** The least busy of the consumers open to a class, if it has a place free; −1 otherwise. */
  private consumer(cls: number): number {
    const out = this.outOf(cls);
    let best = -1;
    let least = this.values.queueConcurrency;
    const first = this.turn++;
    for (let k = 0; k < out.length; k++) {
      const link = out[(first + k) % out.length]!;
      while (link >= this.open.length) this.open = enlarged(this.open, new Int32Array(this.open.length * 2));
      if (this.open[link]! >= least) continue;
      least = this.open[link]!;
      best = link;
    }
    return best;
  }

  /** Its place in line becomes a delivery. */
  private deliver(message: number, link: number): void {
    const { net, messages } = this;
    const tries = messages.tries(message);
    const delivery = this.deliveries.open(message, link);
    messages.setTries(message, tries + 1);
    messages.setState(message, HANDED);
    messages.setLatest(message, delivery);
    const { queueVisibility } = this.values;
    if (queueVisibility > 0) messages.setTimer(message, net.after(queueVisibility, this.index, VISIBLE, message));
    this.open[link]!++;
    this.handed.add(1, net.now);
    this.waiting.add(-1, net.now);
    this.delivered++;
    this.pay();
    if (tries > 0) this.again++;
    else {
      this.begun++;
      this.delaySeconds += net.now - messages.since(message);
    }
    net.calls.nextAttempt = delivery;
    net.call(link, messages.request(message), -1, this.index);
  }

  /** A consumer is done with a message, one way or the other. */
  override returned(call: number): void {
    const { calls } = this.net;
    const delivery = calls.attempt(call);
    const message = this.deliveries.message(delivery);
    if (!this.deliveries.forgotten(delivery)) {
      this.open[this.deliveries.lane(delivery)]!--;
      this.handed.add(-1, this.net.now);
    }
    this.deliveries.close(delivery);
    if (calls.outcome(call) === Code.answered) this.done(message, delivery);
    else if (this.messages.latest(message) === delivery && this.messages.state(message) === HANDED) this.failed(message, this.values.queueRetryPause);
    this.unrefer(message);
    this.pump();
  }

  /** Carried out. Its acknowledgement counts unless it has been handed out again since, or is lost. */
  private done(message: number, delivery: number): void {
    const { messages } = this;
    if (messages.done(message) > 0) this.duplicates++;
    else this.carried++;
    messages.setDone(message, 1);
    const state = messages.state(message);
    if (messages.latest(message) !== delivery || state === GONE) return;
    this.pay();
    if (this.values.queueLostAcks > 0 && this.acks.uniform() < this.values.queueLostAcks) {
      if (state === HANDED && messages.timer(message) < 0) this.failed(message, 0);
      return;
    }
    if (state !== HANDED) this.waiting.add(-1, this.net.now);
    this.discard(message);
  }

  /** It has not been carried out this time: again after a pause, or never. Who still works on it keeps working. */
  private failed(message: number, pause: number): void {
    const { messages } = this;
    this.stopTimer(message);
    if (messages.tries(message) >= this.values.queueMostDeliveries) {
      this.dead++;
      for (let k = 0; k < this.asyncOut.length; k++) this.net.cast(this.asyncOut[k]!, messages.request(message), this.index);
      return this.discard(message);
    }
    this.waiting.add(1, this.net.now);
    if (pause <= 0) return this.lineUp(message);
    messages.setState(message, PAUSING);
    messages.setTimer(message, this.net.after(pause, this.index, AGAIN, message));
  }

  private stopTimer(message: number): void {
    const timer = this.messages.timer(message);
    if (timer >= 0) this.net.agenda.cancel(timer);
    this.messages.setTimer(message, -1);
  }

  /** The queue is rid of a message; its row stays while somebody works on it or it has a place in line. */
  private discard(message: number): void {
    this.stopTimer(message);
    this.messages.setState(message, GONE);
    this.kept.add(-1, this.net.now);
    this.net.requests.release(this.messages.request(message));
  }

  private unrefer(message: number): void {
    if (this.messages.unrefer(message) === 0 && this.messages.state(message) === GONE) this.messages.recycle(message);
  }

  /** Notes how old the oldest in line is, and plans for the moment at which it is too old. */
  private note(): void {
    const { net } = this;
    const since = this.age();
    const due = since >= 0 ? since + this.values.queueRetention : Infinity;
    if (due === this.expiresAt) return;
    if (this.expiry >= 0) net.agenda.cancel(this.expiry);
    this.expiresAt = due;
    this.expiry = due < Infinity ? net.at(Math.max(due, net.now), this.index, EXPIRES, 0) : -1;
  }

  private age(): number {
    const since = this.line.size > 0 ? this.line.firstKey() : -1;
    if (since === this.oldestSince) return since;
    if (this.oldestSince >= 0) this.oldest.add(this.oldestSince, -1, this.net.now);
    if (since >= 0) this.oldest.add(since, 1, this.net.now);
    return (this.oldestSince = since);
  }

  /** A crash. What consumers work on they go on with, but nobody reads what they say of it; stored messages are offered again. */
  override reset(): void {
    const { net, messages } = this;
    this.writing = 0;
    this.expiry = -1;
    this.expiresAt = Infinity;
    this.deliveries.forget();
    this.open.fill(0);
    this.handed.set(0, net.now);
    for (const message of messages.all()) {
      messages.setTimer(message, -1);
      messages.setLatest(message, -1);
      const state = messages.state(message);
      if (state === GONE) continue;
      if (!this.values.queueDurable) {
        this.lost++;
        this.discard(message);
      } else if (state !== WAITING) {
        if (state === HANDED) this.waiting.add(1, net.now);
        this.lineUp(message);
      }
    }
    if (!this.values.queueDurable) this.waiting.set(0, net.now);
    this.age();
  }

  /** Only its writing can be stopped; a message that is stored is the queue's own affair, and in a crash everything ends by itself. */
  override cancelled(call: number): void {
    if (!this.net.health.up(this.index)) return;
    this.net.agenda.cancel(this.net.calls.handle(call));
    this.writing--;
    this.net.fail(call, Code.cancelled);
  }

  private brokerUsd(now: number): number {
    return this.broker + ((now - this.priced) / 3600) * this.values.queueBrokerPrice;
  }

  spentUsd(now: number): number {
    return this.usd + this.brokerUsd(now);
  }

  /** ∫ messages kept dt; ∫ age of the oldest in line dt. */
  keptArea(now: number): number {
    return this.kept.area(now);
  }
  oldestArea(now: number): number {
    return this.oldest.area(now);
  }
  override queueArea(now: number): number {
    return this.waiting.area(now);
  }
  override queueLongest(): number {
    return this.waiting.highest;
  }
  override busyArea(now: number): number {
    return this.handed.area(now);
  }
  override serverArea(now: number): number {
    return this.places.area(now);
  }
}

function byHand(v: QueueValues, flow: Flow) {
  const lost = v.queueLostAcks;
  const times = lost === 1 ? v.queueMostDeliveries : (1 - pow(lost, v.queueMostDeliveries)) / (1 - lost);
  const assumes = 'consumers keep up, and nothing fails';
  return [
    { label: 'accepted', value: flow.rate, unit: 'requests/second', formula: 'arrival rate', source: 'flow balance', measure: 'accepted', assumes: 'the queue is never full' },
    { label: 'deliveries', value: flow.rate * times, unit: 'requests/second', formula: 'rate × (1 − qᴺ) ÷ (1 − q), q lost acknowledgements, N most deliveries', source: 'geometric series', measure: 'delivered', assumes },
    { label: 'producer waits', value: v.queueWrite.mean, unit: 'seconds', formula: 'write time', source: 'assumed', measure: 'latency', assumes: 'the queue is never full' },
    { label: 'full after', value: v.queueBound / Math.max(flow.rate, 1e-12), unit: 'seconds', formula: 'longest queue ÷ arrival rate', source: 'arithmetic', assumes: 'consumers stand still' },
    { label: 'held', value: v.queueBound * flow.bytes, unit: 'bytes', formula: 'longest queue × bytes', source: 'arithmetic', assumes: 'a full queue' },
    { label: 'operations', value: (3 * flow.rate * 3600 * v.queueOperationPrice) / 1e6, unit: 'usd/hour', formula: '(send + receive + acknowledge) × rate × price', source: 'price list', assumes },
  ] as const;
}

/** Takes messages in at once and has them carried out later. */
export const queue = defineKind({
  id: 'queue',
  label: 'Message queue',
  doc: 'answers once a message is stored, and hands it to consumers until one has carried it out',
  about:
    'A call is answered as soon as its message is stored; from then on the message is the queue’s. It goes to the least busy of the consumers wired to it, oldest first, so many at a time per consumer. An answer from the consumer acknowledges it; a failure brings it back after a pause, and the visibility timeout brings it back even while a slow consumer still works on it, so that it may be carried out twice (at least once). An acknowledgement that comes after its message was handed out again is ignored. After the most deliveries it leaves along the fire-and-forget wires as a dead letter, or is dropped. In a crash, stored messages survive if the queue is durable and are all offered again; consumers do not stop. If all consumers of a message’s class are busy, those behind it wait too. A delivery under way is not stopped by whoever sent the message. Left out: ordering by group, priorities, delayed messages, and batches of messages in one operation.',
  group: 'Data',
  icon: 'inbox',
  params,
  slices: ['queueConcurrency', 'queueBound', 'queueBrokerPrice'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    backlog: { label: 'backlog', unit: 'requests', help: 'messages kept, those being worked on included', inputs: ['accepted', 'carriedOut', 'queueBound'], total: (n: Queue, now: number) => n.keptArea(now) },
    oldestMessage: { label: 'age of the oldest', unit: 'seconds', help: 'how long the oldest message in line has been here', inputs: ['backlog', 'carriedOut'], total: (n: Queue, now: number) => n.oldestArea(now) },
    queueDelay: { label: 'delay', unit: 'seconds', help: 'from being stored to first being handed out', formula: 'Σ time from being stored to first being handed out ÷ messages handed out', inputs: ['backlog', 'accepted'], total: (n: Queue) => n.delaySeconds, per: (n: Queue) => n.begun },
    accepted: { label: 'accepted', unit: 'requests/second', help: 'messages stored', inputs: ['arrivals'], total: (n: Queue) => n.accepted },
    delivered: { label: 'deliveries', unit: 'requests/second', help: 'messages handed out, again included', inputs: ['accepted', 'redelivered', 'queueConcurrency'], total: (n: Queue) => n.delivered },
    carriedOut: { label: 'carried out', unit: 'requests/second', help: 'messages carried out for the first time', inputs: ['delivered'], total: (n: Queue) => n.carried },
    redelivered: { label: 'handed out again', unit: 'share', help: 'deliveries after the first of a message', formula: 'deliveries after the first of a message ÷ deliveries', inputs: ['queueVisibility', 'queueLostAcks'], total: (n: Queue) => n.again, per: (n: Queue) => n.delivered },
    duplicates: { label: 'carried out again', unit: 'share', help: 'messages carried out after they already had been, of all carried out', formula: 'messages carried out again ÷ messages carried out', inputs: ['redelivered', 'queueLostAcks'], total: (n: Queue) => n.duplicates, per: (n: Queue) => n.duplicates + n.carried },
    deadLetters: { label: 'dead letters', unit: 'requests/second', help: 'messages given up after the most deliveries', inputs: ['queueMostDeliveries'], total: (n: Queue) => n.dead },
    dropped: { label: 'dropped', unit: 'requests/second', help: 'messages too old, or lost in a crash', inputs: ['queueRetention', 'queueDurable'], total: (n: Queue) => n.expired + n.lost },
  },
  common: { latency: { formula: 'Σ time from arrival to being stored ÷ messages stored', inputs: ['queueWrite'] } },
  evidence: {
    queueVisibility: published('Amazon SQS, default: 30 s'),
    queueRetention: published('Amazon SQS, default: 4 days'),
    queueWrite: assumed('a replicated write'),
  },
  card: ['backlog', 'oldestMessage'],
  face: { form: 'spark', measure: 'backlog' },
  subtitle: (v) => `${v.queueConcurrency.toLocaleString('en')} under way per consumer`,
  estimate: byHand,
  // Consumers compete, and the least busy takes the next.
  passes: (_values, flow, weights) => weights.map(() => ({ ...flow, rate: flow.rate / weights.length })),
  cost: (v) => [{ label: 'broker, without operations', usdPerHour: v.queueBrokerPrice, ...priced(v.queueBrokerPrice, params.queueBrokerPrice, published('AWS SQS standard: operations only, $0.40 per million, us-east-1 list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new Queue(values, site),
});
