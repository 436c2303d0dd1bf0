/** Users: where requests come from. Open arrivals with a pattern, a closed population with think times, or a recorded trace. */
import { sineOfTurns } from '../engine/math.ts';
import { Histogram } from '../engine/histogram.ts';
import { plainClass, type Book, type RequestClass } from '../engine/ledger.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Pattern } from '../engine/requests.ts';
import { Alias, Sampler, Zipf } from '../engine/sampler.ts';
import type { Trace } from '../engine/trace.ts';
import type { FaultName } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, table, text, toggle, trace, whole, type Distribution, type Values } from '../kit/param.ts';

const open = (v: Readonly<Record<string, unknown>>): boolean => v.arrivals !== 'closed' && v.arrivals !== 'trace';
const closed = (v: Readonly<Record<string, unknown>>): boolean => v.arrivals === 'closed';
const replay = (v: Readonly<Record<string, unknown>>): boolean => v.arrivals === 'trace';
const patterned = (v: Readonly<Record<string, unknown>>): boolean => open(v) && v.pattern !== 'steady';

const params = {
  arrivals: choice({
    label: 'Arrivals',
    help: 'How requests come.',
    options: [
      { value: 'poisson', label: 'Poisson', note: 'many independent people' },
      { value: 'bursty', label: 'bursty', note: 'gamma gaps, cv above 1' },
      { value: 'regular', label: 'regular', note: 'one every so often, exactly' },
      { value: 'closed', label: 'closed loop', note: 'a fixed crowd that thinks, asks and waits' },
      { value: 'trace', label: 'trace replay', note: 'a recorded request log' },
    ],
    default: 'poisson',
  }),
  arrivalRate: real({ label: 'Rate', help: 'Requests per second; with a pattern, the rate at its lowest.', unit: 'requests/second', default: 100, min: 0, max: 1e9, shownWhen: open }),
  burstiness: real({ label: 'Burstiness', help: 'Coefficient of variation of the gaps between requests; 1 is Poisson, chat traffic is 1–4.', unit: 'ratio', default: 2, min: 0.05, max: 20, shownWhen: (v) => v.arrivals === 'bursty' }),
  population: whole({ label: 'People', help: 'How many take turns; each waits for the answer before thinking again.', unit: 'count', default: 50, min: 1, max: 10_000_000, shownWhen: closed }),
  thinkTime: distribution({ label: 'Think time', help: 'Pause between an answer and the next request.', unit: 'seconds', default: { shape: 'exponential', mean: 5, cv: 1 }, min: 0, max: 1e6, shownWhen: closed }),
  recording: trace({ label: 'Trace', help: 'A loaded request trace; drop a file on the page or give one on the command line.', default: '', shownWhen: replay }),
  replaySpeed: real({ label: 'Replay speed', help: 'Above 1, requests come that much faster than recorded.', unit: 'ratio', default: 1, min: 0.001, max: 10_000, shownWhen: replay }),
  pattern: choice({
    label: 'Pattern',
    help: 'How the rate changes over time.',
    section: 'Pattern',
    options: [
      { value: 'steady', label: 'steady' },
      { value: 'ramp', label: 'ramp', note: 'grows for one period, then stays' },
      { value: 'spike', label: 'spike', note: 'high for the third fifth of every period' },
      { value: 'day', label: 'day', note: 'a sine from low to high and back' },
    ],
    default: 'steady',
    shownWhen: open,
  }),
  peakFactor: real({ label: 'Peak', help: 'Highest rate as a multiple of the lowest.', section: 'Pattern', unit: 'ratio', default: 3, min: 0, max: 1000, shownWhen: patterned }),
  patternPeriod: real({ label: 'Period', help: 'Length of one ramp, spike or day.', section: 'Pattern', unit: 'seconds', default: 60, min: 0.1, max: 1e6, shownWhen: patterned }),
  inputTokens: distribution({ label: 'Input tokens', help: 'Length of a prompt.', section: 'Each request', unit: 'tokens', default: { shape: 'lognormal', mean: 1000, cv: 0.8 }, min: 0, max: 1e6 }),
  outputTokens: distribution({ label: 'Output tokens', help: 'Length of an answer.', section: 'Each request', unit: 'tokens', default: { shape: 'lognormal', mean: 200, cv: 0.8 }, min: 0, max: 1e6 }),
  requestBytes: distribution({ label: 'Size', help: 'Bytes of the answer, for caches and stores.', section: 'Each request', unit: 'bytes', default: { shape: 'constant', mean: 2000, cv: 0 }, min: 0, max: 1e12 }),
  itemCount: distribution({ label: 'Items', help: 'Things asked for at once: candidates to rank, entities to look up, texts to embed.', section: 'Each request', unit: 'items', default: { shape: 'constant', mean: 1, cv: 0 }, min: 1, max: 1e6 }),
  keyCount: whole({ label: 'Distinct keys', help: 'How many different things are asked for; matters to caches and hashing.', section: 'Keys', unit: 'count', default: 1, min: 1, max: 2_000_000_000 }),
  keySkew: real({ label: 'Skew', help: 'Zipf exponent of their popularity: 0 uniform, 0.8–1.1 typical of the web.', section: 'Keys', unit: 'ratio', default: 0.9, min: 0, max: 3, shownWhen: (v) => Number(v.keyCount) > 1 }),
  keyAlike: toggle({ label: 'Alike by key', help: 'Who asks for the same thing gets an answer of the same length and size; otherwise every request is drawn anew.', section: 'Keys', default: false, shownWhen: (v) => Number(v.keyCount) > 1 }),
  prefixCount: whole({ label: 'Shared prefixes', help: 'Different system prompts in use; 0 for none.', section: 'Keys', unit: 'count', default: 0, min: 0, max: 1_000_000 }),
  prefixTokens: whole({ label: 'Prefix length', help: 'Tokens of the prompt that are the shared prefix.', section: 'Keys', unit: 'tokens', default: 500, min: 0, max: 1_000_000, shownWhen: (v) => Number(v.prefixCount) > 0 }),
  patience: distribution({ label: 'Patience', help: 'People give up after this long; the work goes on without them. 0 is for ever.', section: 'Expectations', unit: 'seconds', default: { shape: 'constant', mean: 0, cv: 0 }, min: 0, max: 1e6 }),
  usefulWithin: real({ label: 'Useful within', help: 'Answers after this still count as throughput but not as goodput. 0 is for ever.', section: 'Expectations', unit: 'seconds', default: 0, min: 0, max: 1e6 }),
  requestClasses: table({
    label: 'Classes',
    help: 'Sorts of requests with their share of the traffic and their length as a multiple of the tokens above; none means one class.',
    section: 'Classes',
    default: [],
    maxRows: 8,
    columns: {
      className: text({ label: 'Name', help: 'Shown in results.', default: 'chat', maxLength: 40 }),
      classShare: real({ label: 'Share', help: 'Relative share of requests.', unit: 'count', default: 1, min: 0, max: 1e6 }),
      classScale: real({ label: 'Length ×', help: 'Multiple of input and output tokens.', unit: 'ratio', default: 1, min: 0.01, max: 1000 }),
      classPriority: whole({ label: 'Priority', help: 'Higher goes first, where whoever serves looks at priorities.', unit: 'count', default: 0, min: 0, max: 9 }),
      classWithin: real({ label: 'Useful within', help: 'Deadline of this class; 0 is that of all requests.', unit: 'seconds', default: 0, min: 0, max: 1e6 }),
    },
  }),
  requestTenants: table({
    label: 'Tenants',
    help: 'Customers who share the system, with their share of the traffic; none means everybody is one.',
    section: 'Classes',
    default: [],
    maxRows: 8,
    columns: {
      tenantName: text({ label: 'Name', help: 'Shown in results.', default: 'team', maxLength: 40 }),
      tenantShare: real({ label: 'Share', help: 'Relative share of requests.', unit: 'count', default: 1, min: 0, max: 1e6 }),
      tenantWeight: real({ label: 'Weight', help: 'Relative share of capacity where it is shared fairly, and of quotas.', unit: 'count', default: 1, min: 0.001, max: 1e6 }),
    },
  }),
};

