/**
 * Calls under way: one row for each visit of a request to a node, with the way back. Strided and recycled like `requests.ts`.
 * The network reads and writes rows in place (`rows`, the offsets below): through accessors the same work took half as long again.
 */
import type { Clock } from './clock.ts';
import { enlarged } from './agenda.ts';

/**
 * Integers per call in `rows`, and what stands where among them: a cache line for all that most calls have, because with 10^5 of them under way nearly
 * every line is fetched from afar. A power of two: places are put together by `|`, which needs no check for overflow.
 */
export const CALL_STRIDE = 16;
export const REQUEST = 0;
export const PARENT = 1;
export const CALLER = 2;
export const NODE = 3;
export const LINK = 4;
export const NEXT = 5;
/** Outcome code, flags and, from bit 9, how many of its own calls downstream have not come back. */
export const STATE = 6;
export const CLASS = 7;
/** What only some nodes write down, the last a handle of the serving node's own. Between these and the former lie the doubles. */
const COUNT = 12;
const MISSES = 13;
const DATA = 14;
const HANDLE = 15;
/** Doubles per call in `times`, the same memory: when it reached its node, and a moment of that node's own. */
export const TIMES = CALL_STRIDE / 2;
export const START = 4;
const MARK = 5;
/** Integers per call in `kin`: first of the calls made on its behalf, its neighbours among those of its own parent, and which attempt it is; kept only while calls can be cancelled or tried again. */
const KIN = 4;
const FIRST_CHILD = 0;
const SIBLING = 1;
const ELDER = 2;
const ATTEMPT = 3;
/** In `ELDER`: not on its parent's list. */
const UNLISTED = -2;

/** The outcome's bits in `STATE`. */
export const OUTCOME_BITS = 15;
/** The answer has been given; what still comes back from downstream is of no interest to the node. */
export const CONCLUDED = 16;
/** The answer has arrived at the caller. */
export const DELIVERED = 32;
/** Nobody waits for the answer: fire and forget. */
export const ASYNC = 64;
/** Nobody wants the answer any more, and the work for it shall stop. */
export const CANCELLED = 128;
/** Its misses have been set. */
const COUNTED = 256;
/** One call downstream that has not come back. */
export const PENDING = 512;

export class Calls {
  /** Integers of all calls, `CALL_STRIDE` each; replaced when it grows. */
  rows = new Int32Array(256 * CALL_STRIDE);
  /** The doubles of all calls, `TIMES` each. */
  times = new Float64Array(this.rows.buffer);
  private kin = new Int32Array(256 * KIN);
  private made = 0;
  private free = -1;
  /** What `attempt` will be of the next call made; set just before by whoever counts attempts, else −1. */
  nextAttempt = -1;
  /** Whether children and handles are noted: not where nobody asks for them (it costs 5 % of an event). */
  thorough = false;
  private thoroughSince = -1;

  /** `clock.now` is now, in seconds; `tooMany` hears when more than `limit` calls are under way (checked as the table grows). */
  constructor(
    readonly clock: Clock,
    private readonly limit: number,
    private readonly tooMany: () => void,
  ) {}

  /** A new call along `link`; `parent` is the call it serves, or −1. */
  create(request: number, parent: number, caller: number, node: number, link: number, flags: number, cls: number): number {
    let c = this.free;
    if (c < 0) {
      if (this.made * CALL_STRIDE === this.rows.length) this.grow();
      c = this.made++;
    } else this.free = this.rows[c * CALL_STRIDE | NEXT]!;
    const at = c * CALL_STRIDE;
    const { rows } = this;
    rows[at | REQUEST] = request;
    rows[at | PARENT] = parent;
    rows[at | CALLER] = caller;
    rows[at | NODE] = node;
    rows[at | LINK] = link;
    rows[at | STATE] = flags;
    rows[at | CLASS] = cls;
    if (this.thorough || this.nextAttempt >= 0) this.note(c);
    return c;
  }

  /** What is noted of a call only where calls are tried again or cancelled. */
  private note(c: number): void {
    this.kin[c * KIN | ATTEMPT] = this.nextAttempt;
    this.nextAttempt = -1;
    if (!this.thorough) return;
    this.kin[c * KIN | FIRST_CHILD] = -1;
    this.kin[c * KIN | ELDER] = UNLISTED;
    this.rows[c * CALL_STRIDE | HANDLE] = -1;
    this.times[c * TIMES | START] = -1;
  }

  /** From now on more is noted of each call; `travelling` are those on their way now. Calls made before have neither children nor handles to speak of. */
  beThorough(travelling: Iterable<number>): void {
    if (this.thorough) return;
    this.thorough = true;
    this.thoroughSince = this.made === 0 ? -1 : this.clock.now;
    for (let c = 0; c < this.made; c++) {
      this.kin[c * KIN | FIRST_CHILD] = -1;
      this.kin[c * KIN | ELDER] = UNLISTED;
    }
    for (const c of travelling) this.times[c * TIMES | START] = -1;
  }

  /** Whether the serving node can have noted a handle with this call. */
  isNoted(c: number): boolean {
    return this.thorough && this.times[c * TIMES | START]! > this.thoroughSince;
  }

  /** Gives the row back. */
  recycle(c: number): void {
    this.rows[c * CALL_STRIDE | NEXT] = this.free;
    this.free = c;
  }

  /** Calls alive now. Walks the list of free rows: for rare occasions. */
  get count(): number {
    let count = this.made;
    for (let c = this.free; c >= 0; c = this.next(c)) count--;
    return count;
  }

