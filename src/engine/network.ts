/**
 * The network: nodes joined by links, requests flowing through it as calls, and the clock. A call is delivered to a node, the node
 * serves it and may call further nodes, and the answer returns along the way the call came. Whatever is refused carries a reason.
 */
import { Clock } from './clock.ts';
import { Agenda, ARGUMENT, enlarged, SLOT, TARGET } from './agenda.ts';
import { ASYNC, CALL_STRIDE, CALLER, Calls, CANCELLED, CLASS, CONCLUDED, DELIVERED, LINK, NODE, OUTCOME_BITS, PARENT, PENDING, REQUEST, START, STATE, TIMES } from './calls.ts';
import { Health } from './health.ts';
import { given, Histogram } from './histogram.ts';
import { Ledger, type Book, type RequestClass } from './ledger.ts';
import { Code, outcomes } from './reasons.ts';
import type { Stream } from './random.ts';
import { Requests } from './requests.ts';
import type { Sampler } from './sampler.ts';

/** Events of the network's own; nodes use 0 … 12. */
const REPLY = 15;
const ENTER = 14;

/** In `Node.sole`: nothing leaves the node; several links do, or one that is only for some calls or that nobody waits for. */
export const NO_LINK = -1;
export const LINKS = -2;

/** How deep calls may nest before the next one is put on the agenda instead (keeps the machine's stack flat). */
const DEPTH = 64;

/** What a run may use up before it is stopped with a reason. */
export interface Budget {
  readonly eventsPerInstant: number;
  readonly calls: number;
}

/** Generous for any real design; reached within a second by a runaway one. */
export const defaultBudget: Budget = { eventsPerInstant: 1_000_000, calls: 2_000_000 };

/** A wire of the running network. */
export interface LinkState {
  readonly id: string;
  readonly from: number;
  to: number;
  /** Seconds each way, or null for none; and how much longer it takes because of the distance. */
  latency: Sampler | null;
  distance?: number;
  stream: Stream;
  async: boolean;
  weight: number;
  /** Whether work for an answer that is no longer needed stops; otherwise it goes on to its end. */
  stops?: boolean;
  /** Who is asked in the end, where something stands in between; and whether nothing gets through. */
  end?: number;
  severed?: boolean;
}

/** The books of one class of calls at one node. Fields rather than rows of an array: an event writes six of them, in half as many instructions. */
class Visits {
  arrived = 0;
  answered = 0;
  failed = 0;
  /** Σ of the times at which calls ended less Σ of those at which they came: with `in flight · now` added, ∫ calls in flight dt. */
  steps = NaN;
  /** Calls that failed, by outcome code; null while there are none. */
  private reasons: Float64Array | null = null;

  constructor() {
    // A double from the first: see `Clock`.
    this.steps = 0;
  }

  fail(code: number): void {
    this.failed++;
    this.reasons ??= new Float64Array(outcomes.length);
    this.reasons[code]!++;
  }

  endedAs(code: number): number {
    return code === 0 ? this.answered : (this.reasons?.[code] ?? 0);
  }
}

/** A place requests visit. Counts and times of all calls are kept here; what happens to them is for the kinds to say. */
export abstract class Node {
  index = -1;
  /** Links along which it waits for answers, in order; and those along which it does not. */
  out: Int32Array = new Int32Array(0);
  asyncOut: Int32Array = new Int32Array(0);
  /** The only link that leaves it and is open to all; `NO_LINK` or `LINKS` otherwise. Most nodes need look no further, and the lists lie elsewhere in memory. */
  sole = NO_LINK;
  /** Where some links are only for some classes: those along which it waits, by class. */
  routes: readonly Int32Array[] | null = null;
  /** Books of the calls that came: of the first class, which is often the only one, and of them all. */
  private readonly ownVisits = new Visits();
  private readonly visits = [this.ownVisits];
  /** Seconds from a call's arrival to its answer (answered calls only). */
  latency = new Histogram();
  private readonly clock: Clock;

  constructor(protected readonly net: Network) {
    this.clock = net.clock;
  }

  /** A call has come. It must end in exactly one `net.answer` or `net.fail`. */
  abstract arrive(call: number): void;

  /** An event this node planned for itself. */
  wake(_what: number, _arg: number): void {}

  /** A call made on behalf of `parent` has come back; the outcome stands in `net.calls`. By default it is passed on. */
  replied(child: number, parent: number): void {
    this.net.conclude(parent, this.net.calls.outcome(child));
  }

  /** Forgets all work at once: its planned events are gone already, and its calls will be ended by whoever says so. */
  reset(): void {}

