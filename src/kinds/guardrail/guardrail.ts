/** A guardrail: a classifier that looks at what is asked or answered, blocks what scores too high, and may ask somebody else about the rest. */
import { Node } from '../../engine/network.ts';
import type { Stream } from '../../engine/random.ts';
import { Code } from '../../engine/reasons.ts';
import { Sampler } from '../../engine/sampler.ts';
import { REFUSED, STARTED, Station } from '../../engine/station.ts';
import { priced } from '../../kit/cost.ts';
import { assumed } from '../../kit/evidence.ts';
import { servingFaults } from '../../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../../kit/kind.ts';
import { choice, distribution, real, toggle, whole, type Values } from '../../kit/param.ts';
import { safeBetween, scoresOf, unsafeBetween, type Scores } from './binormal.ts';
import { badness, BLOCKED, NOTHING, PASSED, Verdicts } from './verdicts.ts';
import { counted } from '../../units/format.ts';

type Loose = Readonly<Record<string, unknown>>;
const escalating = (v: Loose): boolean => v.guardEscalates === true;

const params = {
  guardMode: choice({
    label: 'Looks at',
    help: 'What is checked, and when.',
    options: [
      { value: 'before', label: 'what is asked', note: 'then the model is called' },
      { value: 'after', label: 'what is answered', note: 'the model has done its work by then' },
      { value: 'both', label: 'both' },
      { value: 'parallel', label: 'what is asked, while the model works', note: 'no time lost; the model is stopped on a block' },
    ],
    default: 'before',
  }),
  checkTime: distribution({ label: 'Time of a check', help: 'Time one check keeps one server busy (assumed; keyword lists take 1–2 ms, small classifiers 10 ms, large ones 100 ms).', unit: 'seconds', default: { shape: 'exponential', mean: 0.01, cv: 1 }, min: 0, max: 1e6 }),
  checkServers: whole({ label: 'Servers', help: 'Checks made at the same time: replicas of the classifier, or people.', unit: 'count', default: 8, min: 1, max: 1_000_000 }),
  checkRoom: whole({ label: 'Queue', help: 'Places to wait for a check.', unit: 'requests', default: 1000, min: 0, max: 100_000_000 }),
  checkWhenFull: choice({
    label: 'When full',
    help: 'What becomes of a request that finds no place.',
    options: [
      { value: 'refuse', label: 'refuse it', note: 'queue full' },
      { value: 'pass', label: 'let it through unchecked' },
    ],
    default: 'refuse',
  }),
  unsafeShare: real({ label: 'Unsafe', help: 'Share of requests that are unsafe. Which ones they are is the same for all guardrails with the same share.', section: 'Scores', unit: 'share', default: 0.02, min: 0, max: 1 }),
  guardAuc: real({ label: 'Area under ROC', help: 'How well scores tell unsafe from safe: 0.5 is a coin, 1 perfect.', section: 'Scores', unit: 'ratio', default: 0.97, min: 0.5, max: 0.999999 }),
  unsafeSpread: real({ label: 'Spread of unsafe', help: 'Standard deviation of the scores of unsafe content; that of safe content is 1.', section: 'Scores', unit: 'ratio', default: 1, min: 0.01, max: 100 }),
  blockAbove: real({ label: 'Blocks from', help: 'Score from which content is blocked, in standard deviations above the mean of safe content: 2 blocks 2.3 % of it.', section: 'Scores', unit: 'ratio', default: 2, min: -8, max: 100 }),
  guardEscalates: toggle({ label: 'Asks about the uncertain', help: 'The last wire leads to somebody who knows better: another guardrail, a model, people.', section: 'Second opinion', default: false }),
  passBelow: real({ label: 'Uncertain from', help: 'Scores from this up to the one above are uncertain.', section: 'Second opinion', unit: 'ratio', default: 1, min: -100, max: 100, shownWhen: escalating }),
  reviewAccuracy: real({ label: 'They are right', help: 'Share of cases in which somebody other than a guardrail judges rightly (assumed). Guardrails say themselves.', section: 'Second opinion', unit: 'share', default: 0.95, min: 0, max: 1, shownWhen: escalating }),
  withoutReview: choice({
    label: 'If they do not answer',
    help: 'What becomes of a request when the second opinion fails.',
    section: 'Second opinion',
    options: [
      { value: 'block', label: 'block it' },
      { value: 'pass', label: 'let it pass' },
      { value: 'fail', label: 'it fails' },
    ],
    default: 'block',
    shownWhen: escalating,
  }),
  checkPrice: real({ label: 'Price per server', help: 'What one server costs; take it from your own bill.', section: 'Cost', unit: 'usd/hour', default: 0.05, min: 0, max: 1000 }),
};

