/** An API gateway: lets in who is known, asks for what makes sense, and has not used up a quota; then hands on to one of its wires. */
import { Level } from '../../engine/level.ts';
import { Node } from '../../engine/network.ts';
import type { Stream } from '../../engine/random.ts';
import { Code } from '../../engine/reasons.ts';
import { Sampler } from '../../engine/sampler.ts';
import { REFUSED, STARTED, Station } from '../../engine/station.ts';
import { priced } from '../../kit/cost.ts';
import { assumed, published } from '../../kit/evidence.ts';
import { servingFaults } from '../../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../../kit/kind.ts';
import { choice, distribution, real, table, text, whole, type Values } from '../../kit/param.ts';
import { isRefusal } from '../../kit/refusal.ts';
import { Quotas, type QuotaRules } from './quotas.ts';

type Loose = Readonly<Record<string, unknown>>;
const limited = (v: Loose): boolean => v.quotaMethod !== 'none';

const params = {
  authTime: distribution({ label: 'Authentication', help: 'Time to check who asks (assumed: 2 ms to ask another service).', section: 'Checks', unit: 'seconds', default: { shape: 'lognormal', mean: 0.002, cv: 1 }, min: 0, max: 60 }),
  authCached: real({ label: 'Known already', help: 'Share of requests whose caller was checked a short while ago; that takes no time (assumed).', section: 'Checks', unit: 'share', default: 0.9, min: 0, max: 1 }),
  authRefused: real({ label: 'Not let in', help: 'Share of requests from callers who may not ask. They are refused: invalid.', section: 'Checks', unit: 'share', default: 0, min: 0, max: 1 }),
  validationTime: distribution({ label: 'Validation', help: 'Time to check that a request makes sense (assumed: 0.2 ms).', section: 'Checks', unit: 'seconds', default: { shape: 'constant', mean: 0.0002, cv: 0 }, min: 0, max: 60 }),
  invalidShare: real({ label: 'Invalid', help: 'Share of requests that make no sense. They are refused: invalid.', section: 'Checks', unit: 'share', default: 0, min: 0, max: 1 }),
  quotaMethod: choice({
    label: 'Quotas',
    help: 'How a quota is counted. What is above it is refused: quota.',
    section: 'Quotas',
    options: [
      { value: 'none', label: 'none' },
      { value: 'bucket', label: 'token bucket', note: 'flows in steadily, bursts up to a limit' },
      { value: 'window', label: 'fixed window', note: 'so much per minute, say; all of it at once if wanted, so twice as much around the turn' },
    ],
    default: 'none',
  }),
  quotaScope: choice({
    label: 'Each',
    help: 'Who has a quota of their own.',
    section: 'Quotas',
    options: [
      { value: 'tenant', label: 'tenant' },
      { value: 'class', label: 'class of a tenant' },
      { value: 'everybody', label: 'everybody together' },
    ],
    default: 'tenant',
    shownWhen: limited,
  }),
  quotaCounting: choice({
    label: 'Counts',
    help: 'What one request draws.',
    section: 'Quotas',
    options: [
      { value: 'requests', label: 'requests', note: 'one each' },
      { value: 'tokens', label: 'tokens', note: 'input and output tokens, as if known beforehand' },
    ],
    default: 'requests',
    shownWhen: limited,
  }),
  quotaRate: real({ label: 'Quota per second', help: 'Requests or tokens a second, times the tenant’s weight.', section: 'Quotas', unit: 'count', default: 100, min: 0, max: 1e12, shownWhen: limited }),
  quotaBurst: real({ label: 'Burst', help: 'What may pass at once after a quiet time, times the tenant’s weight, at least one. Who needs more than this never passes.', section: 'Quotas', unit: 'count', default: 200, min: 0, max: 1e12, shownWhen: (v) => v.quotaMethod === 'bucket' }),
  quotaWindow: real({ label: 'Window', help: 'Length of a window; quota per second times this may pass in each.', section: 'Quotas', unit: 'seconds', default: 60, min: 0.001, max: 1e6, shownWhen: (v) => v.quotaMethod === 'window' }),
  quotaOwn: table({
    label: 'Own quotas',
    help: 'Tenants or classes with another quota than the one above.',
    section: 'Quotas',
    default: [],
    maxRows: 16,
    columns: {
      quotaName: text({ label: 'Tenant or class', help: 'Its name as set at the users.', default: 'team', maxLength: 40 }),
      quotaOwnRate: real({ label: 'Per second', help: 'Requests or tokens a second.', unit: 'count', default: 1000, min: 0, max: 1e12 }),
      quotaOwnBurst: real({ label: 'Burst', help: 'What may pass at once (token bucket).', unit: 'count', default: 2000, min: 0, max: 1e12 }),
    },
    shownWhen: limited,
  }),
  gatewayConcurrency: whole({ label: 'Concurrent requests', help: 'So many may be on their way behind the gateway; further ones wait.', section: 'Behind it', unit: 'requests', default: 10_000, min: 1, max: 100_000_000 }),
  gatewayRoom: whole({ label: 'Queue', help: 'Places to wait. When they are taken, requests are refused: queue full.', section: 'Behind it', unit: 'requests', default: 0, min: 0, max: 100_000_000 }),
  gatewayRouting: choice({
    label: 'Routing',
    help: 'Which of its wires a request takes; wires can be kept for some classes or tenants.',
    section: 'Behind it',
    options: [
      { value: 'weight', label: 'by weight' },
      { value: 'order', label: 'in order, next when refused' },
    ],
    default: 'weight',
  }),
  answerDelivery: choice({
    label: 'Answers',
    help: 'When what a language model writes goes to the client.',
    section: 'Answers',
    options: [
      { value: 'streamed', label: 'as they are written', note: 'token by token' },
      { value: 'whole', label: 'when complete', note: 'the first token comes with the last' },
    ],
    default: 'streamed',
  }),
  clientPace: distribution({ label: 'Pace of clients', help: 'Tokens a second that a client takes: slow phones, full pipes, tabs in the background. 0 is as fast as they come.', section: 'Answers', unit: 'tokens/second', default: { shape: 'constant', mean: 0, cv: 0 }, min: 0, max: 1e9 }),
  unreadHolds: choice({
    label: 'What is not taken yet',
    help: 'Where an answer waits for a client that is slower than the model.',
    section: 'Answers',
    options: [
      { value: 'connection', label: 'waits in the gateway', note: 'what wrote it is free' },
      { value: 'place', label: 'holds up who writes it', note: 'its place behind the gateway stays taken until the client has all of it' },
    ],
    default: 'connection',
    shownWhen: (v) => Number((v.clientPace as { mean?: number } | undefined)?.mean) > 0,
  }),
  requestPrice: real({ label: 'Price per million', help: 'What a million requests cost, let in or not.', section: 'Cost', unit: 'usd/million requests', default: 1, min: 0, max: 1e6 }),
  gatewayPrice: real({ label: 'Price per hour', help: 'What the gateway costs besides.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1e5 }),
};

const LIST = published('billed by the million requests: AWS API Gateway, HTTP APIs, us-east-1, $1.00 per million for the first 300 million a month, list price, 2025');

type GatewayValues = Values<typeof params>;

const CHECKED = 0;
const TAKEN = 1;

/** In a call's `data`: it is being checked; past that; answered in full but not yet taken by its client, without its place behind the gateway or with it. */
const CHECKING = 0;
const PAST = 1;
const UNREAD = 2;
const STALLED = 3;

const rulesOf = (v: GatewayValues): QuotaRules => ({
  method: v.quotaMethod,
  scope: v.quotaScope,
  rate: v.quotaRate,
  burst: v.quotaBurst,
  window: v.quotaWindow,
  own: v.quotaOwn.map((row) => ({ name: row.quotaName, rate: row.quotaOwnRate, burst: row.quotaOwnBurst })),
});

class ApiGateway extends Node implements Component<GatewayValues> {
  private readonly station: Station;
  private readonly quotas: Quotas;
  private readonly auth: Sampler;
  private readonly validation: Sampler;
  private readonly times: Stream;
  private readonly callers: Stream;
  private readonly choices: Stream;
  private readonly pace: Sampler;
  private readonly paces: Stream;
  private readonly unread = new Level();
  private spent = 0;
  private spentUntil: number;
  private billed = 0;
  /** Requests whose checks are over, and those of them that were refused: not let in, invalid, above their quota. */
  judged = 0;
  strangers = 0;
  invalid = 0;
  over = 0;
  admitted = 0;
  /** Seconds spent on checks, of calls checked. */
  seconds = 0;
  checked = 0;
  /** Answers that began to come, and those of them that broke off. */
  begun = 0;
  broken = 0;

  constructor(
    private values: GatewayValues,
    site: Site,
  ) {
    super(site.net);
    this.station = new Station(site.net.calls, values.gatewayConcurrency, values.gatewayRoom);
    this.quotas = new Quotas(site.net.clock, site.net.ledger, rulesOf(values));
    this.auth = new Sampler(values.authTime);
    this.validation = new Sampler(values.validationTime);
    this.times = site.stream('checks');
    this.callers = site.stream('callers');
    this.choices = site.stream('choice');
    this.pace = new Sampler(values.clientPace);
    this.paces = site.stream('paces');
    this.spentUntil = site.net.now;
  }

  retune(values: GatewayValues): void {
    this.spent = this.spentUsd(this.net.now);
    this.spentUntil = this.net.now;
    this.billed = this.arrivedTotal();
    this.values = values;
    this.auth.set(values.authTime);
    this.validation.set(values.validationTime);
    this.pace.set(values.clientPace);
    this.quotas.retune(rulesOf(values));
    this.station.resize(values.gatewayConcurrency, values.gatewayRoom);
    for (let call = this.station.draw(); call >= 0; call = this.station.draw()) this.forward(call);
  }

  /** Checks are made for any number of calls at once. */
  arrive(call: number): void {
    const { net, values } = this;
    net.calls.setData(call, CHECKING);
    const known = this.callers.uniform() < values.authCached;
    const seconds = ((known ? 0 : this.auth.draw(this.times)) + this.validation.draw(this.times)) * net.pace[this.index]!;
    this.seconds += seconds;
    this.checked++;
    if (seconds > 0) net.calls.setHandle(call, net.after(seconds, this.index, CHECKED, call));
    else this.judge(call);
  }

  override wake(what: number, call: number): void {
    if (what === CHECKED) return this.judge(call);
    this.taken(call);
    this.net.conclude(call, Code.answered);
  }

  private judge(call: number): void {
    const { authRefused, invalidShare } = this.values;
    this.judged++;
    if (authRefused > 0 && this.callers.uniform() < authRefused) {
      this.strangers++;
      this.net.fail(call, Code.invalid);
    } else if (invalidShare > 0 && this.callers.uniform() < invalidShare) {
      this.invalid++;
      this.net.fail(call, Code.invalid);
    } else if (!this.quotas.allows(this.net.calls.class(call), this.costOf(call))) {
      this.over++;
      this.net.fail(call, Code.quota);
    } else this.admit(call);
  }

  private costOf(call: number): number {
    if (this.values.quotaCounting === 'requests') return 1;
    const request = this.net.calls.request(call);
    return this.net.requests.input(request) + this.net.requests.output(request);
  }

  private admit(call: number): void {
    if (this.outOf(this.net.calls.class(call)).length === 0) return this.net.fail(call, Code.noHealthyTarget);
    this.net.calls.setData(call, PAST);
    const taken = this.station.offer(call);
    if (taken === REFUSED) return this.net.fail(call, Code.queueFull);
    this.admitted++;
    if (taken === STARTED) this.forward(call);
  }

  private forward(call: number): void {
    const { net, index, asyncOut } = this;
    const request = net.calls.request(call);
    const out = this.outOf(net.calls.class(call));
    for (let k = 0; k < asyncOut.length; k++) net.cast(asyncOut[k]!, request, index);
    if (out.length === 0) return this.finish(call, Code.noHealthyTarget);
    net.call(this.values.gatewayRouting === 'order' ? out[0]! : net.pick(out, this.choices), request, call, index);
  }

  override replied(child: number, parent: number): void {
    const code = this.net.calls.outcome(child);
    if (this.values.gatewayRouting === 'order' && isRefusal(code) && this.next(parent, this.net.calls.link(child))) return;
    this.finish(parent, code);
  }

  /** Tries the next wire for a call that was refused at the end of `link`; false when there is none. */
  private next(call: number, link: number): boolean {
    const { calls } = this.net;
    const out = this.outOf(calls.class(call));
    const k = out.indexOf(link) + 1;
    if (k >= out.length) return false;
    this.net.call(out[k]!, calls.request(call), call, this.index);
    return true;
  }

  private finish(call: number, code: number): void {
    if (this.net.requests.first(this.net.calls.request(call)) >= 0 && this.delivers(call, code)) return;
    this.freePlace();
    this.net.conclude(call, code);
  }

  /** Gives a streamed answer to its client; true where that takes longer than writing it took. */
  private delivers(call: number, code: number): boolean {
    const whole = this.values.answerDelivery === 'whole';
    if (code !== Code.answered) {
      if (!whole) this.breaks();
      return false;
    }
    this.begun++;
    const { net, pace } = this;
    const request = net.calls.request(call);
    if (whole) net.requests.setFirst(request, net.now);
    const tokensPerSecond = pace.draw(this.paces);
    if (tokensPerSecond <= 0) return false;
    const left = net.requests.first(request) + net.requests.output(request) / tokensPerSecond - net.now;
    if (left <= 0) return false;
    const stalls = this.values.unreadHolds === 'place';
    net.calls.setData(call, stalls ? STALLED : UNREAD);
    net.calls.setHandle(call, net.after(left, this.index, TAKEN, call));
    this.unread.add(1, net.now);
    if (!stalls) this.freePlace();
    return true;
  }

  private breaks(): void {
    this.begun++;
    this.broken++;
  }

  /** A client has all of its answer, or has gone. */
  private taken(call: number): void {
    this.unread.add(-1, this.net.now);
    if (this.net.calls.data(call) === STALLED) this.freePlace();
  }

  private freePlace(): void {
    const next = this.station.finish();
    if (next >= 0) this.forward(next);
  }

  override cancelled(call: number): void {
    const { calls, agenda } = this.net;
    const stage = calls.data(call);
    if (stage === PAST && !this.station.leave(call)) return this.net.cancelChildren(call);
    if (stage !== PAST) agenda.cancel(calls.handle(call));
    if (stage > PAST) this.taken(call);
    this.net.fail(call, Code.cancelled);
  }

  override reset(): void {
    this.station.reset();
    this.unread.set(0, this.net.now);
  }

  spentUsd(now: number): number {
    return this.spent + ((now - this.spentUntil) / 3600) * this.values.gatewayPrice + ((this.arrivedTotal() - this.billed) / 1e6) * this.values.requestPrice;
  }
  /** ∫ answers not yet taken by their clients dt. */
  unreadArea(now: number): number {
    return this.unread.area(now);
  }
  override queueArea(now: number): number {
    return this.station.queueArea(now);
  }
  override queueLongest(): number {
    return this.station.longest;
  }
  /** ∫ requests on their way behind the gateway dt; ∫ requests that may be dt. */
  behindArea(now: number): number {
    return this.station.busyArea(now);
  }
  mayArea(now: number): number {
    return this.station.serverArea(now);
  }
}

/** Share of calls that pass the checks; calls per second that may pass in the long run, where one quota is for all. */
const valid = (v: GatewayValues): number => (1 - v.authRefused) * (1 - v.invalidShare);
function allowed(v: GatewayValues, flow: Flow): number {
  if (v.quotaMethod === 'none' || v.quotaScope !== 'everybody') return Infinity;
  const cost = v.quotaCounting === 'requests' ? 1 : flow.inputTokens + flow.outputTokens;
  return cost > 0 ? v.quotaRate / cost : Infinity;
}
const passing = (v: GatewayValues, flow: Flow): number => Math.min(flow.rate * valid(v), allowed(v, flow));

/** Mean of 1 ÷ pace, in seconds per token: exact for constant and lognormal paces, and not known here for others. */
function secondsPerToken({ shape, mean, cv }: GatewayValues['clientPace']): number {
  if (mean <= 0) return 0;
  return shape === 'lognormal' ? (1 + cv * cv) / mean : shape === 'constant' || cv === 0 ? 1 / mean : NaN;
}

/** How many connections clients keep open by taking their answers. */
function taking(v: GatewayValues, flow: Flow, admitted: number) {
  const seconds = flow.outputTokens * secondsPerToken(v.clientPace);
  if (!(seconds > 0)) return [];
  return [{ label: 'connections of clients', value: admitted * seconds, unit: 'requests', formula: 'admitted × output tokens × mean of 1 ÷ pace', source: 'Little 1961', measure: 'inFlight', assumes: 'every client slower than the model, and the first token at once' }] as const;
}

function byHand(v: GatewayValues, flow: Flow) {
  const admitted = passing(v, flow);
  const assumes = 'enough concurrency, and no tenant above a quota of its own';
  return [
    { label: 'time for checks', value: (1 - v.authCached) * v.authTime.mean + v.validationTime.mean, unit: 'seconds', formula: '(1 − known) × authentication + validation', source: 'arithmetic', measure: 'overhead', assumes: 'enough requests for the shares to come out as set' },
    { label: 'admitted', value: admitted, unit: 'requests/second', formula: 'min(offered × let in × valid, quota)', source: 'flow balance', measure: 'admitted', assumes },
    { label: 'refused', value: flow.rate > 0 ? 1 - admitted / flow.rate : 0, unit: 'share', formula: '1 − admitted ÷ offered', source: 'flow balance', measure: 'refused', assumes },
    { label: 'capacity', value: allowed(v, flow), unit: 'requests/second', formula: 'quota for everybody ÷ what one request draws', source: 'token bucket (Turner 1986)', assumes, wall: 'rate limit' },
    { label: 'longest stay behind it', value: admitted > 0 ? v.gatewayConcurrency / admitted : Infinity, unit: 'seconds', formula: 'concurrent requests ÷ admitted per second', source: 'Little 1961: with longer ones the gateway fills up' },
    ...taking(v, flow, admitted),
    { label: 'bill', value: (flow.rate * 3600 * v.requestPrice) / 1e6 + v.gatewayPrice, unit: 'usd/hour', formula: 'requests per hour × price per million + price per hour', source: 'arithmetic', measure: 'bill', assumes: 'as many requests as are offered by hand' },
  ] as const;
}

function passes(v: GatewayValues, flow: Flow, weights: readonly number[]): Flow[] {
  const total = weights.reduce((a, b) => a + b, 0);
  const share = (w: number, k: number): number => (v.gatewayRouting === 'order' ? (k === 0 ? 1 : 0) : total > 0 ? w / total : 0);
  return weights.map((w, k) => ({ ...flow, rate: passing(v, flow) * share(w, k) }));
}

/** Checks, quotas, bounded concurrency, routing. */
export const apiGateway = defineKind({
  id: 'api-gateway',
  label: 'API gateway',
  doc: 'checks who asks and what, keeps quotas by tenant, bounds concurrency, and routes',
  about: 'Every request is checked first, any number at the same time: callers not seen lately take the time of an authentication, all take that of a validation. Who may not ask or asks for nonsense is refused as invalid, who is above their quota as quota. Quotas are kept for each tenant, class or for all together, in buckets or windows, in perfect agreement however many copies of the gateway there are. At most so many requests are on their way behind it; others wait in line or are refused. Answers of a language model pass through as they are written, or are held until they are complete; either way a client may take them more slowly than they come, and until it has all of one its connection stays open. Billed by the million requests. Left out: encryption, transformation of requests, caching, and the lag between copies of the counters.',
  group: 'Routing',
  icon: 'shield-check',
  params,
  slices: ['gatewayConcurrency', 'gatewayRoom', 'quotaRate', 'quotaBurst', 'quotaOwn.quotaOwnRate', 'quotaOwn.quotaOwnBurst', 'gatewayPrice'],
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  measures: {
    admitted: { label: 'admitted', unit: 'requests/second', help: 'requests that passed checks and quotas and found room', inputs: ['arrivals', 'refused'], total: (n: ApiGateway) => n.admitted },
    refused: { label: 'refused', unit: 'share', help: 'requests refused at the gateway, of those checked', formula: '(not let in + invalid + above quota) ÷ requests checked', inputs: ['arrivals', 'authRefused', 'invalidShare', 'overQuota'], total: (n: ApiGateway) => n.strangers + n.invalid + n.over, per: (n: ApiGateway) => n.judged },
    overQuota: { label: 'above quota', unit: 'share', help: 'requests refused because their quota was used up, of those checked', formula: 'requests above their quota ÷ requests checked', inputs: ['quotaRate', 'quotaBurst', 'quotaWindow'], total: (n: ApiGateway) => n.over, per: (n: ApiGateway) => n.judged },
    overhead: { label: 'time for checks', unit: 'seconds', help: 'authentication and validation, per request', formula: 'Σ time for checks ÷ requests checked', inputs: ['authTime', 'authCached', 'validationTime'], total: (n: ApiGateway) => n.seconds, per: (n: ApiGateway) => n.checked },
    concurrency: { label: 'concurrency used', unit: 'share', help: 'requests behind the gateway, of those that may be', formula: '∫ requests behind the gateway dt ÷ ∫ requests that may be there dt', inputs: ['gatewayConcurrency'], total: (n: ApiGateway, now: number) => n.behindArea(now), per: (n: ApiGateway, now: number) => n.mayArea(now), chart: 'utilisation' },
    unread: { label: 'not taken yet', unit: 'requests', help: 'answers that are complete and wait for their clients to take them', formula: '∫ such answers dt ÷ seconds', inputs: ['clientPace', 'answerDelivery'], total: (n: ApiGateway, now: number) => n.unreadArea(now) },
    broken: { label: 'broken off', unit: 'share', help: 'streamed answers that failed after their first token', formula: 'streams that failed ÷ streams that began and ended', inputs: ['answerDelivery'], total: (n: ApiGateway) => n.broken, per: (n: ApiGateway) => n.begun },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in line per request that arrived', formula: '∫ requests in line dt ÷ requests that came', inputs: ['waiting', 'arrivals', 'gatewayConcurrency'], total: (n: ApiGateway, now: number) => n.queueArea(now), per: (n: ApiGateway) => n.arrivedTotal() },
    bill: { label: 'bill', unit: 'usd/hour', help: 'what the gateway costs, requests included', formula: '(requests × price + hours × price per hour) ÷ hours', origin: 'modelled', inputs: ['arrivals', 'requestPrice', 'gatewayPrice'], total: (n: ApiGateway, now: number) => n.spentUsd(now) * 3600 },
  },
  common: { latency: { inputs: ['overhead', 'wait', 'unread'] } },
  evidence: {
    authTime: assumed('2 ms to ask another service'),
    authCached: assumed('nine of ten callers were checked a short while ago'),
    validationTime: assumed('0.2 ms to read and check a body'),
    requestPrice: LIST,
  },
  card: ['admitted', 'refused'],
  face: { form: 'bar', measure: 'concurrency' },
  strain: 'concurrency',
  subtitle: (v) => (v.quotaMethod === 'none' ? 'no quotas' : `${v.quotaRate.toLocaleString('en')} ${v.quotaCounting}/s each ${v.quotaScope === 'everybody' ? 'together' : v.quotaScope}`),
  estimate: byHand,
  passes,
  cost: (v) => [{ label: 'gateway, requests apart', usdPerHour: v.gatewayPrice, ...priced(v.gatewayPrice, params.gatewayPrice, LIST) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new ApiGateway(values, site),
});