  /** Nobody waits for this call any more. By default the node hears of it only through its calls downstream, which are cancelled. */
  cancelled(call: number): void {
    this.net.cancelChildren(call);
  }

  /** A call made on nobody's behalf (a source's own) has come back. */
  returned(_call: number): void {}

  /** The links open to a class of requests along which this node waits for answers, in order. */
  outOf(cls: number): Int32Array {
    return this.routes === null ? this.out : (this.routes[cls] ?? this.out);
  }

  /** ∫ calls waiting dt; the most that ever waited; ∫ servers busy dt; ∫ servers dt. Zero where there is no such thing. */
  queueArea(_now: number): number {
    return 0;
  }
  queueLongest(): number {
    return 0;
  }
  busyArea(_now: number): number {
    return 0;
  }
  serverArea(_now: number): number {
    return 0;
  }
  /** Fills `cells` with numbers 0 … 1 for the node's face; returns how many. */
  face(_cells: Float64Array): number {
    return 0;
  }

  /** ∫ calls in flight dt up to now. */
  inFlightArea(now: number): number {
    let sum = now * this.inFlight;
    for (const { steps } of this.visits) sum += steps;
    return sum;
  }

  /** Calls that are here now. */
  get inFlight(): number {
    let sum = 0;
    for (const { arrived, answered, failed } of this.visits) sum += arrived - answered - failed;
    return sum;
  }

  /** The same for one class. */
  inFlightAreaOf(cls: number, now: number): number {
    const { arrived, answered, failed, steps } = this.visits[cls]!;
    return steps + now * (arrived - answered - failed);
  }

  /** Books a call of a class in. */
  begins(cls: number): void {
    const visits = cls === 0 ? this.ownVisits : this.visits[cls]!;
    visits.arrived++;
    visits.steps -= this.clock.now;
  }

  /** Books a call of a class out, with its outcome code; its latency is booked by `latency.take`. */
  ends(cls: number, code: number): void {
    const visits = cls === 0 ? this.ownVisits : this.visits[cls]!;
    if (code === 0) visits.answered++;
    else visits.fail(code);
    visits.steps += this.clock.now;
  }

  /** From now on there are so many classes. */
  widen(classes: number): void {
    while (this.visits.length < classes) this.visits.push(new Visits());
  }

  /** Calls that ended, by class and outcome code (`class · outcomes + code`). */
  get ended(): Float64Array {
    return Float64Array.from({ length: this.visits.length * outcomes.length }, (_, k) => this.endedOf(Math.floor(k / outcomes.length), k % outcomes.length));
  }

  arrivedOf(cls: number): number {
    return this.visits[cls]!.arrived;
  }
  endedOf(cls: number, code: number): number {
    return this.visits[cls]!.endedAs(code);
  }

  /** Calls arrived; ended with an outcome; failed; of all classes. */
  arrivedTotal(): number {
    let sum = 0;
    for (const { arrived } of this.visits) sum += arrived;
    return sum;
  }
  endedAs(code: number): number {
    let sum = 0;
    for (const visits of this.visits) sum += visits.endedAs(code);
    return sum;
  }
  failedTotal(): number {
    let sum = 0;
    for (const { failed } of this.visits) sum += failed;
    return sum;
  }
}

export class Network {
  /** `clock.now` is now; in memory rather than a field because everyone reads it and nobody should have to be handed it. */
  readonly clock = new Clock();
  events = 0;
  /** Why the run cannot go on, in one sentence; null while it can. */
  stopped: string | null = null;
  readonly agenda = new Agenda();
  readonly requests = new Requests(this.clock);
  readonly ledger = new Ledger(this.requests);
  readonly nodes: Node[] = [];
  readonly links: LinkState[] = [];
  /** Per link: calls made, calls failed, calls under way. */
  linkCalls = new Float64Array(16);
  linkFailed = new Float64Array(16);
  outstanding = new Int32Array(16);
  private linkTo = new Int32Array(16);
  /** 1 where a link takes time. */
  private slow = new Uint8Array(16);
  private classes = 1;
  private depth = 0;
  private atOnce = 0;
  /** How many things are amiss or out of the ordinary (faults, calls that can be cancelled); while 0, nobody looks for them. */
  watch = 0;
  private cancelling = false;
  /** How many times as long as drawn each node's work takes now. */
  pace = new Float64Array(16).fill(1);

  readonly calls: Calls;
  readonly health = new Health(this);

  constructor(private readonly budget: Budget = defaultBudget) {
    this.calls = new Calls(this.clock, budget.calls, () => this.tooMany());
  }

