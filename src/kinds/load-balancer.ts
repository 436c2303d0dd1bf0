/** A load balancer: hands each call to exactly one of the components it is wired to. */
import { Node } from '../engine/network.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { takesBatches, type TakesBatches } from '../kit/batch.ts';
import { priced } from '../kit/cost.ts';
import { published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, real, whole, type Values } from '../kit/param.ts';

const params = {
  balancing: choice({
    label: 'Policy',
    help: 'Which target gets the next request.',
    options: [
      { value: 'round robin', label: 'round robin' },
      { value: 'random', label: 'random' },
      { value: 'weighted', label: 'weighted random', note: 'by the weight of each wire' },
      { value: 'least outstanding', label: 'least outstanding requests' },
      { value: 'least tokens', label: 'least outstanding tokens' },
      { value: 'power of two', label: 'best of a few at random', note: 'power of d choices: two are nearly as good as all' },
      { value: 'in order', label: 'in order, next when refused', note: 'the first wire, and the next one for what it turns away' },
      { value: 'consistent hash', label: 'consistent hash', note: 'the same key goes to the same target' },
    ],
    default: 'least outstanding',
  }),
  choiceCount: whole({ label: 'Looks at', help: 'So many targets, drawn at random; the one with the fewest calls gets the request.', unit: 'count', default: 2, min: 1, max: 100, shownWhen: (v) => v.balancing === 'power of two' }),
  healthInterval: real({ label: 'Health checks every', help: 'Every target is probed so often; 0 is never, then a target that is down still gets its share.', section: 'Health checks', unit: 'seconds', default: 0, min: 0, max: 3600 }),
  healthFailures: whole({ label: 'Out after', help: 'Failed probes in a row.', section: 'Health checks', unit: 'count', default: 3, min: 1, max: 100, shownWhen: (v) => Number(v.healthInterval) > 0 }),
  healthRecovery: whole({ label: 'Back after', help: 'Good probes in a row.', section: 'Health checks', unit: 'count', default: 2, min: 1, max: 100, shownWhen: (v) => Number(v.healthInterval) > 0 }),
  balancerPrice: real({ label: 'Price', help: 'What the balancer costs per hour.', section: 'Cost', unit: 'usd/hour', default: 0.0225, min: 0, max: 1000 }),
};

const PROBE = 0;

/** Probes in a row that went one way, and whether the target is in rotation. */
interface Standing {
  good: number;
  bad: number;
  out: boolean;
}

type Policy = Values<typeof params>['balancing'];

/** One routed request in this many is looked at for the imbalance measure. */
const SAMPLE = 64;

/** In a call's `misses`: it tries its targets in order. */
const IN_ORDER = -3;

/** What a target may say so that the next one is tried: it turned the call away and has not worked on it. */
const refusals: ReadonlySet<number> = new Set([Code.shed, Code.queueFull, Code.rateLimited, Code.quota, Code.circuitOpen, Code.noHealthyTarget, Code.outOfMemory]);

/** The first place from `k` to before `end` where nothing is under way; `end` if there is none. */
function idleFrom(loads: Int32Array, k: number, end: number): number {
  while (k < end && loads[k] !== 0) k++;
  return k;
}

/**
 * Where the lowest of `loads` from `start` to before `end` stands, looked for from `from` on and then around; of equal ones the first
 * found. Idle places are looked for by themselves first, without comparing (with 64 targets worth 2 % of the time of an event).
 */
function lowestOf(loads: Int32Array, start: number, end: number, from: number): number {
  const later = idleFrom(loads, from, end);
  if (later < end) return later;
  const earlier = idleFrom(loads, start, from);
  if (earlier < from) return earlier;
  let best = from;
  for (let k = from + 1; k < end && loads[best]! > 1; k++) if (loads[k]! < loads[best]!) best = k;
  for (let k = start; k < from && loads[best]! > 1; k++) if (loads[k]! < loads[best]!) best = k;
  return best;
}

