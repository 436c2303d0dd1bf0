/** A service: servers with a service time and a bounded queue, which may call others before it answers. */
import { Downstream, WAITING } from '../engine/downstream.ts';
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { REFUSED, STARTED, Station } from '../engine/station.ts';
import { priceSource } from '../kit/cost.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, toggle, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';

const params = {
  serverCount: whole({ label: 'Servers', help: 'Requests served at the same time: threads, workers or machines.', unit: 'count', default: 8, min: 1, max: 1_000_000 }),
  serviceTime: distribution({ label: 'Service time', help: 'Time one request keeps one server busy, calls to others not counted.', unit: 'seconds', default: { shape: 'exponential', mean: 0.01, cv: 1 }, min: 0, max: 1e6 }),
  waitingRoom: whole({ label: 'Queue', help: 'Places to wait. When they are taken, requests are refused: queue full.', unit: 'requests', default: 1000, min: 0, max: 100_000_000 }),
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
  pricePerServer: real({ label: 'Price per server', help: 'What one server costs; take it from your own bill.', section: 'Cost', unit: 'usd/hour', default: 0.05, min: 0, max: 1000 }),
};

const DONE = 0;

class Service extends Node implements Component<Values<typeof params>> {
  private readonly station: Station;
  private readonly time: Sampler;
  private readonly draws: Stream;
  private readonly downstream: Downstream;
  private hold: boolean;
  /** Until it is first set, no call can have been started with it. */
  private everHeld: boolean;

  constructor(values: Values<typeof params>, site: Site) {
    super(site.net);
    this.station = new Station(site.net.calls, values.serverCount, values.waitingRoom);
    this.time = new Sampler(values.serviceTime);
    this.draws = site.stream('service');
    this.downstream = new Downstream(site.net, this, site.stream('choice'), values.callPlan, values.quorumSize);
    this.hold = values.holdServer;
    this.everHeld = values.holdServer;
  }

  retune(values: Values<typeof params>): void {
    this.time.set(values.serviceTime);
    this.downstream.plan = values.callPlan;
    this.downstream.quorum = values.quorumSize;
    this.hold = values.holdServer;
    this.station.resize(values.serverCount, values.waitingRoom);
    for (let call = this.station.draw(); call >= 0; call = this.station.draw()) this.serve(call);
  }

  arrive(call: number): void {
    const taken = this.station.offer(call);
    if (taken === STARTED) this.serve(call);
    else if (taken === REFUSED) this.net.fail(call, Code.queueFull);
  }

  private serve(call: number): void {
    if (this.everHeld) this.net.calls.setData(call, this.hold ? 1 : 0);
    this.net.afterDraw(this.time, this.draws, this.index, DONE, call);
  }

  override wake(_what: number, call: number): void {
    if (!this.held(call)) this.turn();
    if (this.out.length + this.asyncOut.length === 0) return this.finish(call, Code.answered);
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

  override queueArea(now: number): number {
    return this.station.queueArea(now);
  }
  override queueLongest(): number {
    return this.station.longest;
  }
  override busyArea(now: number): number {
    return this.station.busyArea(now);
  }
  override serverArea(now: number): number {
    return this.station.serverArea(now);
  }
  override face(cells: Float64Array): number {
    const shown = Math.min(32, this.station.servers);
    for (let i = 0; i < shown; i++) cells[i] = this.station.busy > (i * this.station.servers) / shown ? 1 : 0;
    return shown;
  }
}

function byHand(values: Values<typeof params>, flow: Flow) {
  const { serverCount: c, serviceTime } = values;
  const offered = flow.rate * serviceTime.mean;
  const cv = serviceTime.shape === 'exponential' ? 1 : serviceTime.shape === 'constant' ? 0 : serviceTime.cv;
  const wait = waitingTime(flow.rate, serviceTime.mean, c, flow.scv, cv * cv);
  return [
    { label: 'utilisation', value: Math.min(1, offered / c), unit: 'share', formula: 'arrival rate × service time ÷ servers', source: 'utilisation law', measure: 'utilisation', assumes: 'nothing is refused and no server is held for others' },
    { label: 'capacity', value: c / serviceTime.mean, unit: 'requests/second', formula: 'servers ÷ service time', source: 'utilisation law' },
    { label: 'mean wait', value: wait, unit: 'seconds', formula: '(Ca² + Cs²)/2 × Erlang-C wait', source: 'Allen and Cunneen 1990; exact for M/M/c', measure: 'wait', assumes: 'an unbounded queue and independent arrivals' },
    { label: 'in line', value: flow.rate * wait, unit: 'requests', formula: 'arrival rate × mean wait', source: 'Little 1961', measure: 'waiting', assumes: 'as for the wait' },
  ] as const;
}

/** Servers, service time, bounded queue; calls others in sequence, in parallel or by choice. */
export const service = defineKind({
  id: 'service',
  label: 'Service',
  doc: 'servers with a service time and a bounded queue; may call others before it answers',
  about: 'Requests wait in arrival order for one of the servers, are served for a random time, and then call what the service is wired to. It leaves out start-up, garbage collection and the cost of context switches.',
  group: 'Compute',
  icon: 'server',
  params,
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    wait: {
      label: 'mean wait',
      unit: 'seconds',
      help: 'time in the queue per request that arrived',
      total: (n: Service, now: number) => n.queueArea(now),
      per: (n: Service) => n.arrivedTotal(),
    },
  },
  card: ['utilisation', 'waiting'],
  face: { form: 'slots' },
  subtitle: (v) => `${v.serverCount.toLocaleString('en')} servers`,
  estimate: byHand,
  passes: (v, flow, weights) => {
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => (v.callPlan === 'one' ? { ...flow, rate: (flow.rate * w) / total } : flow));
  },
  cost: (v) => [{ label: `${v.serverCount} servers`, usdPerHour: v.serverCount * v.pricePerServer, source: priceSource(v.pricePerServer, params.pricePerServer, 'assumed: a small cloud server, 2026') }],
  faults: [],
  migrations: [],
  build: (values, site) => new Service(values, site),
});