  /** Simulated seconds since the start. */
  get now(): number {
    return this.clock.now;
  }

  addNode(node: Node): number {
    node.index = this.nodes.length;
    this.nodes.push(node);
    if (node.index === this.pace.length) this.pace = enlarged(this.pace, new Float64Array(node.index * 2).fill(1));
    node.widen(this.classes);
    return node.index;
  }

  addLink(link: LinkState): number {
    const index = this.links.push(link) - 1;
    if (index === this.linkTo.length) this.growLinks();
    this.linkTo[index] = link.to;
    this.slow[index] = link.latency === null ? 0 : 1;
    return index;
  }

  /** Changes how long a link takes each way: a drawn time (null for none) and a fixed one, in seconds. */
  setLatency(link: number, latency: Sampler | null, distance = 0): void {
    this.links[link]!.latency = latency;
    this.links[link]!.distance = distance;
    this.slow[link] = latency === null && distance === 0 ? 0 : 1;
  }

  /** Whether a probe along a link would be answered. */
  reachable(link: number): boolean {
    const { to, end, severed } = this.links[link]!;
    return severed !== true && this.health.up(end ?? to);
  }

  /** Lets a link lead elsewhere from now on. */
  redirect(link: number, to: number): void {
    this.links[link]!.to = to;
    this.linkTo[link] = to;
  }

  /** Opens the book of a class of requests that `source` makes. */
  openBook(of: RequestClass, source: Node): Book {
    const book = this.ledger.open(of, source);
    this.classes = this.ledger.classes.length;
    for (const node of this.nodes) node.widen(this.classes);
    return book;
  }

  /** Plans an event of a node's own (`what` 0 … 12) after `delay` seconds; the handle can be given to `agenda.cancel`. */
  after(delay: number, node: number, what: number, arg: number): number {
    this.agenda.at[0] = this.clock.now + delay;
    return this.agenda.push(node, what, arg);
  }

  /** Plans an event after a drawn delay. Apart from `after`, so that the draw is inlined here and not handed over as a double. */
  afterDraw(delay: Sampler, stream: Stream, node: number, what: number, arg: number): number {
    this.agenda.at[0] = this.clock.now + delay.draw(stream);
    return this.agenda.push(node, what, arg);
  }

  /** The same for work of the node's own, which takes longer while the node is slow (`pace`). */
  afterWork(delay: Sampler, stream: Stream, node: number, what: number, arg: number): number {
    this.agenda.at[0] = this.clock.now + delay.draw(stream) * this.pace[node]!;
    return this.agenda.push(node, what, arg);
  }

  /** Plans an event at `time`, not before now. */
  at(time: number, node: number, what: number, arg: number): number {
    this.agenda.at[0] = time;
    return this.agenda.push(node, what, arg);
  }

  /** Calls along a link on behalf of the call `parent` (−1: the caller's own request). */
  call(link: number, request: number, parent: number, caller: number): void {
    const to = this.linkTo[link]!;
    const c = this.calls.create(request, parent, caller, to, link, 0, this.requests.class(request));
    // A call's row outlives its calls downstream, so holding the request once, at the root, is enough.
    if (parent >= 0) {
      this.calls.rows[parent * CALL_STRIDE | STATE]! += PENDING;
      if (this.cancelling) this.calls.adopt(c, parent);
    } else this.requests.hold(request);
    this.send(c, link, to);
  }

  /** One of some links, chosen at random by their weights. */
  pick(out: Int32Array, stream: Stream): number {
    const { links } = this;
    const last = out[out.length - 1]!;
    if (out.length === 1) return last;
    let total = 0;
    for (let k = 0; k < out.length; k++) total += links[out[k]!]!.weight;
    let at = stream.uniform() * total;
    for (let k = 0; k < out.length; k++) if ((at -= links[out[k]!]!.weight) < 0) return out[k]!;
    return last;
  }

  /** Calls along an asynchronous link: nobody waits, whatever comes of it. */
  cast(link: number, request: number, caller: number): void {
    const to = this.linkTo[link]!;
    this.requests.hold(request);
    this.send(this.calls.create(request, -1, caller, to, link, ASYNC, this.requests.class(request)), link, to);
  }

  private send(c: number, link: number, to: number): void {
    this.linkCalls[link]!++;
    this.outstanding[link]!++;
    if (this.slow[link] === 0 && this.depth < DEPTH) this.enter(c, to);
    else this.travel(link, to, ENTER, c);
  }

