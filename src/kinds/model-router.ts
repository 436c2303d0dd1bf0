/** A model router: sends each request to the smallest model that will do, as far as it can tell, or tries the small one first. */
import { Node } from '../engine/network.ts';
import { Code } from '../engine/reasons.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { priced } from '../kit/cost.ts';
import { assumed } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, table, text, whole, type Values } from '../kit/param.ts';

const params = {
  routingPolicy: choice({
    label: 'Policy',
    help: 'Who answers. Wires lead to the models in their order, the smallest first.',
    options: [
      { value: 'difficulty', label: 'by difficulty', note: 'judged beforehand, with errors' },
      { value: 'cascade', label: 'small one first', note: 'and the next when its answer is not good enough' },
      { value: 'largest', label: 'all to the largest' },
      { value: 'weight', label: 'by weight', note: 'at random, whatever is asked' },
    ],
    default: 'difficulty',
  }),
  modelTiers: table({
    label: 'Models',
    help: 'In the order of the wires. A wire without a row is like the last row.',
    default: [
      { tierName: 'small', tierShare: 60, tierQuality: 0.9, tierPrice: 0.1 },
      { tierName: 'large', tierShare: 40, tierQuality: 0.95, tierPrice: 2 },
    ],
    maxRows: 8,
    columns: {
      tierName: text({ label: 'Name', help: 'For people only.', default: 'model', maxLength: 40 }),
      tierShare: real({ label: 'Share', help: 'Relative share of requests for which this is the smallest model that will do.', unit: 'count', default: 1, min: 0, max: 1e6 }),
      tierQuality: real({ label: 'Quality', help: 'Of its answers to requests it is large enough for: 0 useless, 1 perfect (assumed; take it from your own evaluation).', unit: 'share', default: 0.9, min: 0, max: 1 }),
      tierPrice: real({ label: 'Price', help: 'USD per million tokens, in and out; only to attribute cost (assumed).', unit: 'usd/million tokens', default: 1, min: 0, max: 100_000 }),
    },
  }),
  tooHardQuality: real({ label: 'Too hard', help: 'Quality of an answer by a model that is too small for the request (assumed).', section: 'Quality', unit: 'share', default: 0.4, min: 0, max: 1 }),
  routerAccuracy: real({ label: 'Right judgement', help: 'Share of requests judged rightly before they are sent; the others go to a neighbour of the right model (assumed).', section: 'Quality', unit: 'share', default: 0.9, min: 0, max: 1, shownWhen: (v) => v.routingPolicy === 'difficulty' }),
  judgeAccuracy: real({ label: 'Right judgement', help: 'Share of answers judged rightly as good enough or not (assumed).', section: 'Quality', unit: 'share', default: 0.9, min: 0, max: 1, shownWhen: (v) => v.routingPolicy === 'cascade' }),
  difficultyOf: choice({
    label: 'Difficulty',
    help: 'What decides which model a request needs.',
    section: 'Quality',
    options: [
      { value: 'request', label: 'chance, for each request' },
      { value: 'key', label: 'what is asked for', note: 'the same key is always as hard' },
    ],
    default: 'request',
  }),
  routerTime: distribution({ label: 'Time to judge', help: 'Of each request before it is sent, or each answer in a cascade (assumed: a small classifier, 5 ms).', unit: 'seconds', default: { shape: 'constant', mean: 0.005, cv: 0 }, min: 0, max: 60 }),
  overflowAt: whole({ label: 'Full at', help: 'A model with so many requests under way counts as full, and the request goes elsewhere. 0 is never.', section: 'Overflow', unit: 'requests', default: 0, min: 0, max: 10_000_000 }),
  overflowTo: choice({
    label: 'Then to',
    help: 'Where a request goes when its model is full; if there is no room in that direction, it stays.',
    section: 'Overflow',
    options: [
      { value: 'smaller', label: 'a smaller one', note: 'keeps the promise on time, costs quality' },
      { value: 'larger', label: 'a larger one', note: 'keeps quality, costs money' },
    ],
    default: 'smaller',
    shownWhen: (v) => Number(v.overflowAt) > 0,
  }),
  routerPrice: real({ label: 'Price', help: 'What the router costs per hour.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
};

type RouterValues = Values<typeof params>;

const JUDGED = 0;
const ANSWER_JUDGED = 1;

/** In a call's `misses` while a request or an answer is being judged, and nothing is out. */
const JUDGING = -7;
const SENT = -1;

/** Cumulative shares of requests by the smallest of so many models that will do; rows beyond count with the last. */
function needs(v: RouterValues, models: number): number[] {
  const shares = Array.from({ length: models }, (_, k) => v.modelTiers[k]?.tierShare ?? 0);
  for (let k = models; k < v.modelTiers.length; k++) shares[models - 1]! += v.modelTiers[k]!.tierShare;
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => (total > 0 ? share / total : 1 / models));
}

const rowOf = (v: RouterValues, k: number) => v.modelTiers[Math.min(k, v.modelTiers.length - 1)];
const quality = (v: RouterValues, k: number, needed: number): number => (k >= needed ? (rowOf(v, k)?.tierQuality ?? 1) : v.tooHardQuality);

// A call's `counter` is the wire it is on, `data` the smallest wire that will do.

class ModelRouter extends Node implements Component<RouterValues> {
  private readonly time: Sampler;
  private readonly times: Stream;
  private readonly difficulties: Stream;
  private readonly errors: Stream;
  private readonly choices: Stream;
  private readonly salt: number;
  /** Shares by need, for the number of wires there last were. */
  private shares: number[] = [];
  /** Sum of the quality of answers; answers, and those by wire; requests sent to too small a model, sent elsewhere because it was full, asked again. */
  good = 0;
  goodTokens = 0;
  answers = 0;
  first = 0;
  last = 0;
  mistakes = 0;
  overflows = 0;
  escalations = 0;
  sent = 0;
  usd = 0;
  tokens = 0;

  constructor(
    private values: RouterValues,
    site: Site,
  ) {
    super(site.net);
    this.time = new Sampler(values.routerTime);
    this.times = site.stream('times');
    this.difficulties = site.stream('difficulty');
    this.errors = site.stream('errors');
    this.choices = site.stream('choice');
    this.salt = this.difficulties.below(0x7fffffff);
  }

  retune(values: RouterValues): void {
    this.values = values;
    this.time.set(values.routerTime);
    this.shares = [];
  }

  arrive(call: number): void {
    const { calls } = this.net;
    const out = this.outOf(calls.class(call));
    if (out.length === 0) return this.net.fail(call, Code.noHealthyTarget);
    calls.setData(call, this.need(call, out.length));
    if (this.values.routingPolicy === 'difficulty') this.ponder(call, JUDGED);
    else this.route(call);
  }

  /** Takes its time to judge. */
  private ponder(call: number, what: number): void {
    const { calls } = this.net;
    if (this.values.routerTime.mean === 0) return this.wake(what, call);
    calls.setMisses(call, JUDGING);
    calls.setHandle(call, this.net.afterWork(this.time, this.times, this.index, what, call));
  }

  /** The smallest wire that will do for a request. */
  private need(call: number, models: number): number {
    if (this.shares.length !== models) this.shares = needs(this.values, models);
    let at = this.values.difficultyOf === 'key' ? this.hashed(this.net.requests.key(this.net.calls.request(call))) : this.difficulties.uniform();
    for (let k = 0; k < models - 1; k++) if ((at -= this.shares[k]!) < 0) return k;
    return models - 1;
  }

  /** A number 0 … 1 that belongs to a key. */
  private hashed(key: number): number {
    let h = Math.imul(key ^ this.salt, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
  }

  override wake(what: number, call: number): void {
    if (what === JUDGED) this.route(call);
    else this.judge(call);
  }

  /** Sends a request on its way for the first time. */
  private route(call: number): void {
    const { calls } = this.net;
    const { asyncOut } = this;
    const out = this.outOf(calls.class(call));
    if (out.length === 0) return this.net.fail(call, Code.noHealthyTarget);
    for (let k = 0; k < asyncOut.length; k++) this.net.cast(asyncOut[k]!, calls.request(call), this.index);
    this.sent++;
    this.send(call, this.spared(out, this.choose(out, Math.min(calls.data(call), out.length - 1))), out);
  }

  private choose(out: Int32Array, needed: number): number {
    switch (this.values.routingPolicy) {
      case 'cascade':
        return 0;
      case 'largest':
        return out.length - 1;
      case 'weight':
        return out.indexOf(this.net.pick(out, this.choices));
      case 'difficulty':
        return this.judged(out.length, needed);
    }
  }

  /** The wire a request seems to need: the right one, or one of its neighbours. */
  private judged(models: number, needed: number): number {
    if (models === 1 || this.errors.uniform() < this.values.routerAccuracy) return needed;
    if (needed === 0) return 1;
    if (needed === models - 1) return models - 2;
    return this.errors.uniform() < 0.5 ? needed - 1 : needed + 1;
  }

  /** That wire, or the nearest with room in the direction of overflow if it is full. */
  private spared(out: Int32Array, chosen: number): number {
    const { overflowAt, overflowTo } = this.values;
    const { outstanding } = this.net;
    if (overflowAt === 0 || outstanding[out[chosen]!]! < overflowAt) return chosen;
    const step = overflowTo === 'smaller' ? -1 : 1;
    for (let k = chosen + step; k >= 0 && k < out.length; k += step) {
      if (outstanding[out[k]!]! >= overflowAt) continue;
      this.overflows++;
      return k;
    }
    return chosen;
  }

  private send(call: number, k: number, out: Int32Array): void {
    const { calls } = this.net;
    calls.setCounter(call, k);
    calls.setMisses(call, SENT);
    this.net.call(out[k]!, calls.request(call), call, this.index);
  }

  override replied(child: number, parent: number): void {
    const { calls } = this.net;
    const code = calls.outcome(child);
    if (code !== Code.answered) return this.net.fail(parent, code);
    this.attribute(calls.request(parent), calls.counter(parent));
    if (this.values.routingPolicy !== 'cascade' || calls.counter(parent) + 1 >= this.outOf(calls.class(parent)).length) this.finish(parent);
    else this.ponder(parent, ANSWER_JUDGED);
  }

  /** Looks at an answer in a cascade: it is given, or the next model is asked. */
  private judge(call: number): void {
    const { calls } = this.net;
    const out = this.outOf(calls.class(call));
    const k = calls.counter(call);
    const right = this.errors.uniform() < this.values.judgeAccuracy;
    if (k >= calls.data(call) === right || k + 1 >= out.length) return this.finish(call);
    this.escalations++;
    this.send(call, k + 1, out);
  }

  /** Books what an answer of model `k` costs. */
  private attribute(request: number, k: number): void {
    const tokens = this.net.requests.input(request) + this.net.requests.output(request);
    this.tokens += tokens;
    this.usd += (tokens / 1e6) * (rowOf(this.values, k)?.tierPrice ?? 0);
  }

  private finish(call: number): void {
    const { calls } = this.net;
    const k = calls.counter(call);
    this.answers++;
    const good = quality(this.values, k, calls.data(call));
    const request = calls.request(call);
    this.good += good;
    this.goodTokens += good * (this.net.requests.input(request) + this.net.requests.output(request));
    if (k < calls.data(call)) this.mistakes++;
    if (k === 0) this.first++;
    if (k + 1 >= this.outOf(calls.class(call)).length) this.last++;
    this.net.answer(call);
  }

  override cancelled(call: number): void {
    const { calls, agenda } = this.net;
    if (calls.misses(call) !== JUDGING) return this.net.cancelChildren(call);
    agenda.cancel(calls.handle(call));
    this.net.fail(call, Code.cancelled);
  }
}

/** By hand: for each smallest model that will do (row) the share of its requests that reach each model, and that are answered by it. */
function followed(v: RouterValues, weights: readonly number[]): { readonly reach: number[][]; readonly stay: number[][] } {
  const n = weights.length;
  const total = weights.reduce((a, b) => a + b, 0);
  const wrong = 1 - v.routerAccuracy;
  const judged = (m: number, k: number): number => {
    if (n === 1 || k === m) return n === 1 ? 1 : v.routerAccuracy;
    if (Math.abs(k - m) > 1) return 0;
    return m === 0 || m === n - 1 ? wrong : wrong / 2;
  };
  const reach = Array.from({ length: n }, (_, m) =>
    weights.map((w, k) => {
      switch (v.routingPolicy) {
        case 'weight': return total > 0 ? w / total : 0;
        case 'largest': return k === n - 1 ? 1 : 0;
        case 'difficulty': return judged(m, k);
        case 'cascade': return Array.from({ length: k }, (__, j) => (j < m ? v.judgeAccuracy : 1 - v.judgeAccuracy)).reduce((a, b) => a * b, 1);
      }
    }),
  );
  const stay = v.routingPolicy === 'cascade' ? reach.map((row) => row.map((r, k) => r - (row[k + 1] ?? 0))) : reach;
  return { reach, stay };
}

/** Σ over needs and models. */
const summed = (v: RouterValues, table: number[][], of: (k: number, m: number) => number): number => {
  const shares = needs(v, table.length);
  return table.reduce((sum, row, m) => sum + shares[m]! * row.reduce((s, x, k) => s + x * of(k, m), 0), 0);
};

function byHand(v: RouterValues, flow: Flow) {
  const { reach, stay } = followed(v, v.modelTiers.map(() => 1));
  const tokens = flow.inputTokens + flow.outputTokens;
  const price = (k: number): number => rowOf(v, k)?.tierPrice ?? 0;
  const good = summed(v, stay, (k, m) => quality(v, k, m));
  const assumes = 'as many wires as rows, of equal weight, no overflow and no failures';
  const source = 'total probability';
  return [
    { label: 'quality', value: good, unit: 'share', formula: 'Σ share × P(answered by model) × its quality', source, measure: 'quality', assumes },
    { label: 'answered by the last', value: summed(v, stay, (k) => (k === stay.length - 1 ? 1 : 0)), unit: 'share', formula: 'Σ share × P(answered by the last)', source, measure: 'toLast', assumes },
    { label: 'asked again', value: summed(v, reach, (k) => (k > 0 && v.routingPolicy === 'cascade' ? 1 : 0)), unit: 'ratio', formula: 'Σ share × P(reaches the second, third …)', source, measure: 'escalated', assumes },
    { label: 'cost attributed', value: summed(v, reach, (k) => price(k)) * tokens, unit: 'usd/million requests', formula: 'Σ share × P(reaches model) × price × tokens', source, measure: 'attributed', assumes },
    { label: 'quality-weighted price', value: good > 0 ? summed(v, reach, (k) => price(k)) / good : 0, unit: 'usd/million tokens', formula: 'Σ share × P(reaches model) × price ÷ quality', source, measure: 'perGoodTokens', assumes },
  ] as const;
}

function passes(v: RouterValues, flow: Flow, weights: readonly number[]): Flow[] {
  const { reach } = followed(v, weights);
  return weights.map((_, k) => {
    const share = summed(v, reach, (j) => (j === k ? 1 : 0));
    // A share taken at random makes arrivals more Poisson (Whitt 1983, QNA).
    return { ...flow, rate: flow.rate * share, scv: 1 + Math.min(1, share) * (flow.scv - 1) };
  });
}

/** Routes to models by difficulty, or in a cascade. */
export const modelRouter = defineKind({
  id: 'model-router',
  label: 'Model router',
  doc: 'sends each request to the smallest model that will do, or tries the small one first',
  about: 'Every request has a smallest model that will do, drawn for the request or fixed by what it asks for. The router judges it beforehand, and where it errs takes a neighbour; or it lets the smallest model answer, judges the answer and asks the next one if it does not seem good enough, errors either way included (a cascade as in FrugalGPT, Chen et al. 2023). A model that has too much under way can be passed over. Quality is that of the model where it is large enough and a low one where it is not; costs are attributed by tokens and prices and are not part of the bill, which the models’ own components make. Judging takes its time and happens for any number of requests at once. Left out: that errors cluster on certain requests, and answers of different length from different models.',
  group: 'Routing',
  icon: 'route',
  params,
  slices: ['overflowAt'],
  ports: { in: 'call', out: [{ wire: 'call', max: 20 }] },
  measures: {
    quality: { label: 'quality', unit: 'share', help: 'mean quality of an answer', formula: 'Σ quality of the answers ÷ answers', origin: 'modelled', inputs: ['toFirst', 'toLast', 'tooSmall', 'tooHardQuality', 'modelTiers'], total: (n: ModelRouter) => n.good, per: (n: ModelRouter) => n.answers },
    goodAnswers: { label: 'quality-weighted answers', unit: 'requests/second', help: 'answers a second, each counted by its quality', origin: 'modelled', inputs: ['answers', 'quality'], total: (n: ModelRouter) => n.good },
    toFirst: { label: 'by the first', unit: 'share', help: 'answers of the first wire', formula: 'answers of the first wire ÷ answers', inputs: ['routingPolicy', 'routerAccuracy', 'judgeAccuracy'], total: (n: ModelRouter) => n.first, per: (n: ModelRouter) => n.answers },
    toLast: { label: 'by the last', unit: 'share', help: 'answers of the last wire', formula: 'answers of the last wire ÷ answers', inputs: ['routingPolicy', 'routerAccuracy', 'judgeAccuracy'], total: (n: ModelRouter) => n.last, per: (n: ModelRouter) => n.answers },
    tooSmall: { label: 'too small a model', unit: 'share', help: 'answers by a model too small for the request', formula: 'answers by too small a model ÷ answers', inputs: ['routerAccuracy', 'judgeAccuracy'], total: (n: ModelRouter) => n.mistakes, per: (n: ModelRouter) => n.answers },
    escalated: { label: 'asked again', unit: 'ratio', help: 'further models asked per request, because an answer did not seem good enough', formula: 'further models asked ÷ requests sent', inputs: ['judgeAccuracy'], total: (n: ModelRouter) => n.escalations, per: (n: ModelRouter) => n.sent },
    overflowed: { label: 'overflow', unit: 'share', help: 'requests sent elsewhere because their model was full', formula: 'requests sent elsewhere ÷ requests sent', inputs: ['overflowAt', 'overflowTo'], total: (n: ModelRouter) => n.overflows, per: (n: ModelRouter) => n.sent },
    attributed: { label: 'cost attributed', unit: 'usd/million requests', help: 'tokens of the models asked at their prices, per million requests answered', formula: '10⁶ × Σ tokens × price of the model asked ÷ requests answered', origin: 'modelled', inputs: ['answers', 'modelTiers'], total: (n: ModelRouter) => n.usd * 1e6, per: (n: ModelRouter) => n.answers },
    perTokens: { label: 'mean price', unit: 'usd/million tokens', help: 'cost attributed per million tokens', formula: '10⁶ × Σ tokens × price of the model asked ÷ tokens', origin: 'modelled', inputs: ['modelTiers'], total: (n: ModelRouter) => n.usd * 1e6, per: (n: ModelRouter) => n.tokens },
    perGoodTokens: { label: 'quality-weighted price', unit: 'usd/million tokens', help: 'cost attributed per million tokens of answers and their prompts, each counted by the quality of the answer', formula: '10⁶ × Σ tokens × price of the model asked ÷ Σ tokens × quality of the answer', origin: 'modelled', inputs: ['perTokens', 'quality'], total: (n: ModelRouter) => n.usd * 1e6, per: (n: ModelRouter) => n.goodTokens },
  },
  common: { latency: { inputs: ['escalated', 'routerTime'] } },
  evidence: {
    modelTiers: assumed('take qualities from your own evaluation, and prices from your own contract'),
    tooHardQuality: assumed('take it from your own evaluation'),
    routerAccuracy: assumed('take it from your own evaluation'),
    judgeAccuracy: assumed('take it from your own evaluation'),
    routerTime: assumed('a small classifier, 5 ms'),
  },
  card: ['quality', 'toLast'],
  face: { form: 'bar', measure: 'toLast' },
  subtitle: (v) => (v.routingPolicy === 'cascade' ? 'small one first' : v.routingPolicy === 'largest' ? 'all to the largest' : v.routingPolicy === 'weight' ? 'by weight' : 'by difficulty'),
  estimate: byHand,
  passes,
  cost: (v) => [{ label: 'router', usdPerHour: v.routerPrice, ...priced(v.routerPrice, params.routerPrice, assumed('part of the calling service')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new ModelRouter(values, site),
});