type UsersValues = Values<typeof params>;

const NEXT = 0;
const THOUGHT = 1;
const GIVE_UP = 2;
const GAVE_UP = -2;
/** A pattern is walked in this many steps of constant rate per period. */
const STEPS = 128;

class Users extends Node implements Component<UsersValues> {
  private values: UsersValues;
  private readonly gaps: Stream;
  private readonly bodies: Stream;
  private readonly keys: Stream;
  private readonly pauses: Stream;
  /** Taken to a place of its own by each key, from an origin of this source's own. */
  private readonly alike: Stream;
  private readonly origin: number;
  private gap = new Sampler({ shape: 'exponential', mean: 1, cv: 1 });
  private think = this.gap;
  private input = this.gap;
  private output = this.gap;
  private bytes = this.gap;
  private items = this.gap;
  private wait = this.gap;
  private key = new Zipf(1, 0);
  private prefix = new Zipf(1, 0);
  private mix: Alias | null = null;
  private readonly books: Book[] = [];
  /** The same by class number. */
  private readonly bookOf: Book[] = [];
  private ownLatency: Histogram | null = null;
  private readonly like = new Pattern();
  private classes: number[] = [];
  private scales: number[] = [];
  /** Seconds after which an answer no longer counts, by class (0: never), and whether there is any. */
  private within: number[] = [];
  private hurried = false;
  /** True where every request is the same: nothing but its birth needs drawing. */
  private plain = false;
  /** True where, besides, the rate is steady and nobody has deadlines. */
  private simple = false;
  private plainClass = 0;
  /** True for an open stream at a steady rate: then `gap` is in seconds, otherwise in mean gaps. */
  private steady = false;
  private closedLoop = false;
  /** Requests per period of the pattern, on average. */
  private perPeriod = 1;
  /** Until patience is first limited, no request can have a timer. */
  private everPatient = false;
  private pending = -1;
  /** By faults: how many times as many requests come, and the share of them that ask for one and the same thing; and the amounts these follow from. */
  private surge = 1;
  private hot = 0;
  private readonly loads: number[] = [];
  private readonly shares: number[] = [];
  /** People of a closed crowd between two requests; the others of them are in flight. */
  private thinking = 0;
  private readonly site: Site;
  private trace: Trace | null = null;
  private traceBase = 0;
  /** The log's moment `logFrom` is played at `logStart`, in seconds. */
  private logFrom = 0;
  private logStart = 0;
  private row = 0;
  private started = false;
  gaveUp = 0;