  /** On its way along a link, there (ENTER) or back (REPLY). */
  private travel(link: number, to: number, what: number, c: number): void {
    const { latency, distance, stream } = this.links[link]!;
    this.agenda.at[0] = this.clock.now + (distance ?? 0) + (latency === null ? 0 : latency.draw(stream));
    this.agenda.push(to, what, c);
  }

  private enter(c: number, to: number): void {
    const node = this.nodes[to]!;
    const { rows, times } = this.calls;
    times[c * TIMES | START] = this.clock.now;
    node.begins(rows[c * CALL_STRIDE | CLASS]!);
    if (this.watch > 0 && this.stopsArrival(c, to)) return;
    // Put back rather than counted down: the same, in a third of the instructions.
    const { depth } = this;
    this.depth = depth + 1;
    node.arrive(c);
    this.depth = depth;
  }

  private stopsArrival(c: number, to: number): boolean {
    if (!this.calls.cancelled(c)) return this.health.stopsArrival(c, to);
    this.fail(c, Code.cancelled);
    return true;
  }

  /** Hands a call that has had to wait over to its node. */
  deliver(node: number, c: number): void {
    if (!this.stopsArrival(c, node)) this.nodes[node]!.arrive(c);
  }

  /** Brings an answer that has had to wait to its caller, as an event of this moment. */
  replyLater(caller: number, c: number): void {
    this.after(0, caller, REPLY, c);
  }

  /** From now on calls know those made on their behalf, so that `cancel` can reach them. */
  allowCancelling(): void {
    if (this.cancelling) return;
    this.watch++;
    this.cancelling = true;
    this.beThorough();
  }

  /** From now on calls know which attempt they are. */
  beThorough(): void {
    this.calls.beThorough(this.travelling());
  }

  /** Calls on their way to a node. */
  travelling(): ReadonlySet<number> {
    return this.agenda.arguments(ENTER);
  }

  /** Nobody wants this call's answer any more: work on it shall stop, here and further down. It still ends, sooner or later, with some outcome. */
  cancel(c: number): void {
    const { rows } = this.calls;
    const at = c * CALL_STRIDE;
    const state = rows[at | STATE]!;
    if ((state & CANCELLED) !== 0) return;
    rows[at | STATE] = state | CANCELLED;
    if (this.calls.start(c) < 0) return;
    if ((state & CONCLUDED) !== 0) this.cancelChildren(c);
    else if (this.health.hears(c, rows[at | NODE]!)) this.nodes[rows[at | NODE]!]!.cancelled(c);
  }

  /** Cancels what is still out on a call's behalf. */
  cancelChildren(c: number): void {
    for (const child of this.calls.children(c)) this.cancel(child);
  }

  /** Ends a call with an answer. */
  answer(c: number): void {
    this.conclude(c, Code.answered);
  }

  /** Ends a call without one, for a reason. */
  fail(c: number, code: number): void {
    this.conclude(c, code);
  }

  /** Ends a call with an outcome code, 0 being an answer. */
  conclude(c: number, code: number): void {
    this.settle(c, code);
    const { rows } = this.calls;
    const at = c * CALL_STRIDE;
    const link = rows[at | LINK]!;
    if (this.slow[link] === 0 && this.depth < DEPTH) this.reply(c);
    else this.travel(link, rows[at | CALLER]!, REPLY, c);
  }

  /** Books a call out with an outcome code; its caller has not heard of it yet. */
  settle(c: number, code: number): void {
    const { rows, times } = this.calls;
    const at = c * CALL_STRIDE;
    const node = this.nodes[rows[at | NODE]!]!;
    node.ends(rows[at | CLASS]!, code);
    if (code === 0) {
      given[0] = this.clock.now - times[c * TIMES | START]!;
      node.latency.take();
    }
    rows[at | STATE]! |= code | CONCLUDED;
    if (this.cancelling && rows[at | STATE]! >= PENDING) this.dropChildren(c);
  }

  /** What a call still has out along wires that stop work nobody waits for is cancelled. */
  private dropChildren(c: number): void {
    for (const child of this.calls.children(c)) if (this.links[this.calls.link(child)]!.stops) this.cancel(child);
  }