type GuardValues = Values<typeof params>;

const CHECKED = 0;

// A call's `data`: where its check stands, whether it is about the answer, and its mode. `counter` is the model's outcome, or −1.
const IDLE = 0;
const CHECKING = 1;
const ASKING = 2;
const PASSING = 3;
const OVER = 4;
const STAGE = 7;
const ANSWER = 8;
const modes = ['before', 'after', 'both', 'parallel'] as const;
const MODE_SHIFT = 4;
const BEFORE = 0;
const AFTER = 1;
const BOTH = 2;
const PARALLEL = 3;

/** Everything above is blocked, everything below passes; equal where nobody is asked. */
const lowOf = (v: GuardValues): number => (v.guardEscalates ? Math.min(v.passBelow, v.blockAbove) : v.blockAbove);

class Guardrail extends Node implements Component<GuardValues> {
  private readonly station: Station;
  private readonly verdicts: Verdicts;
  private readonly time: Sampler;
  private readonly times: Stream;
  private readonly scoring: Stream;
  private readonly reviews: Stream;
  private scores: Scores;
  /** Requests decided, and those of them that are unsafe; blocked, and those of them that are safe; unsafe ones let through; checks, second opinions asked for, checks left out for lack of room. */
  decided = 0;
  unsafe = 0;
  blocked = 0;
  falseAlarms = 0;
  missed = 0;
  checks = 0;
  escalations = 0;
  unchecked = 0;

  constructor(
    private values: GuardValues,
    site: Site,
  ) {
    super(site.net);
    this.station = new Station(site.net.calls, values.checkServers, values.checkRoom);
    this.verdicts = Verdicts.of(site.net);
    this.time = new Sampler(values.checkTime);
    this.times = site.stream('service');
    this.scoring = site.stream('scores');
    this.reviews = site.stream('reviews');
    this.scores = scoresOf(values.guardAuc, values.unsafeSpread);
    if (values.guardMode === 'parallel') site.net.allowCancelling();
  }

  retune(values: GuardValues): void {
    this.values = values;
    this.time.set(values.checkTime);
    this.scores = scoresOf(values.guardAuc, values.unsafeSpread);
    if (values.guardMode === 'parallel') this.net.allowCancelling();
    this.station.resize(values.checkServers, values.checkRoom);
    for (let call = this.station.draw(); call >= 0; call = this.station.draw()) this.serve(call);
  }

  arrive(call: number): void {
    const { net, asyncOut, index } = this;
    const mode = modes.indexOf(this.values.guardMode);
    for (let k = 0; k < asyncOut.length; k++) net.cast(asyncOut[k]!, net.calls.request(call), index);
    net.calls.setData(call, IDLE | (mode << MODE_SHIFT));
    net.calls.setCounter(call, -1);
    if (mode === AFTER) this.askModel(call);
    else if (this.check(call) && mode === PARALLEL) this.askModel(call);
  }

  private stage(call: number): number {
    return this.net.calls.data(call) & STAGE;
  }
  private setStage(call: number, stage: number): void {
    this.net.calls.setData(call, (this.net.calls.data(call) & ~STAGE) | stage);
  }
  private mode(call: number): number {
    return this.net.calls.data(call) >> MODE_SHIFT;
  }

  /** The wire to whoever is asked about the uncertain, and that to the model; −1 for none. */
  private reviewer(call: number): number {
    const out = this.outOf(this.net.calls.class(call));
    return this.values.guardEscalates && out.length > 0 ? out[out.length - 1]! : -1;
  }
  private model(call: number): number {
    const out = this.outOf(this.net.calls.class(call));
    return out.length > (this.values.guardEscalates ? 1 : 0) ? out[0]! : -1;
  }

  /** Sends a call to be checked; false if it has been refused. The check itself is never over before this returns. */
  private check(call: number): boolean {
    this.setStage(call, CHECKING);
    const taken = this.station.offer(call);
    if (taken === STARTED) this.serve(call);
    if (taken !== REFUSED) return true;
    if (this.values.checkWhenFull === 'pass') {
      this.unchecked++;
      this.pass(call);
      return true;
    }
    this.setStage(call, OVER);
    this.net.fail(call, Code.queueFull);
    return false;
  }