  request(c: number): number {
    return this.rows[c * CALL_STRIDE | REQUEST]!;
  }
  /** The call on whose behalf this one was made, or −1. */
  parent(c: number): number {
    return this.rows[c * CALL_STRIDE | PARENT]!;
  }
  /** Index of the node that waits for the answer. */
  caller(c: number): number {
    return this.rows[c * CALL_STRIDE | CALLER]!;
  }
  /** Index of the node that is asked. */
  node(c: number): number {
    return this.rows[c * CALL_STRIDE | NODE]!;
  }
  link(c: number): number {
    return this.rows[c * CALL_STRIDE | LINK]!;
  }
  class(c: number): number {
    return this.rows[c * CALL_STRIDE | CLASS]!;
  }
  /** Next call in the list it waits in; for the owner of that list. */
  next(c: number): number {
    return this.rows[c * CALL_STRIDE | NEXT]!;
  }
  setNext(c: number, value: number): void {
    this.rows[c * CALL_STRIDE | NEXT] = value;
  }
  /** The call before another in the list that starts with `head`: −1 if it is the first, −2 if it is not there. Walks the list: for rare occasions. */
  before(call: number, head: number): number {
    let before = -1;
    for (let at = head; at >= 0; at = this.next(at)) {
      if (at === call) return before;
      before = at;
    }
    return -2;
  }
  /** Outcome code (see `reasons.ts`) once concluded. */
  outcome(c: number): number {
    return this.rows[c * CALL_STRIDE | STATE]! & OUTCOME_BITS;
  }
  /** Two counters for whoever fans out; the second is −1 until set. */
  counter(c: number): number {
    return this.rows[c * CALL_STRIDE | COUNT]!;
  }
  setCounter(c: number, value: number): void {
    this.rows[c * CALL_STRIDE | COUNT] = value;
  }
  misses(c: number): number {
    return (this.rows[c * CALL_STRIDE | STATE]! & COUNTED) === 0 ? -1 : this.rows[c * CALL_STRIDE | MISSES]!;
  }
  setMisses(c: number, value: number): void {
    this.rows[c * CALL_STRIDE | STATE]! |= COUNTED;
    this.rows[c * CALL_STRIDE | MISSES] = value;
  }
  /** A whole number of the serving node's own; undefined until set. */
  data(c: number): number {
    return this.rows[c * CALL_STRIDE | DATA]!;
  }
  setData(c: number, value: number): void {
    this.rows[c * CALL_STRIDE | DATA] = value;
  }
  /** Puts a call on its parent's list, so that it can be found when the parent is cancelled. */
  adopt(c: number, parent: number): void {
    const { kin } = this;
    const first = kin[parent * KIN | FIRST_CHILD]!;
    kin[c * KIN | SIBLING] = first;
    kin[c * KIN | ELDER] = -1;
    if (first >= 0) kin[first * KIN | ELDER] = c;
    kin[parent * KIN | FIRST_CHILD] = c;
  }

  /** Takes a call off its parent's list, if it is on it. */
  disown(c: number, parent: number): void {
    const { kin } = this;
    const elder = kin[c * KIN | ELDER]!;
    if (elder === UNLISTED) return;
    const younger = kin[c * KIN | SIBLING]!;
    if (elder >= 0) kin[elder * KIN | SIBLING] = younger;
    else kin[parent * KIN | FIRST_CHILD] = younger;
    if (younger >= 0) kin[younger * KIN | ELDER] = elder;
    kin[c * KIN | ELDER] = UNLISTED;
  }

  /** The calls still out on a call's behalf, as far as they are listed. */
  children(c: number): number[] {
    if (!this.thorough) return [];
    const list: number[] = [];
    for (let k = this.kin[c * KIN | FIRST_CHILD]!; k >= 0; k = this.kin[k * KIN | SIBLING]!) list.push(k);
    return list;
  }

  /** All calls that are at a node now and have not ended there, given those on their way. Looks at every row: for rare occasions. */
  at(node: number, travelling: ReadonlySet<number>): number[] {
    const free = new Uint8Array(this.made);
    for (let c = this.free; c >= 0; c = this.next(c)) free[c] = 1;
    const found: number[] = [];
    for (let c = 0; c < this.made; c++) {
      if (free[c] === 0 && this.node(c) === node && !travelling.has(c) && (this.rows[c * CALL_STRIDE | STATE]! & CONCLUDED) === 0) found.push(c);
    }
    return found;
  }

  /** Which attempt at the same thing this call is, 0 being the first; only for whoever counts them. */
  attempt(c: number): number {
    return this.kin[c * KIN | ATTEMPT]!;
  }
  /** Handle of an event that the serving node has planned for this call; where calls are noted thoroughly, −1 until set. */
  handle(c: number): number {
    return this.rows[c * CALL_STRIDE | HANDLE]!;
  }
  setHandle(c: number, value: number): void {
    this.rows[c * CALL_STRIDE | HANDLE] = value;
  }
  /** Whether nobody wants its answer any more. */
  cancelled(c: number): boolean {
    return (this.rows[c * CALL_STRIDE | STATE]! & CANCELLED) !== 0;
  }

  /** When it reached its node, in seconds; while it is on its way, −1 where calls are noted thoroughly. */
  start(c: number): number {
    return this.times[c * TIMES | START]!;
  }
  /** A moment of the serving node's own (say, when service began). */
  mark(c: number): number {
    return this.times[c * TIMES | MARK]!;
  }
  setMark(c: number, time: number): void {
    this.times[c * TIMES | MARK] = time;
  }

  private grow(): void {
    if (this.made >= this.limit) this.tooMany();
    this.rows = enlarged(this.rows, new Int32Array(this.rows.length * 2));
    this.times = new Float64Array(this.rows.buffer);
    this.kin = enlarged(this.kin, new Int32Array(this.kin.length * 2));
  }
}