  constructor(values: UsersValues, site: Site) {
    super(site.net);
    this.site = site;
    this.values = values;
    this.gaps = site.stream('arrivals');
    this.bodies = site.stream('bodies');
    this.keys = site.stream('keys');
    this.pauses = site.stream('pauses');
    this.alike = site.stream('alike');
    this.origin = this.alike.below(2 ** 31);
    this.prepare(values);
  }

  retune(values: UsersValues): void {
    this.values = values;
    this.prepare(values);
    if (this.started) this.restart();
  }

  private prepare(v: UsersValues): void {
    const shape = v.arrivals === 'bursty' ? 'gamma' : v.arrivals === 'regular' ? 'constant' : 'exponential';
    this.everPatient ||= v.patience.mean > 0;
    this.closedLoop = v.arrivals === 'closed';
    this.perPeriod = this.countPeriod();
    this.steady = open(v) && v.pattern === 'steady' && v.arrivalRate * this.surge > 0;
    this.gap = new Sampler({ shape, mean: this.steady ? 1 / (v.arrivalRate * this.surge) : 1, cv: v.burstiness });
    this.think = new Sampler(v.thinkTime);
    this.input = new Sampler(v.inputTokens);
    this.output = new Sampler(v.outputTokens);
    this.bytes = new Sampler(v.requestBytes);
    this.items = new Sampler(v.itemCount);
    this.wait = new Sampler(v.patience);
    if (this.key.n !== v.keyCount || this.key.s !== v.keySkew) this.key = new Zipf(v.keyCount, v.keySkew);
    if (this.prefix.n !== v.prefixCount) this.prefix = new Zipf(Math.max(1, v.prefixCount), 1);
    this.prepareClasses(v);
    const fixed = (d: Distribution): boolean => d.mean === 0 || d.shape === 'constant';
    this.plain = [v.inputTokens, v.outputTokens, v.requestBytes, v.itemCount].every(fixed) && v.keyCount === 1 && v.prefixCount === 0 && this.mix === null && this.scales[0] === 1 && this.hot === 0;
    this.plainClass = this.classes[0]!;
    this.like.set(this.net.requests.freshVersion(), this.classes[0]!, Math.round(v.inputTokens.mean), Math.round(v.outputTokens.mean), v.requestBytes.mean, Math.max(1, Math.round(v.itemCount.mean)));
    this.simple = this.plain && this.steady && !this.hurried && v.patience.mean === 0;
    const loaded = v.arrivals === 'trace' ? this.site.trace(v.recording) : null;
    if (loaded !== this.trace) this.row = 0;
    this.trace = loaded;
    if (loaded !== null) this.traceBase = this.net.requests.register(loaded);
  }