class LoadBalancer extends Node implements Component<Values<typeof params>>, TakesBatches {
  private policy: Policy;
  /** What is known of targets by their probes, and how many are out of rotation; rotations by the list they are taken from. */
  private readonly standings = new Map<number, Standing>();
  private outOfRotation = 0;
  private rotations = new Map<Int32Array, Int32Array>();
  private probing = -1;
  private drawn = new Int32Array(2);
  probes = 0;
  inRotation = 0;
  private turn = 0;
  /** Set while the targets are asked: balancers in a circle must not ask each other for ever. */
  private looking = false;
  private routed = 0;
  private readonly draws: Stream;
  /** The wires last looked at: the first of them where their numbers run on without a gap, else −1. */
  private known: Int32Array | null = null;
  private first = -1;
  private loads = new Int32Array(0);
  /** Tokens under way per link, for the policy that looks at them. */
  private tokens = new Float64Array(16);
  private counting = false;
  /** Sums over sampled requests: calls at the busiest target, and calls at the average one. */
  busiest = 0;
  average = 0;

  constructor(
    private values: Values<typeof params>,
    site: Site,
  ) {
    super(site.net);
    this.policy = values.balancing;
    this.draws = site.stream('choice');
  }

  retune(values: Values<typeof params>): void {
    const { healthInterval } = this.values;
    this.values = values;
    this.policy = values.balancing;
    if (values.healthInterval !== healthInterval) this.begin();
  }

  /** Starts probing, or stops; without probes everybody is in rotation. */
  begin(): void {
    if (this.probing >= 0) this.net.agenda.cancel(this.probing);
    this.probing = -1;
    if (this.values.healthInterval > 0) this.probing = this.net.after(this.values.healthInterval, this.index, PROBE, 0);
    else this.forgive();
  }

  private forgive(): void {
    this.standings.clear();
    this.rotations.clear();
    this.outOfRotation = 0;
  }

  override reset(): void {
    this.probing = -1;
    this.tokens.fill(0);
    this.forgive();
  }

  override wake(): void {
    this.probing = this.net.after(this.values.healthInterval, this.index, PROBE, 0);
    for (let k = 0; k < this.out.length; k++) this.probe(this.out[k]!);
    this.outOfRotation = this.out.filter((link) => this.standings.get(link)!.out).length;
    this.probes++;
    this.inRotation += this.out.length - this.outOfRotation;
  }

  private probe(link: number): void {
    let standing = this.standings.get(link);
    if (standing === undefined) this.standings.set(link, (standing = { good: 0, bad: 0, out: false }));
    if (this.net.reachable(link)) {
      standing.good++;
      standing.bad = 0;
    } else {
      standing.bad++;
      standing.good = 0;
    }
    if (standing.out ? standing.good < this.values.healthRecovery : standing.bad < this.values.healthFailures) return;
    standing.out = !standing.out;
    this.rotations.clear();
  }

  /** The targets a call may go to now. */
  private targets(call: number): Int32Array {
    const open = this.open(call);
    return this.outOfRotation === 0 ? open : this.rotation(open);
  }

  private open(call: number): Int32Array {
    return this.routes === null ? this.out : this.outOf(this.net.calls.class(call));
  }

  private rotation(open: Int32Array): Int32Array {
    let left = this.rotations.get(open);
    if (left === undefined) this.rotations.set(open, (left = open.filter((link) => this.standings.get(link)?.out !== true)));
    return left;
  }

  /** A batch goes through whole where every target can take it. */
  get takesBatches(): boolean {
    if (this.looking || this.out.length === 0) return false;
    const { nodes, links } = this.net;
    this.looking = true;
    const all = this.out.every((link) => takesBatches(nodes[links[link]!.to]!));
    this.looking = false;
    return all;
  }

  arrive(call: number): void {
    const { net } = this;
    const out = this.targets(call);
    const request = net.calls.request(call);
    if (out.length === 0) return net.fail(call, Code.noHealthyTarget);
    if (this.policy === 'in order') net.calls.setMisses(call, IN_ORDER);
    const link = out.length === 1 ? out[0]! : this.choose(out, request);
    if (++this.routed % SAMPLE === 0) this.sample(out);
    if (this.policy === 'least tokens') this.addTokens(link, this.size(request));
    net.call(link, request, call, this.index);
  }

