/** A rate limiter: a token bucket that calls must draw from before they may pass. */
import { Downstream } from '../engine/downstream.ts';
import { Level } from '../engine/level.ts';
import { exp } from '../engine/math.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { priced } from '../kit/cost.ts';
import { assumed } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, real, whole, type Values } from '../kit/param.ts';
import { Buckets } from './buckets/buckets.ts';

type Loose = Readonly<Record<string, unknown>>;
/** Whether there is one bucket, and calls can stand in line for it. */
const single = (v: Loose): boolean => v.limiterEach !== 'key' && Number(v.limiterCopies) <= 1;
const queues = (v: Loose): boolean => v.limiterWhenEmpty === 'queue' && single(v);

const params = {
  limiterCounting: choice({
    label: 'Counts',
    help: 'What one call draws from the bucket.',
    options: [
      { value: 'requests', label: 'requests', note: 'one each' },
      { value: 'tokens', label: 'tokens', note: 'input and output tokens of the request' },
    ],
    default: 'requests',
  }),
  limiterRefill: real({ label: 'Refill per second', help: 'Requests or tokens that flow into the bucket each second: the rate that may pass in the long run.', unit: 'count', default: 100, min: 0, max: 1e12 }),
  limiterBurst: real({ label: 'Burst', help: 'How much the bucket holds: what may pass at once after a quiet time. A call that needs more than this never passes.', unit: 'count', default: 100, min: 1, max: 1e12 }),
  limiterEach: choice({
    label: 'A bucket for',
    help: 'Who draws from the same bucket.',
    section: 'Buckets',
    options: [
      { value: 'everybody', label: 'everybody together' },
      { value: 'key', label: 'each key', note: 'a customer, where requests carry customers as keys' },
    ],
    default: 'everybody',
  }),
  limiterCopies: whole({ label: 'Copies that count apart', help: 'So many servers keep buckets of their own, each with the whole refill and burst; a call comes to one of them at random. 1 is one count that all servers share.', section: 'Buckets', unit: 'count', default: 1, min: 1, max: 10_000 }),
  limiterWhenEmpty: choice({
    label: 'When empty',
    help: 'What becomes of a call that finds too little in the bucket. Calls can only wait for one bucket that is for all; where there are several they are refused.',
    options: [
      { value: 'refuse', label: 'refuse at once', note: 'rate limited, as with status 429' },
      { value: 'queue', label: 'let it wait', note: 'in order of arrival' },
    ],
    default: 'refuse',
    shownWhen: single,
  }),
  limiterRoom: whole({ label: 'Queue', help: 'Places to wait. When they are taken, requests are refused: queue full.', unit: 'requests', default: 1000, min: 0, max: 100_000_000, shownWhen: queues }),
  limiterLongestWait: real({ label: 'Longest wait', help: 'Who has waited this long is refused: rate limited. 0 is for ever.', unit: 'seconds', default: 0, min: 0, max: 1e6, shownWhen: queues }),
  limiterPrice: real({ label: 'Price', help: 'What the limiter costs per hour; mostly it is part of a gateway that is paid for anyway.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
};

type LimiterValues = Values<typeof params>;

const GO = 0;
const EXPIRE = 1;
/** Rounding may leave a bucket this share short of what has exactly flowed in; calls are not refused for that. */
const ROUNDING = 1e-9;

class RateLimiter extends Node implements Component<LimiterValues> {
  private readonly downstream: Downstream;
  private readonly queue = new Level();
  private head = -1;
  private tail = -1;
  /** The planned moment of the head of the queue, or −1. */
  private pending = -1;
  /** What the bucket holds, and when that was true; it fills by itself between events. */
  private level: number;
  private last: number;
  private levelArea = 0;
  private burstArea = 0;
  private refilled = 0;
  private spilled = 0;
  /** Where there is more than one bucket; and where a call's copy is drawn. */
  private readonly buckets: Buckets;
  private readonly choices: Stream;
  admitted = 0;
  refused = 0;

  constructor(
    private values: LimiterValues,
    site: Site,
  ) {
    super(site.net);
    this.downstream = new Downstream(site.net, this, site.stream('choice'), 'one', 1);
    this.level = values.limiterBurst;
    this.last = site.net.now;
    this.buckets = new Buckets(site.net.clock);
    this.buckets.retune(values.limiterRefill, values.limiterBurst);
    this.choices = site.stream('copies');
  }

  retune(values: LimiterValues): void {
    this.advance();
    const { limiterEach, limiterCopies } = this.values;
    if (values.limiterEach !== limiterEach || values.limiterCopies !== limiterCopies) this.buckets.clear();
    this.buckets.retune(values.limiterRefill, values.limiterBurst);
    this.values = values;
    this.level = Math.min(this.level, values.limiterBurst);
    if (!single(values)) while (this.head >= 0) this.arriveApart(this.take());
    this.drain();
  }

  arrive(call: number): void {
    const { limiterBurst, limiterWhenEmpty, limiterRoom } = this.values;
    if (this.out.length === 0) return this.net.fail(call, Code.noHealthyTarget);
    if (!single(this.values)) return this.arriveApart(call);
    this.advance();
    const cost = this.costOf(call);
    if (cost > limiterBurst) this.refuse(call, Code.rateLimited);
    else if (this.head < 0 && this.holds(cost)) this.admit(call, cost);
    else if (limiterWhenEmpty === 'refuse') this.refuse(call, Code.rateLimited);
    else if (this.queue.value >= limiterRoom) this.refuse(call, Code.queueFull);
    else this.enqueue(call);
  }

  /** A call that has a bucket among others. */
  private arriveApart(call: number): void {
    this.advance();
    const { net, values } = this;
    const cost = this.costOf(call);
    const holder = values.limiterEach === 'key' ? net.requests.key(net.calls.request(call)) : 0;
    const copy = values.limiterCopies > 1 ? this.choices.below(values.limiterCopies) : 0;
    const place = this.buckets.find(holder * values.limiterCopies + copy);
    const level = this.buckets.level(place);
    this.levelArea += level;
    this.burstArea += values.limiterBurst;
    if (level < cost * (1 - ROUNDING)) return this.refuse(call, Code.rateLimited);
    this.buckets.draw(place, cost);
    this.pass(call);
  }

  override wake(what: number): void {
    this.pending = -1;
    this.advance();
    // The moment was planned for exactly this call, so it goes even where rounding leaves the bucket a hair short.
    if (what === GO) this.next();
    else this.expire();
    this.drain();
  }

  private next(): void {
    const call = this.take();
    this.admit(call, this.costOf(call));
  }

  private costOf(call: number): number {
    if (this.values.limiterCounting === 'requests') return 1;
    const request = this.net.calls.request(call);
    return this.net.requests.input(request) + this.net.requests.output(request);
  }

  private holds(cost: number): boolean {
    return this.level >= cost * (1 - ROUNDING);
  }

  private admit(call: number, cost: number): void {
    if (this.net.calls.cancelled(call)) return this.net.fail(call, Code.cancelled);
    this.level = Math.max(0, this.level - cost);
    this.pass(call);
  }

  private pass(call: number): void {
    this.admitted++;
    if (this.out.length === 0) this.net.fail(call, Code.noHealthyTarget);
    else this.downstream.begin(call);
  }

  private refuse(call: number, code: number): void {
    this.refused++;
    this.net.fail(call, code);
  }

  private enqueue(call: number): void {
    this.net.calls.setNext(call, -1);
    if (this.tail < 0) this.head = call;
    else this.net.calls.setNext(this.tail, call);
    this.tail = call;
    this.queue.add(1, this.net.now);
    if (this.head === call) this.plan();
  }

  /** Takes the first call out of the queue. */
  private take(): number {
    const call = this.head;
    this.head = this.net.calls.next(call);
    if (this.head < 0) this.tail = -1;
    this.queue.add(-1, this.net.now);
    return call;
  }

  /** Refuses all who have waited for too long; the first in line has waited longest. */
  private expire(): void {
    const { limiterLongestWait } = this.values;
    while (this.head >= 0 && this.net.calls.start(this.head) + limiterLongestWait <= this.net.now) this.refuse(this.take(), Code.rateLimited);
  }

  /** Lets go whoever may, and plans for who is then first in line. */
  private drain(): void {
    while (this.head >= 0) {
      const cost = this.costOf(this.head);
      if (cost > this.values.limiterBurst) this.refuse(this.take(), Code.rateLimited);
      else if (this.holds(cost)) this.admit(this.take(), cost);
      else break;
    }
    this.plan();
  }

  /** Plans the exact moment at which the first in line can go, or loses patience, whichever comes first. */
  private plan(): void {
    if (this.pending >= 0) this.net.agenda.cancel(this.pending);
    this.pending = -1;
    if (this.head < 0) return;
    const { limiterRefill, limiterLongestWait } = this.values;
    const go = limiterRefill > 0 ? this.net.now + Math.max(0, this.costOf(this.head) - this.level) / limiterRefill : Infinity;
    const expiry = limiterLongestWait > 0 ? Math.max(this.net.now, this.net.calls.start(this.head) + limiterLongestWait) : Infinity;
    const at = Math.min(go, expiry);
    if (at < Infinity) this.pending = this.net.at(at, this.index, go <= expiry ? GO : EXPIRE, 0);
  }

  /** Lets flow in what has come since the last event. */
  private advance(): void {
    const { now } = this.net;
    const elapsed = now - this.last;
    if (elapsed <= 0) return;
    const { limiterRefill, limiterBurst } = this.values;
    this.levelArea = this.leftArea(now);
    this.burstArea = this.sizeArea(now);
    this.refilled = this.supplied(now);
    this.spilled += this.over(now);
    this.level = Math.min(limiterBurst, this.level + elapsed * limiterRefill);
    this.last = now;
  }

  /** ∫ level dt over the `elapsed` seconds since the last event: a ramp, then full. */
  private filling(elapsed: number): number {
    const { limiterRefill: rate, limiterBurst: full } = this.values;
    const ramp = rate > 0 ? Math.min(elapsed, (full - this.level) / rate) : elapsed;
    return this.level * ramp + (rate * ramp * ramp) / 2 + (elapsed - ramp) * full;
  }

  /** ∫ bucket level dt; ∫ bucket size dt; of several buckets, what the calls found and could have found. */
  leftArea(now: number): number {
    return this.levelArea + (single(this.values) ? this.filling(now - this.last) : 0);
  }
  sizeArea(now: number): number {
    return this.burstArea + (single(this.values) ? (now - this.last) * this.values.limiterBurst : 0);
  }
  /** All that has flowed to the bucket, spilt or not; of several buckets, to those that have been asked. */
  supplied(now: number): number {
    return this.refilled + (now - this.last) * this.values.limiterRefill * (single(this.values) ? 1 : this.buckets.count);
  }

  /** What has flowed to the one bucket since the last event, and found no room. */
  private over(now: number): number {
    const { limiterRefill, limiterBurst } = this.values;
    return single(this.values) ? Math.max(0, (now - this.last) * limiterRefill - (limiterBurst - this.level)) : 0;
  }
  /** What of that flow has found room, because as much had been drawn before. */
  taken(now: number): number {
    return this.supplied(now) - this.spilled - this.over(now) - this.buckets.spilt(now);
  }

  /** Who waits leaves, and makes room for who is behind; who has been let through is called back downstream. */
  override cancelled(call: number): void {
    if (!this.leave(call)) return this.net.cancelChildren(call);
    this.net.fail(call, Code.cancelled);
    this.advance();
    this.drain();
  }

  private leave(call: number): boolean {
    const { calls } = this.net;
    const before = calls.before(call, this.head);
    if (before === -2) return false;
    if (before < 0) this.head = calls.next(call);
    else calls.setNext(before, calls.next(call));
    if (this.tail === call) this.tail = before;
    this.queue.add(-1, this.net.now);
    return true;
  }

  /** Buckets are kept in memory: they are full again, and nobody waits. */
  override reset(): void {
    this.advance();
    this.queue.set(0, this.net.now);
    this.head = this.tail = this.pending = -1;
    this.level = this.values.limiterBurst;
    this.buckets.clear();
  }

  override queueArea(now: number): number {
    return this.queue.area(now);
  }
  override queueLongest(): number {
    return this.queue.highest;
  }
}

/** What one call draws on average. */
const meanCost = (v: LimiterValues, flow: Flow): number => (v.limiterCounting === 'requests' ? 1 : flow.inputTokens + flow.outputTokens);

/** How many buckets there are, all in use. */
const bucketCount = (v: LimiterValues, flow: Flow): number => v.limiterCopies * (v.limiterEach === 'key' ? flow.keys : 1);

/** Calls per second that may pass in the long run. */
function admissible(v: LimiterValues, flow: Flow): number {
  const cost = meanCost(v, flow);
  return cost > v.limiterBurst ? 0 : cost > 0 ? (bucketCount(v, flow) * v.limiterRefill) / cost : Infinity;
}

/**
 * Mean wait in seconds: the bucket's deficit behaves like the work in a queue with constant service; beyond the burst its tail is taken as
 * exponential (Kingman 1962). When overloaded, a full queue or the longest wait bounds it.
 */
function meanWait(v: LimiterValues, flow: Flow): number {
  if (!queues(v)) return 0;
  const most = admissible(v, flow);
  if (flow.rate >= most) return Math.min(v.limiterLongestWait > 0 ? v.limiterLongestWait : Infinity, most > 0 ? v.limiterRoom / most : Infinity);
  const load = flow.rate / most;
  const service = 1 / most;
  const ifAny = (flow.scv * service) / (2 * (1 - load));
  const burst = v.limiterBurst / Math.max(meanCost(v, flow), 1e-9) - 1;
  return ifAny > 0 ? load * ifAny * exp((-burst * service) / ifAny) : 0;
}

function byHand(v: LimiterValues, flow: Flow) {
  const most = admissible(v, flow);
  const admitted = Math.min(flow.rate, most);
  const assumes = `a burst long enough to bridge the random clumps of arrivals${v.limiterEach === 'key' ? ', and keys that ask alike' : ''}`;
  return [
    { label: 'may pass', value: most, unit: 'requests/second', formula: single(v) ? 'refill ÷ what one call draws' : 'buckets × refill ÷ what one call draws', source: 'token bucket (Turner 1986)', wall: 'rate limit' },
    { label: 'admitted', value: admitted, unit: 'requests/second', formula: 'min(offered, may pass)', source: 'flow balance', measure: 'admitted', assumes },
    { label: 'refused', value: flow.rate > 0 ? 1 - admitted / flow.rate : 0, unit: 'share', formula: '1 − admitted ÷ offered', source: 'flow balance', measure: 'refused', assumes },
    { label: 'allowance used', value: most > 0 ? admitted / most : 0, unit: 'share', formula: single(v) ? 'admitted × draw ÷ refill' : 'admitted × draw ÷ (buckets × refill)', source: 'flow balance', measure: 'used', assumes },
    { label: 'mean wait', value: meanWait(v, flow), unit: 'seconds', formula: 'ρ·w·e^(−(burst − 1)·s ÷ w), w = Ca²·s ÷ 2(1 − ρ), s = draw ÷ refill', source: 'Kingman 1962', measure: 'wait', assumes: 'a queue long enough and calls that draw alike' },
  ] as const;
}

/** Caps the flow at the refill rate; a full queue lets calls out at regular intervals. */
function passes(v: LimiterValues, flow: Flow, weights: readonly number[]): Flow[] {
  const most = admissible(v, flow);
  const total = weights.reduce((a, b) => a + b, 0);
  const scv = queues(v) && flow.rate >= most ? 0 : flow.scv;
  return weights.map((w) => ({ ...flow, scv, rate: total > 0 ? (Math.min(flow.rate, most) * w) / total : 0 }));
}

/** A token bucket in the way of the calls. */
export const rateLimiter = defineKind({
  id: 'rate-limiter',
  label: 'Rate limiter',
  doc: 'a token bucket: lets calls through at a bounded rate, refuses or delays the rest',
  about: 'A bucket fills at a steady rate up to the burst size, and every call draws one, or its tokens, from it. Who finds too little is refused as rate limited or waits in line for the exact moment at which enough has flowed in; who draws more than the bucket can hold is always refused. Output tokens are counted as if known beforehand. One bucket stands for all callers, or one for each key; servers that count together are in perfect agreement, servers that count apart know nothing of each other and let through up to so many times as much. The lag between copies that do tell each other, and lines for single keys, are left out.',
  group: 'Routing',
  icon: 'gauge',
  params,
  slices: ['limiterRefill', 'limiterBurst', 'limiterRoom'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    admitted: { label: 'admitted', unit: 'requests/second', help: 'calls that were let through', inputs: ['arrivals', 'limiterRefill', 'limiterBurst'], total: (n: RateLimiter) => n.admitted },
    refused: { label: 'refused', unit: 'share', help: 'calls refused here, of those let through or refused', formula: 'calls refused here ÷ (calls refused here + calls let through)', inputs: ['arrivals', 'admitted', 'limiterRefill'], total: (n: RateLimiter) => n.refused, per: (n: RateLimiter) => n.refused + n.admitted },
    left: { label: 'left in the bucket', unit: 'share', help: 'what the bucket holds, of what it can hold; of several, what calls find in theirs', formula: '∫ what the bucket holds dt ÷ ∫ what it can hold dt', inputs: ['limiterRefill', 'limiterBurst'], total: (n: RateLimiter, now: number) => n.leftArea(now), per: (n: RateLimiter, now: number) => n.sizeArea(now) },
    used: { label: 'allowance used', unit: 'share', help: 'what flows to the bucket and makes up for what was drawn; the rest finds it full. Of several, of those that have been asked', formula: 'what flowed to the bucket and found room ÷ all that flowed to it', inputs: ['admitted', 'limiterRefill'], total: (n: RateLimiter, now: number) => n.taken(now), per: (n: RateLimiter, now: number) => n.supplied(now), chart: 'utilisation' },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in line per call that arrived', formula: '∫ calls in line dt ÷ calls that arrived', inputs: ['waiting', 'arrivals'], total: (n: RateLimiter, now: number) => n.queueArea(now), per: (n: RateLimiter) => n.arrivedTotal() },
  },
  common: { waiting: { inputs: ['limiterRefill', 'limiterRoom'] }, latency: { inputs: ['wait'] } },
  card: ['admitted', 'refused'],
  face: { form: 'bar', measure: 'left' },
  subtitle: (v) => `${v.limiterRefill.toLocaleString('en')} ${v.limiterCounting}/s${v.limiterEach === 'key' ? ' each' : ''}${v.limiterCopies > 1 ? ` × ${v.limiterCopies}` : ''}, burst ${v.limiterBurst.toLocaleString('en')}`,
  estimate: byHand,
  passes,
  cost: (v) => [{ label: 'rate limiter', usdPerHour: v.limiterPrice, ...priced(v.limiterPrice, params.limiterPrice, assumed('part of a gateway that is paid for anyway')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new RateLimiter(values, site),
});
