/**
 * The requests in the system: one row of numbers each, recycled. What every request is asked for lies in one cache line, read as integers and as
 * doubles, and what it carries apart from that: with 10^5 in flight nearly every line is fetched from afar.
 */
import type { Clock } from './clock.ts';
import { enlarged } from './agenda.ts';
import type { Trace } from './trace.ts';

/** Integers per row, and what stands where among them. */
const STRIDE = 16;
const CLASS = 0;
const KEY = 1;
const ITEMS = 2;
const REFS = 3;
const TIMER = 4;
const ROW = 5;
const PREFIX = 6;
const NEXT = 7;
/** Doubles per row, behind the integers. */
const DOUBLES = STRIDE / 2;
const BORN = 4;
/** Which pattern the row still is like, to the letter; 0 for none. A recycled row of the same pattern needs no copying (25 ns). */
const LIKE = 5;
const DEADLINE = 6;
const FIRST = 7;
/** Doubles of what it carries. */
const WORK = 4;
const INPUT = 0;
const OUTPUT = 1;
const BYTES = 2;
const PREFIX_INPUT = 3;

/** What requests of a source have in common: class 0, no work, one item, no deadline, unless said otherwise. Copied at birth. */
export class Pattern {
  readonly integers = new Int32Array(STRIDE);
  /** The same memory. */
  readonly numbers = new Float64Array(this.integers.buffer);
  readonly work = new Float64Array(WORK);

  constructor() {
    this.integers.set([0, 0, 1, 0, -1, -1, -1]);
    this.numbers[DEADLINE] = Infinity;
    this.numbers[FIRST] = -1;
  }

  /** `version` tells this content from any other pattern's in the same run. */
  set(version: number, cls: number, input: number, output: number, bytes: number, items: number): void {
    this.numbers[LIKE] = version;
    this.integers[CLASS] = cls;
    this.integers[ITEMS] = items;
    this.work[INPUT] = input;
    this.work[OUTPUT] = output;
    this.work[BYTES] = bytes;
  }
}

export class Requests {
  private i = new Int32Array(256 * STRIDE);
  /** The same memory. */
  private f = new Float64Array(this.i.buffer);
  private work = new Float64Array(256 * WORK);
  private made = 0;
  private free = -1;
  private versions = 0;
  private readonly traces: Trace[] = [];
  private readonly bases: number[] = [];

  /** `clock.now` is now, in seconds. */
  constructor(readonly clock: Clock) {}

  /** A new request, born now, that is like `pattern`; nobody holds it yet. */
  create(pattern: Pattern): number {
    let r = this.free;
    if (r < 0) {
      if (this.made * STRIDE === this.i.length) this.grow();
      r = this.made++;
    } else this.free = this.i[r * STRIDE | NEXT]!;
    const { f, i, clock } = this;
    const { numbers, integers } = pattern;
    f[r * DOUBLES | BORN] = clock.now;
    i[r * STRIDE | REFS] = 0;
    if (f[r * DOUBLES | LIKE] === numbers[LIKE]) return r;
    for (let k = LIKE; k < DOUBLES; k++) f[r * DOUBLES | k] = numbers[k]!;
    for (let k = 0; k < NEXT; k++) i[r * STRIDE | k] = integers[k]!;
    for (let k = 0; k < WORK; k++) this.work[r * WORK | k] = pattern.work[k]!;
    return r;
  }

  /** A number no pattern of this run has had yet. */
  freshVersion(): number {
    return ++this.versions;
  }

  /** One more holder of the request. */
  hold(r: number): void {
    this.i[r * STRIDE | REFS]!++;
  }

  /** One holder less; the last one out frees the row. */
  release(r: number): void {
    const at = r * STRIDE;
    if (--this.i[at | REFS]! > 0) return;
    this.i[at | NEXT] = this.free;
    this.free = r;
  }

  /** Requests alive now. Walks the list of free rows: for rare occasions. */
  get count(): number {
    let count = this.made;
    for (let r = this.free; r >= 0; r = this.i[r * STRIDE | NEXT]!) count--;
    return count;
  }