  override replied(child: number, parent: number): void {
    if (this.counting) this.takeTokens(this.net.calls.link(child), this.size(this.net.calls.request(child)));
    if (this.net.calls.misses(parent) === IN_ORDER && refusals.has(this.net.calls.outcome(child)) && this.next(parent, this.net.calls.link(child))) return;
    super.replied(child, parent);
  }

  private size(request: number): number {
    return this.net.requests.input(request) + this.net.requests.output(request);
  }

  /** Tries the next target in rotation for a call that the one at the end of `link` has refused; false when there is none. */
  private next(call: number, link: number): boolean {
    const open = this.open(call);
    // Places in the rotation may have moved meanwhile, those among all wires have not.
    for (let k = open.indexOf(link) + 1; k < open.length; k++) {
      if (this.standings.get(open[k]!)?.out === true) continue;
      this.net.call(open[k]!, this.net.calls.request(call), call, this.index);
      return true;
    }
    return false;
  }

  private takeTokens(link: number, by: number): void {
    if (link < this.tokens.length) this.tokens[link] = Math.max(0, this.tokens[link]! - by);
  }

  private addTokens(link: number, by: number): void {
    this.counting = true;
    if (link >= this.tokens.length) {
      const wider = new Float64Array(link * 2);
      wider.set(this.tokens);
      this.tokens = wider;
    }
    this.tokens[link]! += by;
  }

  private choose(out: Int32Array, request: number): number {
    if (this.policy === 'least outstanding') return this.leastOutstanding(out);
    switch (this.policy) {
      case 'round robin':
        return out[this.turn++ % out.length]!;
      case 'random':
        return out[this.draws.below(out.length)]!;
      case 'weighted':
        return this.net.pick(out, this.draws);
      case 'least tokens':
        return this.leastTokens(out);
      case 'power of two':
        return this.values.choiceCount === 2 ? this.betterOfTwo(out) : this.bestOf(this.values.choiceCount, out);
      case 'in order':
        return out[0]!;
      case 'consistent hash':
        return this.hashed(out, this.net.requests.key(request));
    }
  }

  /** The target with the fewest calls under way, ties going round so that idle targets share. */
  private leastOutstanding(out: Int32Array): number {
    if (out !== this.known) this.learn(out);
    const { outstanding } = this.net;
    const n = out.length;
    const turn = this.turn < n ? this.turn : 0;
    const { first } = this;
    const k = first < 0 ? lowestOf(this.gathered(out), 0, n, turn) : lowestOf(outstanding, first, first + n, first + turn) - first;
    // Behind the one taken: those before it were busy a moment ago (a third of the steps that a turn of its own would take).
    this.turn = k + 1;
    return out[k]!;
  }

  private learn(out: Int32Array): void {
    this.known = out;
    this.first = out.every((link, k) => link === out[0]! + k) ? out[0]! : -1;
    if (this.loads.length < out.length) this.loads = new Int32Array(out.length);
  }

  private gathered(out: Int32Array): Int32Array {
    const { outstanding } = this.net;
    for (let k = 0; k < out.length; k++) this.loads[k] = outstanding[out[k]!]!;
    return this.loads;
  }

  /** The target with the fewest tokens under way. */
  private leastTokens(out: Int32Array): number {
    let best = out[0]!;
    for (let k = 1; k < out.length; k++) if ((this.tokens[out[k]!] ?? 0) < (this.tokens[best] ?? 0)) best = out[k]!;
    return best;
  }

  private betterOfTwo(out: Int32Array): number {
    const i = this.draws.below(out.length);
    const k = this.draws.below(out.length - 1);
    const a = out[i]!;
    const b = out[k < i ? k : k + 1]!;
    return this.net.outstanding[b]! < this.net.outstanding[a]! ? b : a;
  }

  /** The least busy of `count` different targets drawn at random; the first drawn of equals. */
  private bestOf(count: number, out: Int32Array): number {
    const some = Math.min(count, out.length);
    if (this.drawn.length < some) this.drawn = new Int32Array(some);
    const { drawn } = this;
    let best = -1;
    for (let n = 0; n < some; ) {
      const k = this.draws.below(out.length);
      if (drawn.subarray(0, n).includes(k)) continue;
      drawn[n++] = k;
      if (best < 0 || this.net.outstanding[out[k]!]! < this.net.outstanding[best]!) best = out[k]!;
    }
    return best;
  }