  private serve(call: number): void {
    this.net.calls.setHandle(call, this.net.afterWork(this.time, this.times, this.index, CHECKED, call));
  }

  override wake(_what: number, call: number): void {
    this.setStage(call, IDLE);
    this.turn();
    this.judge(call);
  }

  /** A server is free: it turns to the next in line. */
  private turn(): void {
    const next = this.station.finish();
    if (next >= 0) this.serve(next);
  }

  private isUnsafe(call: number): boolean {
    const request = this.net.calls.request(call);
    return badness(request, this.net.requests.born(request)) < this.values.unsafeShare;
  }

  private judge(call: number): void {
    this.checks++;
    const z = this.scoring.normal();
    const score = this.isUnsafe(call) ? this.scores.mean + z * this.scores.spread : z;
    if (score >= this.values.blockAbove) this.block(call);
    else if (score >= lowOf(this.values)) this.escalate(call);
    else this.pass(call);
  }

  /** Asks somebody else. */
  private escalate(call: number): void {
    const link = this.reviewer(call);
    this.escalations++;
    if (link < 0) return this.undecided(call, Code.noHealthyTarget);
    const request = this.net.calls.request(call);
    this.verdicts.say(request, NOTHING);
    this.setStage(call, ASKING);
    this.net.call(link, request, call, this.index);
  }

  private undecided(call: number, code: number): void {
    const { withoutReview } = this.values;
    if (withoutReview === 'block') this.block(call);
    else if (withoutReview === 'pass') this.pass(call);
    else this.end(call, code);
  }

  override replied(child: number, parent: number): void {
    const { calls } = this.net;
    const stage = this.stage(parent);
    if (stage === OVER) return;
    const code = calls.outcome(child);
    if (stage === ASKING && calls.link(child) === this.reviewer(parent)) this.reviewed(parent, code);
    else this.modelled(parent, code);
  }

  private reviewed(call: number, code: number): void {
    if (code !== Code.answered) return this.undecided(call, code);
    const said = this.verdicts.last(this.net.calls.request(call));
    const right = said !== NOTHING || this.reviews.uniform() < this.values.reviewAccuracy;
    const bad = said !== NOTHING ? said === BLOCKED : this.isUnsafe(call) === right;
    if (bad) this.block(call);
    else this.pass(call);
  }

  private askModel(call: number): void {
    const link = this.model(call);
    if (link < 0) this.modelled(call, Code.answered);
    else this.net.call(link, this.net.calls.request(call), call, this.index);
  }

  /** The model has answered or failed. */
  private modelled(call: number, code: number): void {
    const mode = this.mode(call);
    if (code !== Code.answered) return this.end(call, code);
    this.net.calls.setCounter(call, code);
    if (mode === AFTER || mode === BOTH) {
      this.net.calls.setData(call, this.net.calls.data(call) | ANSWER);
      this.check(call);
    } else if (mode !== PARALLEL || this.stage(call) === PASSING) this.end(call, code);
  }

  /** What was looked at may pass. */
  private pass(call: number): void {
    const { calls } = this.net;
    const data = calls.data(call);
    const mode = data >> MODE_SHIFT;
    this.setStage(call, PASSING);
    if (mode === BOTH && (data & ANSWER) === 0) return this.askModel(call);
    this.decide(call, PASSED);
    if (mode === BEFORE) this.askModel(call);
    else if (mode !== PARALLEL || calls.counter(call) === Code.answered) this.end(call, Code.answered);
  }

  /** Answers with a refusal; a model at work on it is stopped. */
  private block(call: number): void {
    this.decide(call, BLOCKED);
    this.stop(call);
    this.net.answer(call);
  }

  private decide(call: number, verdict: number): void {
    const unsafe = this.isUnsafe(call);
    this.verdicts.say(this.net.calls.request(call), verdict);
    this.decided++;
    if (unsafe) this.unsafe++;
    if (verdict === BLOCKED) this.blocked++;
    if (verdict === BLOCKED && !unsafe) this.falseAlarms++;
    if (verdict === PASSED && unsafe) this.missed++;
  }

  /** Ends a call that is not blocked; a check still under way is given up. */
  private end(call: number, code: number): void {
    this.giveUp(call);
    this.net.conclude(call, code);
  }

  private giveUp(call: number): void {
    if (this.stage(call) === CHECKING && !this.station.leave(call)) {
      this.net.agenda.cancel(this.net.calls.handle(call));
      this.turn();
    }
    this.stop(call);
  }