  private prepareClasses(v: UsersValues): void {
    const pairs = pairsOf(v);
    this.mix = pairs.length > 1 ? new Alias(pairs.map(({ t, c }) => t.tenantShare * c.classShare)) : null;
    this.classes = pairs.map(({ t, c }) => this.book({ name: c.className, tenant: t.tenantName, priority: c.classPriority, weight: t.tenantWeight }).cls);
    this.shareLatency();
    this.scales = pairs.map(({ c }) => c.classScale);
    this.within = pairs.map(({ c }) => (c.classWithin > 0 ? c.classWithin : v.usefulWithin));
    this.hurried = this.within.some((seconds) => seconds > 0);
  }

  /** This source's book of that class and tenant, opened when first needed. */
  private book(of: RequestClass): Book {
    const known = this.books.find((b) => b.name === of.name && b.tenant === of.tenant);
    if (known !== undefined) {
      this.net.ledger.define(of);
      return known;
    }
    const fresh = this.net.openBook(of, this);
    this.books.push(fresh);
    this.bookOf[fresh.cls] = fresh;
    return fresh;
  }

  /** With one book its histogram is the node's own; with several the node keeps the sum of them. */
  private shareLatency(): void {
    const [first, ...more] = this.books;
    if (more.length === 0) this.latency = first!.latency;
    else if (this.ownLatency !== this.latency) {
      this.ownLatency = new Histogram();
      for (const book of this.books) this.ownLatency.merge(book.latency);
      this.latency = this.ownLatency;
    }
  }

  /** Starts, or takes up changed arrivals from this moment. */
  private restart(): void {
    if (this.pending >= 0) this.net.agenda.cancel(this.pending);
    this.pending = -1;
    this.started = true;
    if (this.values.arrivals === 'closed') this.fill();
    else this.plan();
  }

  /** The first event of a run, planned by whoever builds the network. */
  begin(): void {
    this.restart();
  }

  /** How many take turns now. */
  private get crowd(): number {
    return Math.round(this.values.population * this.surge);
  }

  private fill(): void {
    for (let missing = this.crowd - this.thinking - this.inFlight; missing > 0; missing--) this.pause();
  }

  private pause(): void {
    this.thinking++;
    this.net.after(this.think.draw(this.pauses), this.index, THOUGHT, 0);
  }

  /** Plans the next arrival of an open stream. */
  private plan(): void {
    if (this.steady) {
      this.pending = this.net.afterDraw(this.gap, this.gaps, this.index, NEXT, 0);
      return;
    }
    const at = this.values.arrivals === 'trace' ? this.nextRecorded() : this.nextDrawn();
    this.pending = at < Infinity ? this.net.at(at, this.index, NEXT, 0) : -1;
  }

  private nextRecorded(): number {
    if (this.trace === null || this.row >= this.trace.arrival.length) return Infinity;
    // A surge of a recorded log is the log played faster from here on.
    return Math.max(this.net.now, this.logStart + (this.trace.arrival[this.row]! - this.logFrom) / (this.values.replaySpeed * this.surge));
  }

  /** The moment at which the rate, summed up from now, has made up the drawn gap: exact for a rate constant in steps. */
  private nextDrawn(): number {
    const { arrivalRate, pattern, patternPeriod, peakFactor } = this.values;
    if (arrivalRate * this.surge <= 0) return Infinity;
    let left = this.gap.draw(this.gaps);
    let now = this.net.now;
    const ramp = pattern === 'ramp';
    // Whole periods at once: a rare request may be a million of them away.
    const whole = ramp ? 0 : Math.floor(left / this.perPeriod);
    left -= whole * this.perPeriod;
    now += whole * patternPeriod;
    const step = patternPeriod / STEPS;
    for (let k = Math.floor(now / step); !ramp || k < STEPS; k++) {
      const rate = arrivalRate * this.surge * this.factor((k + 0.5) * step);
      const end = (k + 1) * step;
      const made = rate * (end - now);
      if (made >= left && rate > 0) return now + left / rate;
      left -= made;
      now = end;
    }
    return peakFactor > 0 ? now + left / (arrivalRate * this.surge * peakFactor) : Infinity;
  }