  /** When it was born, in seconds. */
  born(r: number): number {
    return this.f[r * DOUBLES | BORN]!;
  }
  /** Work going in (tokens of the prompt, for language models). */
  input(r: number): number {
    return this.work[r * WORK | INPUT]!;
  }
  /** Work coming out (tokens of the answer). */
  output(r: number): number {
    return this.work[r * WORK | OUTPUT]!;
  }
  bytes(r: number): number {
    return this.work[r * WORK | BYTES]!;
  }
  /** The moment after which nobody cares for the answer; Infinity if never. */
  deadline(r: number): number {
    return this.f[r * DOUBLES | DEADLINE]!;
  }
  /** When the first part of the answer appeared, or −1. */
  first(r: number): number {
    return this.f[r * DOUBLES | FIRST]!;
  }
  class(r: number): number {
    return this.i[r * STRIDE | CLASS]!;
  }
  /** Identity of what it asks for (caches, hashing): a rank of popularity, 0 the most popular. */
  key(r: number): number {
    return this.i[r * STRIDE | KEY]!;
  }
  /** How many things it asks for at once. */
  items(r: number): number {
    return this.i[r * STRIDE | ITEMS]!;
  }
  /** Handle of its give-up timer in the agenda, −1 without one, −2 once its asker has given up. */
  timer(r: number): number {
    return this.i[r * STRIDE | TIMER]!;
  }
  /** Row of the trace it replays (see `traceOf`), or −1. */
  row(r: number): number {
    const row = this.i[r * STRIDE | ROW]!;
    return row < 0 ? -1 : row - this.bases[this.traceIndex(row)]!;
  }
  /** The trace it replays, or null. */
  traceOf(r: number): Trace | null {
    const row = this.i[r * STRIDE | ROW]!;
    return row < 0 ? null : this.traces[this.traceIndex(row)]!;
  }
  /** Makes a trace's rows known; `setRow` takes the row plus the number returned. */
  register(trace: Trace): number {
    const known = this.traces.indexOf(trace);
    if (known >= 0) return this.bases[known]!;
    const last = this.traces.at(-1);
    const base = last ? this.bases.at(-1)! + last.arrival.length : 0;
    this.traces.push(trace);
    this.bases.push(base);
    return base;
  }
  private traceIndex(row: number): number {
    let k = this.bases.length - 1;
    while (this.bases[k]! > row) k--;
    return k;
  }
  /** How much of its input that shared prefix is. */
  prefixInput(r: number): number {
    return this.work[r * WORK | PREFIX_INPUT]!;
  }
  /** Identity of the prefix it shares with others, or −1. */
  prefix(r: number): number {
    return this.i[r * STRIDE | PREFIX]!;
  }

  setWork(r: number, input: number, output: number, bytes: number): void {
    const at = r * WORK;
    this.f[r * DOUBLES | LIKE] = 0;
    this.work[at | INPUT] = input;
    this.work[at | OUTPUT] = output;
    this.work[at | BYTES] = bytes;
  }
  setDeadline(r: number, time: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.f[r * DOUBLES | DEADLINE] = time;
  }
  setFirst(r: number, time: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.f[r * DOUBLES | FIRST] = time;
  }
  setClass(r: number, value: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.i[r * STRIDE | CLASS] = value;
  }
  setKey(r: number, value: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.i[r * STRIDE | KEY] = value;
  }
  setItems(r: number, value: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.i[r * STRIDE | ITEMS] = value;
  }
  setTimer(r: number, handle: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.i[r * STRIDE | TIMER] = handle;
  }
  setRow(r: number, row: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.i[r * STRIDE | ROW] = row;
  }
  setPrefix(r: number, prefix: number, input: number): void {
    this.f[r * DOUBLES | LIKE] = 0;
    this.i[r * STRIDE | PREFIX] = prefix;
    this.work[r * WORK | PREFIX_INPUT] = input;
  }

  private grow(): void {
    this.i = enlarged(this.i, new Int32Array(this.i.length * 2));
    this.f = new Float64Array(this.i.buffer);
    this.work = enlarged(this.work, new Float64Array(this.work.length * 2));
  }
}