  /** The answer is back at the caller. */
  private reply(c: number): void {
    const { rows } = this.calls;
    const at = c * CALL_STRIDE;
    if (this.watch > 0 && this.health.stopsReply(c, rows[at | CALLER]!)) return;
    const link = rows[at | LINK]!;
    const parent = rows[at | PARENT]!;
    const state = rows[at | STATE]!;
    const caller = this.nodes[rows[at | CALLER]!]!;
    this.outstanding[link]!--;
    if ((state & OUTCOME_BITS) !== 0) this.linkFailed[link]!++;
    const { depth } = this;
    this.depth = depth + 1;
    if (parent >= 0) {
      if (this.cancelling) this.calls.disown(c, parent);
      // What it still has out downstream outlives its parent: from here on it holds the request by itself.
      if (state >= PENDING) {
        this.requests.hold(rows[at | REQUEST]!);
        rows[at | PARENT] = -1;
      }
      const left = (rows[parent * CALL_STRIDE | STATE]! -= PENDING);
      if ((left & CONCLUDED) === 0) caller.replied(c, parent);
      else this.leave(parent, left);
    } else if ((state & ASYNC) === 0) caller.returned(c);
    this.depth = depth;
    // Rows may have grown meanwhile, and calls downstream may still be out: read anew.
    const now = this.calls.rows[at | STATE]! | DELIVERED;
    if (now >= PENDING) this.calls.rows[at | STATE] = now;
    else this.forget(c);
  }

  /** Gives a call's row back once its answer is delivered and nothing is out on its behalf. */
  private leave(c: number, state: number): void {
    if ((state & DELIVERED) !== 0 && state < PENDING) this.forget(c);
  }

  /** Gives the row back, and the request with it if the call held it. */
  private forget(c: number): void {
    const at = c * CALL_STRIDE;
    const { rows } = this.calls;
    if (rows[at | PARENT]! < 0) this.requests.release(rows[at | REQUEST]!);
    this.calls.recycle(c);
  }

  /** Keeps a call's row while its node is still handing out calls on its behalf. */
  hold(c: number): void {
    this.calls.rows[c * CALL_STRIDE | STATE]! += PENDING;
  }

  /** Lets go again; false if the call has meanwhile ended. */
  release(c: number): boolean {
    const state = (this.calls.rows[c * CALL_STRIDE | STATE]! -= PENDING);
    if ((state & CONCLUDED) === 0) return true;
    this.leave(c, state);
    return false;
  }

  /** Whether a held call has meanwhile ended. */
  concluded(c: number): boolean {
    return (this.calls.rows[c * CALL_STRIDE | STATE]! & CONCLUDED) !== 0;
  }

  /**
   * Runs until `until` (seconds), or `most` events, or a budget is spent. Returns true when the moment is reached, with the
   * clock standing there. Where it pauses in between changes nothing of what happens.
   */
  run(until: number, most: number): boolean {
    const { agenda, nodes, clock } = this;
    // A whole number: counting down from Infinity would box a double at every event.
    const all = Math.min(most, 0x3fffffff) | 0;
    for (let left = all; left > 0; left--) {
      const slot = this.stopped === null ? agenda.next(until) : -1;
      if (slot < 0) {
        if (this.stopped === null && until > clock.now && until < Infinity) clock.now = until;
        this.events += all - left;
        return true;
      }
      if (agenda.at[0]! > clock.now) {
        clock.now = agenda.at[0]!;
        this.atOnce = 0;
      } else if (++this.atOnce > this.budget.eventsPerInstant) this.tooFast();
      const { slots } = agenda;
      const target = slots[slot * SLOT | TARGET]!;
      const what = target & 15;
      if (what >= ENTER) this.carry(what, target >> 4, slots[slot * SLOT | ARGUMENT]!);
      else if (this.watch === 0 || !this.health.stopsEvent(slot, target >> 4)) nodes[target >> 4]!.wake(what, slots[slot * SLOT | ARGUMENT]!);
    }
    this.events += all;
    return false;
  }

  /** A call that was on its way has arrived. */
  private carry(what: number, to: number, c: number): void {
    if (what === ENTER) this.enter(c, to);
    else this.reply(c);
  }

  private tooFast(): void {
    this.stop(`More than ${this.budget.eventsPerInstant.toLocaleString('en')} events happened at one instant: some calls go round in a circle without taking time.`);
  }

  private tooMany(): void {
    this.stop(`More than ${this.budget.calls.toLocaleString('en')} calls are in flight: more comes in than can ever be answered. Bound a queue or lower the load.`);
  }

  private stop(why: string): void {
    this.stopped ??= why;
  }

  private growLinks(): void {
    const n = this.linkTo.length * 2;
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(n);
      larger.set(old);
      return larger;
    };
    this.linkCalls = wider(this.linkCalls);
    this.linkFailed = wider(this.linkFailed);
    const out = new Int32Array(n);
    out.set(this.outstanding);
    this.outstanding = out;
    const to = new Int32Array(n);
    to.set(this.linkTo);
    this.linkTo = to;
    const slow = new Uint8Array(n);
    slow.set(this.slow);
    this.slow = slow;
  }
}