  /** Requests that one period brings on average. */
  private countPeriod(): number {
    const { arrivalRate, patternPeriod } = this.values;
    let sum = 0;
    for (let k = 0; k < STEPS; k++) sum += this.factor(((k + 0.5) * patternPeriod) / STEPS);
    return (arrivalRate * this.surge * patternPeriod * sum) / STEPS;
  }

  /** Rate at a moment, as a multiple of the lowest. */
  private factor(time: number): number {
    const { pattern, peakFactor, patternPeriod } = this.values;
    const turn = time / patternPeriod;
    if (pattern === 'ramp') return 1 + (peakFactor - 1) * Math.min(1, turn);
    const phase = turn - Math.floor(turn);
    if (pattern === 'spike') return phase >= 0.4 && phase < 0.6 ? peakFactor : 1;
    return 1 + ((peakFactor - 1) * (1 - sineOfTurns(phase + 0.25))) / 2;
  }

  override wake(what: number, arg: number): void {
    if (what === NEXT && this.simple && this.out.length === 1 && this.routes === null) this.arriveSimply();
    else if (what === NEXT) {
      const row = this.row++;
      this.plan();
      this.launch(row);
    } else if (what === THOUGHT) {
      this.thinking--;
      if (this.closedLoop && this.thinking + this.inFlight < this.crowd) this.launch(0);
    } else this.giveUp(arg);
  }

  arrive(call: number): void {
    this.net.fail(call, Code.noHealthyTarget);
  }

  /** More, or fewer, requests; a herd of them at once; a share of them for the most popular thing. */
  strike(fault: FaultName, amount: number): void {
    if (fault === 'herd') return this.herd(amount);
    this.lasting(fault).push(amount);
    this.follow();
  }

  heal(fault: FaultName, amount: number): void {
    const lasting = this.lasting(fault);
    const k = lasting.indexOf(amount);
    if (k >= 0) lasting.splice(k, 1);
    this.follow();
  }

  private lasting(fault: FaultName): number[] {
    return fault === 'load' ? this.loads : this.shares;
  }

  /** A herd asks for what a log would ask for next, and the log goes on as if it had not. */
  private herd(size: number): void {
    const rows = this.trace?.arrival.length ?? 0;
    for (let k = 0; k < size; k++) this.launch(rows > 0 ? (this.row + k) % rows : 0);
  }

  /** What comes now follows from all the faults that last. */
  private follow(): void {
    const surge = this.loads.reduce((k, amount) => k * amount, 1);
    this.hot = 1 - this.shares.reduce((cold, share) => cold * (1 - share), 1);
    if (surge !== this.surge) this.surges(surge);
    else this.prepare(this.values);
  }

  private surges(surge: number): void {
    const { replaySpeed } = this.values;
    this.logFrom += (this.net.now - this.logStart) * replaySpeed * this.surge;
    this.logStart = this.net.now;
    this.surge = surge;
    this.prepare(this.values);
    if (this.started) this.restart();
  }

  /** The shortest way for the plainest traffic: steady, all alike, to one place, without deadlines (worth 20 ns a request). */
  private arriveSimply(): void {
    const { net, index } = this;
    this.pending = net.afterDraw(this.gap, this.gaps, index, NEXT, 0);
    const r = net.requests.create(this.like);
    this.begins(this.plainClass);
    net.call(this.out[0]!, r, -1, index);
  }

  private launch(row: number): void {
    const { net } = this;
    const r = net.requests.create(this.like);
    if (this.trace !== null && this.values.arrivals === 'trace') this.copy(r, row, this.trace);
    else if (!this.plain) this.describe(r);
    const cls = net.requests.class(r);
    if (this.hurried) this.setDeadline(r, cls);
    if (this.values.patience.mean > 0) net.requests.setTimer(r, net.after(this.wait.draw(this.bodies), this.index, GIVE_UP, r));
    this.begins(cls);
    const out = this.outOf(cls);
    if (out.length > 0) net.call(net.pick(out, this.bodies), r, -1, this.index);
    else this.unsent(r);
  }