  /** Rendezvous hashing (Thaler and Ravishankar 1998): adding a target moves only the keys it takes over. */
  private hashed(out: Int32Array, key: number): number {
    let best = out[0]!;
    let highest = -1;
    for (let k = 0; k < out.length; k++) {
      let h = Math.imul(key ^ Math.imul(out[k]! + 1, 0x9e3779b1), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      h = (h ^ (h >>> 16)) >>> 0;
      if (h > highest) {
        highest = h;
        best = out[k]!;
      }
    }
    return best;
  }

  private sample(out: Int32Array): void {
    let most = 0;
    let sum = 0;
    for (let k = 0; k < out.length; k++) {
      const n = this.net.outstanding[out[k]!]!;
      sum += n;
      if (n > most) most = n;
    }
    this.busiest += most;
    this.average += sum / out.length;
  }
}

/** Even shares, or shares by weight where the policy goes by weight; in order, all to the first (what it refuses is not known by hand). By key, each target sees keys of its own. */
function split(values: Values<typeof params>, flow: Flow, weights: readonly number[]): Flow[] {
  if (values.balancing === 'in order') return weights.map((_, k) => (k === 0 ? flow : { ...flow, rate: 0 }));
  const total = values.balancing === 'weighted' ? weights.reduce((a, b) => a + b, 0) : weights.length;
  const share = (w: number): number => (total > 0 ? (values.balancing === 'weighted' ? w : 1) / total : 0);
  const keys = (w: number): number => (values.balancing === 'consistent hash' ? Math.max(1, Math.round(flow.keys * share(w))) : flow.keys);
  // Splitting at random makes arrivals more Poisson; round robin makes them more regular (Whitt 1983, QNA).
  return weights.map((w) => ({ ...flow, keys: keys(w), rate: flow.rate * share(w), scv: values.balancing === 'round robin' ? flow.scv * share(w) : 1 + share(w) * (flow.scv - 1) }));
}

/** Routes each call to one target by a policy. */
export const loadBalancer = defineKind({
  id: 'load-balancer',
  label: 'Load balancer',
  doc: 'hands each request to one of its targets, by a policy',
  about: 'Sends every call to exactly one of the wires that leave it and passes the answer back. It takes no time of its own and never refuses while it has a target. With health checks it probes its targets and leaves out those that do not answer (down, hung or cut off) until they do again; slow ones, and those that fail only a share, pass.',
  group: 'Routing',
  icon: 'split',
  params,
  slices: [],
  ports: { in: 'call', out: [{ wire: 'call', max: 2000 }] },
  measures: {
    imbalance: { label: 'imbalance', unit: 'ratio', help: 'calls at the busiest target over calls at the average one', formula: '∫ calls at the busiest target dt ÷ ∫ calls at the average one dt', inputs: ['balancing', 'choiceCount'], total: (n: LoadBalancer) => n.busiest, per: (n: LoadBalancer) => n.average },
    healthy: { label: 'in rotation', unit: 'count', help: 'targets that pass their health checks, as seen at each round of probes', formula: 'Σ targets that pass ÷ rounds of probes', inputs: ['healthInterval', 'healthFailures', 'healthRecovery'], total: (n: LoadBalancer) => n.inRotation, per: (n: LoadBalancer) => n.probes },
  },
  common: { answers: { inputs: ['balancing'] } },
  card: ['answers', 'imbalance'],
  face: { form: 'spark', measure: 'arrivals' },
  subtitle: (v) => v.balancing,
  estimate: (_values, flow) => [
    { label: 'routed', value: flow.rate, unit: 'requests/second', formula: 'all that arrives', source: 'flow balance', measure: 'arrivals', assumes: 'nobody asks again' },
    { label: 'answered', value: flow.rate, unit: 'requests/second', formula: 'all that arrives', source: 'flow balance', measure: 'answers', assumes: 'nothing fails behind it' },
  ],
  passes: split,
  cost: (v) => [{ label: 'load balancer', usdPerHour: v.balancerPrice, ...priced(v.balancerPrice, params.balancerPrice, published('AWS Application Load Balancer, us-east-1 list price per hour without capacity units, 2026 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new LoadBalancer(values, site),
});
