/** A service: servers with a service time and a bounded queue, which may call others before it answers. */
import { Downstream, WAITING } from '../engine/downstream.ts';
import { orderOf, type Ordering } from '../engine/line.ts';
import { NO_LINK, Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { SharedServers, sharings, type Sharing } from '../engine/sharing.ts';
import { Codel, DeadlineShedder, type Shedder } from '../engine/shedding.ts';
import { REFUSED, STARTED, Station } from '../engine/station.ts';
import { priced } from '../kit/cost.ts';
import { assumed } from '../kit/evidence.ts';
import { servingFaults, type FaultName } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, toggle, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { ReplicaSet } from '../kit/replica-set.ts';
import { counted } from '../units/format.ts';

const isSharing = (order: unknown): order is Sharing => (sharings as readonly unknown[]).includes(order);

const params = {
  serverCount: whole({ label: 'Servers', help: 'Requests served at the same time: threads, workers or machines.', unit: 'count', default: 8, min: 1, max: 1_000_000 }),
  serviceTime: distribution({ label: 'Service time', help: 'Time one request keeps one server busy, calls to others not counted.', unit: 'seconds', default: { shape: 'exponential', mean: 0.01, cv: 1 }, min: 0, max: 1e6 }),
  waitingRoom: whole({ label: 'Queue', help: 'Places to wait. When they are taken, requests are refused: queue full.', unit: 'requests', default: 1000, min: 0, max: 100_000_000 }),
  servingOrder: choice({
    label: 'Order',
    help: 'Who is served next.',
    section: 'Queue',
    options: [
      { value: 'arrival', label: 'first come, first served' },
      { value: 'latest', label: 'last come, first served', note: 'fresh requests first: those who waited long have often gone' },
      { value: 'priority', label: 'by priority', note: 'of the class; who is being served is served to the end' },
      { value: 'deadline', label: 'earliest deadline first' },
      { value: 'fair', label: 'fair by tenant', note: 'in proportion to their weights' },
      { value: 'shortest', label: 'shortest first', note: 'service times known beforehand' },
      { value: 'preemptive', label: 'by priority, preempting' },
      { value: 'remaining', label: 'shortest remaining first, preempting' },
      { value: 'processor', label: 'all at once', note: 'processor sharing: everybody gets an equal part of the servers' },
    ],
    default: 'arrival',
  }),
  sheddingRule: choice({
    label: 'Shedding',
    help: 'Who is turned away at the head of the line.',
    section: 'Queue',
    options: [
      { value: 'none', label: 'nobody' },
      { value: 'deadline', label: 'whose deadline has passed' },
      { value: 'codel', label: 'by controlled delay', note: 'CoDel: while waits stay above a target' },
    ],
    default: 'none',
    shownWhen: (v) => !isSharing(v.servingOrder),
  }),
  codelTarget: real({ label: 'Target wait', help: 'Waits above this for a whole interval are too long.', section: 'Queue', unit: 'seconds', default: 0.005, min: 1e-6, max: 1000, shownWhen: (v) => v.sheddingRule === 'codel' }),
  codelInterval: real({ label: 'Interval', help: 'How long waits may stay above the target; a typical worst round trip (RFC 8289: 100 ms).', section: 'Queue', unit: 'seconds', default: 0.1, min: 1e-6, max: 1000, shownWhen: (v) => v.sheddingRule === 'codel' }),
  callPlan: choice({
    label: 'Calls to others',
    help: 'How it calls the components it is wired to.',
    section: 'Downstream',
    options: [
      { value: 'sequence', label: 'one after another' },
      { value: 'all', label: 'in parallel, wait for all' },
      { value: 'any', label: 'in parallel, first answer wins' },
      { value: 'quorum', label: 'in parallel, wait for k' },
      { value: 'one', label: 'exactly one, by weight' },
    ],
    default: 'sequence',
  }),
  quorumSize: whole({ label: 'Wait for k', help: 'Answers that are enough.', section: 'Downstream', unit: 'count', default: 1, min: 1, max: 1000, shownWhen: (v) => v.callPlan === 'quorum' }),
  holdServer: toggle({ label: 'Hold the server while waiting', help: 'Blocking threads hold it; asynchronous code gives it back.', section: 'Downstream', default: false }),
  serverStart: distribution({ label: 'Start of a server', help: 'How long a server that an autoscaler adds takes until it serves (assumed: a container, 10 s).', section: 'Scaling', unit: 'seconds', default: { shape: 'constant', mean: 10, cv: 0 }, min: 0, max: 1e5 }),
  pricePerServer: real({ label: 'Price per server', help: 'What one server costs; take it from your own bill.', section: 'Cost', unit: 'usd/hour', default: 0.05, min: 0, max: 1000 }),
};

type ServiceValues = Values<typeof params>;

const DONE = 0;
const SHARED_DONE = 1;
const SERVER_STARTED = 2;

class Service extends Node implements Component<ServiceValues> {
  readonly scaling: ReplicaSet;
  private values: ServiceValues;
  private readonly station: Station;
  /** Takes the station's part while the servers are shared; who came before is served as they came. */
  private shared: SharedServers | null = null;
  private sharedEnd = -1;
  private readonly time: Sampler;
  private readonly draws: Stream;
  private readonly downstream: Downstream;
  private hold: boolean;
  /** Until it is first set, no call can have been started with it. */
  private everHeld: boolean;
  /** Whether service times are drawn on arrival, because the order depends on them. */
  private foreknown = false;

  constructor(values: ServiceValues, site: Site) {
    super(site.net);
    this.values = values;
    this.station = new Station(site.net.calls, values.serverCount, values.waitingRoom);
    this.time = new Sampler(values.serviceTime);
    this.draws = site.stream('service');
    this.downstream = new Downstream(site.net, this, site.stream('choice'), values.callPlan, values.quorumSize);
    this.hold = values.holdServer;
    this.everHeld = values.holdServer;
    this.scaling = new ReplicaSet(site.net, this, SERVER_STARTED, values.serverCount, new Sampler(values.serverStart), site.stream('starts'), () => this.resize(), {
      utilisation: { total: (now) => this.busyArea(now), per: (now) => this.serverArea(now) },
      queue: { total: (now) => this.queueArea(now), per: (now) => this.serverArea(now) },
    });
    this.scaling.charge(values.pricePerServer);
    this.line(values);
  }

  retune(values: ServiceValues): void {
    const before = this.values;
    this.values = values;
    this.time.set(values.serviceTime);
    this.downstream.plan = values.callPlan;
    this.downstream.quorum = values.quorumSize;
    this.hold = values.holdServer;
    this.scaling.start = new Sampler(values.serverStart);
    this.scaling.charge(values.pricePerServer);
    if (values.servingOrder !== before.servingOrder || values.sheddingRule !== before.sheddingRule) this.line(values);
    if (values.serverCount !== before.serverCount) this.scaling.set(values.serverCount);
    else this.resize();
  }

  /** Takes up the order in which calls are served, and who is turned away. */
  private line(v: ServiceValues): void {
    const { net } = this;
    if (isSharing(v.servingOrder)) this.share(v.servingOrder);
    else {
      this.foreknown = v.servingOrder === 'shortest';
      if (this.shared?.present === 0) this.shared = null;
      this.station.reorder(orderOf(v.servingOrder as Ordering, net));
    }
    const shedder: Shedder | null = v.sheddingRule === 'deadline' ? new DeadlineShedder(net.calls, net.requests) : v.sheddingRule === 'codel' ? new Codel(net.calls, v.codelTarget, v.codelInterval) : null;
    this.station.shed(shedder, (call, code) => net.fail(call, code));
  }

  private share(sharing: Sharing): void {
    this.foreknown = true;
    const moving = this.shared?.evict() ?? [];
    this.shared = new SharedServers(this.net.calls, this.net.ledger, this.scaling.ready, Infinity, sharing, (after) => this.planShared(after));
    for (const call of moving) this.shared.offer(call);
    this.shared.resize(this.scaling.ready, this.values.waitingRoom);
  }

  private planShared(after: number): void {
    if (this.sharedEnd >= 0) this.net.agenda.cancel(this.sharedEnd);
    this.sharedEnd = after < 0 ? -1 : this.net.after(after, this.index, SHARED_DONE, 0);
  }

  private resize(): void {
    this.station.resize(this.scaling.ready, this.values.waitingRoom);
    this.shared?.resize(this.scaling.ready, this.values.waitingRoom);
    for (let call = this.station.draw(); call >= 0; call = this.station.draw()) this.serve(call);
  }

  arrive(call: number): void {
    if (this.foreknown) this.net.calls.setMark(call, this.time.draw(this.draws) * this.net.pace[this.index]!);
    if (this.shared !== null && isSharing(this.values.servingOrder)) {
      if (!this.shared.offer(call)) this.net.fail(call, Code.queueFull);
      return;
    }
    const taken = this.station.offer(call);
    if (taken === STARTED) this.serve(call);
    else if (taken === REFUSED) this.net.fail(call, Code.queueFull);
  }

  private serve(call: number): void {
    const { net, index } = this;
    if (this.everHeld) net.calls.setData(call, this.hold ? 1 : 0);
    const end = this.foreknown ? net.after(net.calls.mark(call), index, DONE, call) : net.afterWork(this.time, this.draws, index, DONE, call);
    if (net.calls.thorough) net.calls.setHandle(call, end);
  }

  override wake(what: number, call: number): void {
    if (what === DONE) this.done(call);
    else if (what === SHARED_DONE) this.sharedDone();
    else this.scaling.started();
  }

  private done(call: number): void {
    if (this.net.calls.thorough) this.net.calls.setHandle(call, -1);
    if (!this.held(call)) this.turn();
    this.goOn(call);
  }

  private sharedDone(): void {
    this.sharedEnd = -1;
    const call = this.shared!.finish();
    if (this.everHeld) this.net.calls.setData(call, 0);
    this.goOn(call);
  }

  /** Service is over: on to the others. */
  private goOn(call: number): void {
    const { net, sole } = this;
    if (sole >= 0) return net.call(sole, net.calls.request(call), call, this.index);
    if (sole === NO_LINK) return this.finish(call, Code.answered);
    const outcome = this.downstream.begin(call);
    if (outcome !== WAITING) this.finish(call, outcome);
  }

  override replied(child: number, parent: number): void {
    const outcome = this.downstream.replied(child, parent);
    if (outcome !== WAITING) this.finish(parent, outcome);
  }

  private finish(call: number, outcome: number): void {
    if (this.held(call)) this.turn();
    this.net.conclude(call, outcome);
  }

  /** Whether a call keeps its server while it waits for others; as set when its service began. */
  private held(call: number): boolean {
    return this.everHeld && this.net.calls.data(call) === 1;
  }

  /** A server is free: it turns to the next in line. */
  private turn(): void {
    const next = this.station.finish();
    if (next >= 0) this.serve(next);
  }

  override cancelled(call: number): void {
    const { calls, agenda } = this.net;
    const waits = this.shared?.leave(call) === true || this.station.leave(call);
    if (!waits) {
      // Its service is over and others are asked, or it began before anyone could be told to stop.
      if (!calls.isNoted(call) || calls.handle(call) < 0) return this.net.cancelChildren(call);
      agenda.cancel(calls.handle(call));
      this.turn();
    }
    this.net.fail(call, Code.cancelled);
  }

  override reset(): void {
    this.station.reset();
    this.shared?.reset();
    this.sharedEnd = -1;
    this.scaling.reset();
  }

  strike(fault: FaultName, amount: number): void {
    if (fault === 'replicas' || fault === 'preemption') this.scaling.lose(amount);
  }

  heal(fault: FaultName, amount: number): void {
    if (fault === 'replicas' || fault === 'preemption') this.scaling.replace(amount);
  }

  /** Servers are paid for while they start and serve. */
  spentUsd(now: number): number {
    return this.scaling.spentUsd(now);
  }

  override queueArea(now: number): number {
    return this.station.queueArea(now) + (this.shared?.queueArea(now) ?? 0);
  }
  override queueLongest(): number {
    return Math.max(this.station.longest, this.shared?.longest ?? 0);
  }
  override busyArea(now: number): number {
    return this.station.busyArea(now) + (this.shared?.busyArea(now) ?? 0);
  }
  override serverArea(now: number): number {
    return this.station.serverArea(now);
  }
  override face(cells: Float64Array): number {
    const { servers } = this.station;
    const busy = this.station.busy + (this.shared?.busy ?? 0);
    const shown = Math.min(32, servers);
    for (let i = 0; i < shown; i++) cells[i] = busy > (i * servers) / shown ? 1 : 0;
    return shown;
  }
}

function byHand(values: Values<typeof params>, flow: Flow) {
  const { serverCount: c, serviceTime } = values;
  const offered = flow.rate * serviceTime.mean;
  const cv = serviceTime.shape === 'exponential' ? 1 : serviceTime.shape === 'constant' ? 0 : serviceTime.cv;
  const wait = waitingTime(flow.rate, serviceTime.mean, c, flow.scv, cv * cv);
  const quick = 'others answer in no time while a server waits for them';
  const held = values.holdServer ? `, and ${quick}` : '';
  const lined = `an unbounded queue${isSharing(values.servingOrder) ? ' served one after another' : ''} and independent arrivals${held}`;
  return [
    { label: 'utilisation', value: Math.min(1, offered / c), unit: 'share', formula: 'arrival rate × service time ÷ servers', source: 'utilisation law', measure: 'utilisation', assumes: `nothing is refused${held}` },
    { label: 'capacity', value: c / serviceTime.mean, unit: 'requests/second', formula: 'servers ÷ service time', source: 'utilisation law', ...(values.holdServer ? { assumes: quick } : {}), wall: 'servers' },
    { label: 'mean wait', value: wait, unit: 'seconds', formula: '(Ca² + Cs²)/2 × Erlang-C wait', source: 'Allen and Cunneen 1990; exact for M/M/c', measure: 'wait', assumes: lined },
    { label: 'in line', value: flow.rate * wait, unit: 'requests', formula: 'arrival rate × mean wait', source: 'Little 1961', measure: 'waiting', assumes: lined },
  ] as const;
}

/** Servers, service time, bounded queue; calls others in sequence, in parallel or by choice. */
export const service = defineKind({
  id: 'service',
  label: 'Service',
  doc: 'servers with a service time and a bounded queue; may call others before it answers',
  about: 'Requests wait, in order of arrival unless told otherwise, for one of the servers, are served for a random time, and then call what the service is wired to. A server that is taken away, by a person, an autoscaler or a fault, drains: it finishes the request it is at, takes no other, and is not paid for meanwhile. Only a crash of the whole service drops what is being served. It leaves out garbage collection and the cost of context switches.',
  group: 'Compute',
  icon: 'server',
  params,
  slices: ['serverCount', 'waitingRoom'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in the queue per request that arrived', formula: '∫ requests in line dt ÷ requests that arrived', inputs: ['waiting', 'arrivals'], total: (n: Service, now: number) => n.queueArea(now), per: (n: Service) => n.arrivedTotal() },
    serversPaid: { label: 'servers', unit: 'count', help: 'servers paid for: those that serve and those that start', inputs: ['serverCount', 'serverStart'], total: (n: Service, now: number) => n.scaling.paidArea(now) },
  },
  common: {
    utilisation: { inputs: ['serverCount', 'serviceTime'] },
    waiting: { inputs: ['serverCount', 'serviceTime', 'waitingRoom'] },
    latency: { inputs: ['wait', 'serviceTime'] },
  },
  evidence: { serviceTime: assumed('take it from your own measurements'), serverStart: assumed('a container, 10 s') },
  card: ['utilisation', 'waiting'],
  scales: true,
  face: { form: 'slots' },
  subtitle: (v) => counted(v.serverCount, 'server'),
  estimate: byHand,
  passes: (v, flow, weights) => {
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => (v.callPlan === 'one' ? { ...flow, rate: total > 0 ? (flow.rate * w) / total : 0 } : flow));
  },
  cost: (v) => [{ label: counted(v.serverCount, 'server'), usdPerHour: v.serverCount * v.pricePerServer, ...priced(v.pricePerServer, params.pricePerServer, assumed('a small cloud server, 2026')) }],
  faults: [...servingFaults, 'replicas', 'preemption'],
  migrations: [],
  build: (values, site) => new Service(values, site),
});