  private setDeadline(r: number, cls: number): void {
    const seconds = this.within[this.classes.indexOf(cls)]!;
    if (seconds > 0) this.net.requests.setDeadline(r, this.net.now + seconds);
  }

  /** Nobody to ask. */
  private unsent(r: number): void {
    const timer = this.net.requests.timer(r);
    if (timer >= 0) this.net.agenda.cancel(timer);
    this.close(r, Code.noHealthyTarget);
    this.net.requests.release(r);
  }

  private describe(r: number): void {
    const { requests } = this.net;
    const { prefixCount, prefixTokens, keyCount, inputTokens, outputTokens } = this.values;
    const kind = this.mix === null ? 0 : this.mix.draw(this.bodies);
    if (keyCount > 1) requests.setKey(r, this.keyOf());
    const bodies = this.bodiesOf(r);
    const scale = this.scales[kind]!;
    const input = this.tokens(this.input.draw(bodies) * scale, inputTokens.mean);
    const output = this.tokens(this.output.draw(bodies) * scale, outputTokens.mean);
    requests.setClass(r, this.classes[kind]!);
    requests.setItems(r, Math.max(1, Math.round(this.items.draw(bodies))));
    const shared = prefixCount > 0 ? prefixTokens : 0;
    if (prefixCount > 0) requests.setPrefix(r, this.prefix.draw(this.keys), shared);
    requests.setWork(r, Math.max(input, shared + (shared > 0 ? 1 : 0)), output, this.bytes.draw(bodies));
  }

  /** Where lengths and sizes of a request are drawn from: chance, or what it asks for. */
  private bodiesOf(r: number): Stream {
    if (!this.values.keyAlike || this.values.keyCount === 1) return this.bodies;
    this.alike.seek(this.origin, this.net.requests.key(r));
    return this.alike;
  }

  /** Whole tokens: at least one where there are any, at most 32 times the mean (a context window ends somewhere). */
  private tokens(drawn: number, mean: number): number {
    return mean <= 0 ? 0 : Math.max(1, Math.min(Math.round(drawn), 32 * Math.ceil(mean)));
  }

  private copy(r: number, row: number, from: Trace): void {
    const { requests } = this.net;
    requests.setWork(r, from.input[row]!, from.output[row]!, this.values.requestBytes.mean);
    requests.setRow(r, this.traceBase + row);
    requests.setClass(r, this.classes[this.mix === null ? 0 : this.mix.draw(this.bodies)]!);
    if (this.values.keyCount > 1) requests.setKey(r, this.keyOf());
  }

  /** What is asked for: by popularity, or the hot key. */
  private keyOf(): number {
    const key = this.key.draw(this.keys);
    return this.hot > 0 && this.keys.uniform() < this.hot ? 0 : key;
  }

  private giveUp(r: number): void {
    this.gaveUp++;
    this.net.requests.setTimer(r, GAVE_UP);
    this.close(r, Code.timedOut);
  }

  override returned(call: number): void {
    const { requests, calls, agenda } = this.net;
    const r = calls.request(call);
    if (this.everPatient) {
      const timer = requests.timer(r);
      if (timer === GAVE_UP) return;
      if (timer >= 0) agenda.cancel(timer);
    }
    this.close(r, calls.outcome(call));
  }

  /** The request is over for whoever asked. */
  private close(r: number, code: number): void {
    const { net } = this;
    const cls = net.requests.class(r);
    this.ends(cls, code);
    net.ledger.ended(this.bookOf[cls]!, r, code);
    if (code === Code.answered && this.latency === this.ownLatency) this.latency.add(net.now - net.requests.born(r));
    if (this.closedLoop) this.pause();
  }
}

/** Mean rate over time of the chosen pattern. */
function meanRate(v: UsersValues): number {
  if (v.arrivals === 'closed') return v.population / Math.max(v.thinkTime.mean, 1e-9);
  if (v.arrivals === 'trace') return 0;
  const extra = v.pattern === 'day' ? 0.5 : v.pattern === 'spike' ? 0.2 : v.pattern === 'ramp' ? 1 : 0;
  return v.arrivalRate * (1 + extra * (v.peakFactor - 1));
}

