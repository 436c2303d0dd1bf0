/** A fallback: asks the first wire, and the next one when that fails or takes too long; at the end there may be an answer of its own. */
import { Node } from '../engine/network.ts';
import { Code } from '../engine/reasons.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler } from '../engine/sampler.ts';
import { priced } from '../kit/cost.ts';
import { assumed } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, toggle, type Values } from '../kit/param.ts';
import { isBreakdown, isRefusal } from '../kit/refusal.ts';

type Loose = Readonly<Record<string, unknown>>;
const answersItself = (v: Loose): boolean => v.lastResort !== 'none';

const params = {
  fallbackAfter: real({ label: 'Deadline', help: 'When an answer takes longer than this, the next wire is asked too. 0 is never.', unit: 'seconds', default: 0, min: 0, max: 1e5 }),
  fallbackStops: toggle({ label: 'Stop what took too long', help: 'Otherwise it goes on, and the first answer wins.', default: false, shownWhen: (v) => Number(v.fallbackAfter) > 0 }),
  onRefusal: toggle({ label: 'When turned away', help: 'Shed, queue full, rate limited, quota, circuit open, no healthy target.', section: 'Next wire', default: true }),
  onBreakdown: toggle({ label: 'When broken', help: 'Crashed, out of memory, lost.', section: 'Next wire', default: true }),
  onTimeout: toggle({ label: 'When timed out', help: 'A timeout of the wire, or of something behind it.', section: 'Next wire', default: true }),
  lastResort: choice({
    label: 'At the end',
    help: 'What becomes of a request that no wire has answered.',
    section: 'Own answer',
    options: [
      { value: 'none', label: 'it fails' },
      { value: 'stale', label: 'an old answer', note: 'for the share of requests for which there is one' },
      { value: 'default', label: 'a default answer' },
    ],
    default: 'none',
  }),
  oldAnswers: real({ label: 'Old answers', help: 'Share of requests for which an old answer is at hand.', section: 'Own answer', unit: 'share', default: 0.5, min: 0, max: 1, shownWhen: (v) => v.lastResort === 'stale' }),
  ownAnswerTime: distribution({ label: 'Time', help: 'Time to find an answer of its own (assumed: 1 ms).', section: 'Own answer', unit: 'seconds', default: { shape: 'constant', mean: 0.001, cv: 0 }, min: 0, max: 60, shownWhen: answersItself }),
  fallbackPrice: real({ label: 'Price', help: 'What it costs per hour; mostly it is part of the calling service.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
};

type FallbackValues = Values<typeof params>;

const LATE = 0;
const OWN = 1;

/** In a call's `handle`: no timer is running. */
const NONE = -1;
/** In a call's `misses`: nothing out of the ordinary; what comes back now is being stopped on purpose; an answer of its own is on its way. */
const USUAL = -1;
const STOPPING = -4;
const OWNING = -5;

// A call's `counter` is the link asked last, `data` how many wires have not come back.

class Fallback extends Node implements Component<FallbackValues> {
  private readonly time: Sampler;
  private readonly times: Stream;
  private readonly choices: Stream;
  /** Wires asked; deadlines passed; answers in all, of other wires than the first, and of its own. */
  tries = 0;
  late = 0;
  /** Deadlines that never came, because something else did before. */
  spared = 0;
  answers = 0;
  others = 0;
  own = 0;

  constructor(
    private values: FallbackValues,
    site: Site,
  ) {
    super(site.net);
    if (values.fallbackStops) site.net.allowCancelling();
    this.time = new Sampler(values.ownAnswerTime);
    this.times = site.stream('own');
    this.choices = site.stream('choice');
  }

  retune(values: FallbackValues): void {
    this.values = values;
    if (values.fallbackStops) this.net.allowCancelling();
    this.time.set(values.ownAnswerTime);
  }

  arrive(call: number): void {
    const { calls } = this.net;
    const { asyncOut } = this;
    calls.setData(call, 0);
    calls.setMisses(call, USUAL);
    calls.setHandle(call, NONE);
    for (let k = 0; k < asyncOut.length; k++) this.net.cast(asyncOut[k]!, calls.request(call), this.index);
    this.ask(call, 0, Code.noHealthyTarget);
  }

  /** Asks wire `k`; where there is none, the request gets an answer of its own or fails with `code`. The answer may be back before this returns. */
  private ask(call: number, k: number, code: number): void {
    const { net } = this;
    const out = this.outOf(net.calls.class(call));
    if (k >= out.length) return this.resort(call, code);
    net.calls.setCounter(call, out[k]!);
    net.calls.setData(call, net.calls.data(call) + 1);
    this.clearTimer(call);
    if (this.values.fallbackAfter > 0 && (k + 1 < out.length || this.values.lastResort !== 'none')) net.calls.setHandle(call, net.after(this.values.fallbackAfter, this.index, LATE, call));
    this.tries++;
    net.call(out[k]!, net.calls.request(call), call, this.index);
  }

  /** Asks the wire after the one asked last, wherever that stands by now. */
  private askNext(call: number, code: number): void {
    const { calls } = this.net;
    this.ask(call, this.outOf(calls.class(call)).indexOf(calls.counter(call)) + 1, code);
  }

  private clearTimer(call: number): void {
    const { calls, agenda } = this.net;
    if (calls.handle(call) !== NONE) {
      agenda.cancel(calls.handle(call));
      if (calls.misses(call) !== OWNING) this.spared++;
    }
    calls.setHandle(call, NONE);
  }

  /** No wire is left: an answer of its own, or none. What is still out may yet come back first. */
  private resort(call: number, code: number): void {
    const { calls } = this.net;
    const { lastResort, oldAnswers } = this.values;
    this.clearTimer(call);
    if (lastResort === 'default' || (lastResort === 'stale' && this.choices.uniform() < oldAnswers)) {
      calls.setMisses(call, OWNING);
      calls.setHandle(call, this.net.afterWork(this.time, this.times, this.index, OWN, call));
    } else if (calls.data(call) === 0) this.net.fail(call, code);
  }

  override wake(what: number, call: number): void {
    this.net.calls.setHandle(call, NONE);
    if (what === LATE) return this.overdue(call);
    this.own++;
    this.finish(call);
  }

  private overdue(call: number): void {
    this.late++;
    if (this.values.fallbackStops) this.stop(call);
    this.askNext(call, Code.timedOut);
  }

  /** Stops what is out; what comes back at once is only counted. */
  private stop(call: number): void {
    const { calls } = this.net;
    const was = calls.misses(call);
    calls.setMisses(call, STOPPING);
    this.net.cancelChildren(call);
    calls.setMisses(call, was);
  }

  override replied(child: number, parent: number): void {
    const { calls } = this.net;
    const code = calls.outcome(child);
    calls.setData(parent, calls.data(parent) - 1);
    if (calls.misses(parent) === STOPPING) return;
    if (code === Code.answered) this.answered(parent, calls.link(child));
    else if (calls.misses(parent) !== OWNING) this.failed(parent, calls.link(child), calls.cancelled(child) ? Code.timedOut : code);
  }

  private answered(call: number, link: number): void {
    if (link !== this.outOf(this.net.calls.class(call))[0]) this.others++;
    this.finish(call);
  }

  /** The next wire is asked once the last one asked has failed, or nothing else is out. */
  private failed(call: number, link: number, code: number): void {
    const { calls } = this.net;
    const latest = link === calls.counter(call);
    const alone = calls.data(call) === 0;
    if (latest) this.clearTimer(call);
    if (this.eligible(code) && (latest || alone)) this.askNext(call, code);
    else if (alone) this.net.fail(call, code);
  }

  private eligible(code: number): boolean {
    const { onRefusal, onBreakdown, onTimeout } = this.values;
    return (onRefusal && isRefusal(code)) || (onBreakdown && isBreakdown(code)) || (onTimeout && code === Code.timedOut);
  }

  private finish(call: number): void {
    this.answers++;
    this.clearTimer(call);
    if (this.values.fallbackStops && this.net.calls.data(call) > 0) this.stop(call);
    this.net.answer(call);
  }

  override cancelled(call: number): void {
    this.clearTimer(call);
    this.stop(call);
    this.net.fail(call, Code.cancelled);
  }
}

const share = (v: FallbackValues): number => (v.lastResort === 'none' ? 0 : v.lastResort === 'stale' ? v.oldAnswers : 1);

function byHand(v: FallbackValues, flow: Flow) {
  return [
    { label: 'asked first', value: flow.rate, unit: 'requests/second', formula: 'all that arrives', source: 'flow balance', measure: 'arrivals', assumes: 'nobody asks again' },
    { label: 'answered', value: flow.rate, unit: 'requests/second', formula: 'all that arrives', source: 'flow balance', measure: 'answers', assumes: 'some wire answers, or it does itself' },
    { label: 'answered in any case', value: share(v), unit: 'share', formula: 'share of requests with an answer of its own', source: 'arithmetic: 1 − (failures of every wire, multiplied) × (1 − this) is answered, if they fail independently' },
  ] as const;
}

/** Asks one after another until one answers. */
export const fallback = defineKind({
  id: 'fallback',
  label: 'Fallback',
  doc: 'asks the first wire; when that fails or is too slow, the next one; then answers itself if it can',
  about: 'Wires are asked in their order. The next one is asked when the last one asked has failed for one of the reasons chosen, or when its deadline has passed; what took too long goes on beside it unless it is stopped, and the first answer wins. When no wire is left, an old or a default answer can be given; such answers count as answered and are measured as degraded. It takes no time of its own but for such an answer. It does not remember who failed: a circuit breaker on the wire does. Left out: how much worse an answer from further down is.',
  group: 'Routing',
  icon: 'git-branch',
  params,
  slices: [],
  ports: { in: 'call', out: [{ wire: 'call', max: 20 }] },
  measures: {
    fellBack: { label: 'fell back', unit: 'share', help: 'answers not from the first wire, of all answers', formula: 'answers not from the first wire ÷ answers', inputs: ['answers', 'degraded'], total: (n: Fallback) => n.others + n.own, per: (n: Fallback) => n.answers },
    degraded: { label: 'degraded', unit: 'share', help: 'old and default answers, of all answers', formula: 'old and default answers ÷ answers', inputs: ['answers', 'oldAnswers'], total: (n: Fallback) => n.own, per: (n: Fallback) => n.answers },
    late: { label: 'deadlines passed', unit: 'share', help: 'wires that took too long, of those with a deadline that is over', formula: 'deadlines passed ÷ (deadlines passed + deadlines before which something came back)', inputs: ['tries', 'fallbackAfter'], total: (n: Fallback) => n.late, per: (n: Fallback) => n.late + n.spared },
    tries: { label: 'wires asked', unit: 'ratio', help: 'wires asked per request that arrived', formula: 'wires asked ÷ requests that arrived', inputs: ['arrivals', 'late'], total: (n: Fallback) => n.tries, per: (n: Fallback) => n.arrivedTotal() },
  },
  evidence: { ownAnswerTime: assumed('1 ms to find it in memory') },
  card: ['answers', 'fellBack'],
  face: { form: 'bar', measure: 'fellBack' },
  subtitle: (v) => `${v.fallbackAfter > 0 ? `after ${(v.fallbackAfter * 1000).toLocaleString('en')} ms or failure` : 'on failure'}${v.lastResort === 'none' ? '' : `, ${v.lastResort} answer`}`,
  estimate: byHand,
  passes: (_values, flow, weights) => weights.map((_, k) => (k === 0 ? flow : { ...flow, rate: 0 })),
  cost: (v) => [{ label: 'fallback', usdPerHour: v.fallbackPrice, ...priced(v.fallbackPrice, params.fallbackPrice, assumed('part of the calling service')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new Fallback(values, site),
});