  /** From here on nothing that comes back matters. Only a model at work beside the check can still be out, or whoever is asked for a call that is cancelled. */
  private stop(call: number): void {
    this.setStage(call, OVER);
    if (this.net.calls.thorough) this.net.cancelChildren(call);
  }

  override cancelled(call: number): void {
    this.end(call, Code.cancelled);
  }

  override reset(): void {
    this.station.reset();
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
}

/** By hand: what one check does with safe and with unsafe content, a second opinion being right as often as set. */
interface Sorting {
  readonly blockedSafe: number;
  readonly blockedUnsafe: number;
  readonly asked: number;
}

function sorting(v: GuardValues): Sorting {
  const scores = scoresOf(v.guardAuc, v.unsafeSpread);
  const low = lowOf(v);
  const doubtSafe = safeBetween(low, v.blockAbove);
  const doubtUnsafe = unsafeBetween(scores, low, v.blockAbove);
  return {
    blockedSafe: 1 - safeBetween(-Infinity, v.blockAbove) + doubtSafe * (1 - v.reviewAccuracy),
    blockedUnsafe: 1 - unsafeBetween(scores, -Infinity, v.blockAbove) + doubtUnsafe * v.reviewAccuracy,
    asked: (1 - v.unsafeShare) * doubtSafe + v.unsafeShare * doubtUnsafe,
  };
}

function byHand(v: GuardValues, flow: Flow) {
  const { blockedSafe, blockedUnsafe, asked } = sorting(v);
  const twice = v.guardMode === 'both';
  const both = (once: number): number => (twice ? 1 - (1 - once) * (1 - once) : once);
  const blocked = (1 - v.unsafeShare) * both(blockedSafe) + v.unsafeShare * both(blockedUnsafe);
  const again = 1 - (1 - v.unsafeShare) * blockedSafe - v.unsafeShare * blockedUnsafe;
  const load = (flow.rate * (twice ? 1 + again : 1) * v.checkTime.mean) / v.checkServers;
  const source = 'binormal model (Green and Swets 1966; Hanley and McNeil 1982)';
  const assumes = `second opinions right as often as set${twice ? ', and both checks independent' : ''}`;
  const mean = '√(1 + σ²)·Φ⁻¹(AUC)';
  return [
    { label: 'blocked of the safe', value: both(blockedSafe), unit: 'share', formula: `1 − Φ(from)${v.guardEscalates ? ', and the wrong of the uncertain' : ''}`, source, measure: 'falsePositives', assumes },
    { label: 'missed of the unsafe', value: 1 - both(blockedUnsafe), unit: 'share', formula: `Φ((from − μ) ÷ σ), μ = ${mean}`, source, measure: 'falseNegatives', assumes },
    { label: 'blocked', value: blocked, unit: 'share', formula: 'unsafe × found + safe × blocked', source: 'total probability', measure: 'blockedShare', assumes },
    { label: 'second opinions', value: asked, unit: 'share', formula: 'share of scores in between, of each check', source, measure: 'escalated', assumes: 'as many unsafe requests as set come here' },
    { label: 'capacity', value: v.checkServers / Math.max((twice ? 1 + again : 1) * v.checkTime.mean, 1e-12), unit: 'requests/second', formula: 'servers ÷ (checks per request × time)', source: 'utilisation law', assumes, wall: 'servers' },
    { label: 'utilisation', value: Math.min(1, load), unit: 'share', formula: 'checks per second × time ÷ servers', source: 'utilisation law', measure: 'utilisation', assumes: 'nothing is refused' },
  ] as const;
}

/** The model sees what passes the first look; the last wire, where somebody is asked, what is uncertain. */
function passes(v: GuardValues, flow: Flow, weights: readonly number[]): Flow[] {
  const { blockedSafe, blockedUnsafe, asked } = sorting(v);
  const through = v.guardMode === 'before' || v.guardMode === 'both' ? 1 - (1 - v.unsafeShare) * blockedSafe - v.unsafeShare * blockedUnsafe : 1;
  const checks = v.guardMode === 'both' ? 1 + through : 1;
  return weights.map((_, k) => {
    const share = v.guardEscalates && k === weights.length - 1 ? asked * checks : k === 0 ? through : 0;
    return { ...flow, rate: flow.rate * share, scv: 1 + Math.min(1, share) * (flow.scv - 1) };
  });
}

/** Checks what is asked or answered, blocks, or asks for a second opinion. */
export const guardrail = defineKind({
  id: 'guardrail',
  label: 'Guardrail',
  doc: 'a classifier that checks what is asked or answered, blocks, and may ask for a second opinion',
  about: 'A share of requests is unsafe, the same ones for all guardrails with that share. Checks wait for one of the servers; each gives a score, drawn from one of two normal distributions whose overlap follows from the area under the ROC curve; scores of different guardrails are independent given what the request is. From a threshold on a request is blocked: it is answered at once with a refusal, counted as answered and measured apart. Scores in between can go to a second opinion over the last wire: a guardrail there says what it thinks, of anything else it is set how often it is right. The first wire leads to the model; without one, the verdict is the answer. In parallel with the model, a block stops the model’s work. An answer is taken to be as unsafe as what was asked. Left out: checks of several requests in one batch, streaming answers piece by piece, and attackers who learn.',
  group: 'Safety',
  icon: 'shield',
  params,
  slices: ['checkServers', 'checkRoom'],
  ports: { in: 'call', out: [{ wire: 'call', max: 2 }] },
  measures: {
    blockedShare: { label: 'blocked', unit: 'share', help: 'requests answered with a refusal, of those decided', formula: 'requests blocked ÷ requests decided', inputs: ['unsafeShare', 'guardAuc', 'blockAbove'], total: (n: Guardrail) => n.blocked, per: (n: Guardrail) => n.decided },
    falseNegatives: { label: 'missed', unit: 'share', help: 'unsafe requests let through, of the unsafe ones decided', formula: 'unsafe requests let through ÷ unsafe requests decided', inputs: ['guardAuc', 'unsafeSpread', 'blockAbove'], total: (n: Guardrail) => n.missed, per: (n: Guardrail) => n.unsafe },
    falsePositives: { label: 'false alarms', unit: 'share', help: 'safe requests blocked, of the safe ones decided', formula: 'safe requests blocked ÷ safe requests decided', inputs: ['blockAbove'], total: (n: Guardrail) => n.falseAlarms, per: (n: Guardrail) => n.decided - n.unsafe },
    precision: { label: 'rightly blocked', unit: 'share', help: 'unsafe ones, of those blocked', formula: 'unsafe requests blocked ÷ requests blocked', inputs: ['unsafeShare', 'falsePositives', 'falseNegatives'], total: (n: Guardrail) => n.blocked - n.falseAlarms, per: (n: Guardrail) => n.blocked },
    leaked: { label: 'unsafe let through', unit: 'requests/second', help: 'unsafe requests that were not blocked', inputs: ['arrivals', 'unsafeShare', 'falseNegatives'], total: (n: Guardrail) => n.missed },
    escalated: { label: 'second opinions', unit: 'share', help: 'checks after which somebody else was asked', formula: 'checks after which somebody else was asked ÷ checks', inputs: ['passBelow', 'blockAbove', 'reviewAccuracy'], total: (n: Guardrail) => n.escalations, per: (n: Guardrail) => n.checks },
    unchecked: { label: 'unchecked', unit: 'share', help: 'checks left out for lack of room, of all checks that were due', formula: 'checks left out ÷ (checks done + checks left out)', inputs: ['waiting', 'checkRoom'], total: (n: Guardrail) => n.unchecked, per: (n: Guardrail) => n.checks + n.unchecked },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in line per request that arrived', formula: '∫ requests in line dt ÷ requests that arrived', inputs: ['waiting', 'arrivals'], total: (n: Guardrail, now: number) => n.queueArea(now), per: (n: Guardrail) => n.arrivedTotal() },
  },
  common: {
    utilisation: { inputs: ['checkServers', 'checkTime'] },
    latency: { inputs: ['wait', 'checkTime'] },
  },
  evidence: {
    checkTime: assumed('keyword lists take 1–2 ms, small classifiers 10 ms, large ones 100 ms'),
    reviewAccuracy: assumed('take it from your own reviews'),
    unsafeShare: assumed('take it from your own traffic'),
    guardAuc: assumed('take it from your own evaluation'),
  },
  card: ['blockedShare', 'falseNegatives'],
  face: { form: 'bar', measure: 'blockedShare' },
  subtitle: (v) => `${{ before: 'before', after: 'after', both: 'before and after', parallel: 'beside' }[v.guardMode]} the model, AUC ${v.guardAuc.toLocaleString('en')}`,
  estimate: byHand,
  passes,
  cost: (v) => [{ label: counted(v.checkServers, 'server'), usdPerHour: v.checkServers * v.checkPrice, ...priced(v.checkPrice, params.checkPrice, assumed('a small cloud server, 2026')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new Guardrail(values, site),
});