/** What the users offer, by hand. */
const sortsOf = (v: UsersValues) => (v.requestClasses.length > 0 ? v.requestClasses : [{ className: 'all', classShare: 1, classScale: 1, classPriority: 0, classWithin: 0 }]);
const tenantsOf = (v: UsersValues) => (v.requestTenants.length > 0 ? v.requestTenants : [{ tenantName: plainClass.tenant, tenantShare: 1, tenantWeight: plainClass.weight }]);
/** Classes and tenants as they are drawn, independently of each other. */
const pairsOf = (v: UsersValues) => tenantsOf(v).flatMap((t) => sortsOf(v).map((c) => ({ t, c })));

function offers(v: UsersValues): Flow {
  const pairs = pairsOf(v);
  const total = pairs.reduce((s, { t, c }) => s + t.tenantShare * c.classShare, 0);
  // Where nobody has a share, all have the same.
  const sorts = pairs.map(({ t, c }) => ({ name: c.className, tenant: t.tenantName, share: total > 0 ? (t.tenantShare * c.classShare) / total : 1 / pairs.length, inputTokens: v.inputTokens.mean * c.classScale, outputTokens: v.outputTokens.mean * c.classScale }));
  return {
    rate: meanRate(v),
    scv: v.arrivals === 'bursty' ? v.burstiness * v.burstiness : v.arrivals === 'regular' ? 0 : 1,
    inputTokens: sorts.reduce((s, one) => s + one.share * one.inputTokens, 0),
    outputTokens: sorts.reduce((s, one) => s + one.share * one.outputTokens, 0),
    bytes: v.requestBytes.mean,
    items: v.itemCount.mean,
    keys: v.keyCount,
    skew: v.keySkew,
    sharedTokens: v.prefixCount > 0 ? v.prefixTokens : 0,
    beginnings: v.prefixCount,
    spread: { input: v.inputTokens, output: v.outputTokens },
    sorts,
  };
}

/** Sources of traffic. */
export const users = defineKind({
  id: 'users',
  label: 'Users',
  doc: 'where requests come from: open arrivals, a closed crowd, or a recorded trace',
  about: 'Makes requests with lengths, sizes, keys and classes drawn from distributions, or replays a recorded log, and keeps the book of what became of them. People may lose patience; the system does not hear of it.',
  group: 'Traffic',
  icon: 'users',
  params,
  slices: ['arrivalRate', 'population'],
  ports: { in: null, out: [{ wire: 'call', max: 100 }], refusal: 'users are where requests start' },
  measures: {
    gaveUp: { label: 'gave up', unit: 'requests/second', help: 'people who lost patience', inputs: ['arrivals', 'patience'], total: (n: Users) => n.gaveUp },
  },
  common: {
    arrivals: { formula: 'requests sent ÷ seconds', inputs: ['arrivalRate', 'population', 'thinkTime', 'replaySpeed', 'peakFactor'] },
    failures: { inputs: ['patience'] },
    latency: { formula: 'Σ time from asking to the answer ÷ requests answered' },
  },
  card: ['arrivals', 'failures'],
  face: { form: 'spark', measure: 'arrivals' },
  subtitle: (v) => (v.arrivals === 'closed' ? `${v.population.toLocaleString('en')} people in a loop` : v.arrivals === 'trace' ? v.recording || 'no trace loaded' : `${v.arrivals}, ${v.arrivalRate.toLocaleString('en')} req/s`),
  estimate: (v, flow) => [
    { label: 'offered', value: flow.rate, unit: 'requests/second', formula: v.arrivals === 'closed' ? 'people ÷ think time (answers at once)' : 'mean rate over the pattern', source: 'flow balance', measure: 'arrivals', assumes: 'the mean over a whole period; a closed crowd that never waits' },
    { label: 'tokens in', value: flow.rate * flow.inputTokens, unit: 'tokens/second', formula: 'rate × input tokens', source: 'flow balance' },
    { label: 'tokens out', value: flow.rate * flow.outputTokens, unit: 'tokens/second', formula: 'rate × output tokens', source: 'flow balance' },
  ],
  offers,
  replays: (name) => ({ arrivals: 'trace', recording: name }),
  cost: () => [],
  faults: ['load', 'herd', 'hotKey'],
  migrations: [],
  build: (values, site) => new Users(values, site),
});
