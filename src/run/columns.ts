/** Which running totals of a board are noted, and how to read figures back from the difference of two notes. */
import type { Book } from '../engine/ledger.ts';
import { Code, outcomes } from '../engine/reasons.ts';
import type { Measure } from '../kit/kind.ts';
import type { Board, Live } from './board.ts';
import { commonMeasures } from './protocol.ts';

/** Column `total`; divided by column `per`, or by elapsed seconds where that is −1. */
export interface Quotient {
  readonly total: number;
  readonly per: number;
}

type Read = (now: number) => number;

const common: Readonly<Record<(typeof commonMeasures)[number], Pick<Measure, 'total' | 'per'>>> = {
  arrivals: { total: (n) => n.arrivedTotal() },
  answers: { total: (n) => n.endedAs(Code.answered) },
  failures: { total: (n) => n.failedTotal() },
  inFlight: { total: (n, now) => n.inFlightArea(now) },
  waiting: { total: (n, now) => n.queueArea(now) },
  utilisation: { total: (n, now) => n.busyArea(now), per: (n, now) => n.serverArea(now) },
  latency: { total: (n) => n.latency.sum, per: (n) => n.latency.count },
};

/** Measures of a component in the order of a frame: the common ones, then its kind's own. */
export function measuresOf(live: Live): readonly (readonly [string, Pick<Measure, 'total' | 'per'>])[] {
  return [...commonMeasures.map((name) => [name, common[name]] as const), ...(Object.entries(live.kind.measures) as [string, Measure][])];
}

/** The columns of one board at one moment of its structure. */
export class Columns {
  readonly keys: string[] = [];
  private readonly reads: Read[] = [];
  /** `nodeId/measure` → where it stands. */
  readonly nodes = new Map<string, Quotient>();
  /** link id → columns of calls made and calls failed. */
  readonly links = new Map<string, { readonly calls: number; readonly failed: number }>();
  readonly usd: number;
  readonly offered: number;
  readonly ended: number;
  readonly answered: number;
  readonly good: number;
  readonly input: number;
  readonly output: number;
  /** USD by component. */
  readonly spent = new Map<string, number>();
  /** Requests that ended with each outcome code. */
  readonly outcomes: readonly number[];

  constructor(board: Board) {
    const { net } = board;
    const { ledger } = net;
    // Where only a slice is simulated, counts and levels are scaled back; the two sides of a quotient need not be.
    const { slice } = board;
    const sum = (of: (b: Book) => number): number => slice * ledger.books.reduce((s, b) => s + of(b), 0);
    this.usd = this.add('usd', () => board.spentUsd());
    this.offered = this.add('offered', () => sum((b) => b.offered()));
    this.ended = this.add('ended', () => sum((b) => outcomes.reduce((a, _, code) => a + b.ended(code), 0)));
    this.answered = this.add('answered', () => sum((b) => b.ended(Code.answered)));
    this.good = this.add('good', () => sum((b) => b.good));
    this.outcomes = outcomes.map((outcome, code) => this.add(`ended/${outcome}`, () => sum((b) => b.ended(code))));
    this.input = this.add('input', () => slice * ledger.input);
    this.output = this.add('output', () => slice * ledger.output);
    for (const live of board.nodes.values()) this.spent.set(live.id, this.add(`${live.id}/usd`, () => board.spentAt(live)));
    for (const live of board.nodes.values()) for (const [name, measure] of measuresOf(live)) this.addMeasure(live, name, measure, slice);
    // With a guard, what counts on a wire is each attempt.
    for (const link of board.links.values())
      this.links.set(link.id, { calls: this.add(`${link.id}/calls`, () => slice * net.linkCalls[link.inner]!), failed: this.add(`${link.id}/failed`, () => slice * net.linkFailed[link.inner]!) });
  }

  private add(key: string, read: Read): number {
    this.keys.push(key);
    return this.reads.push(read) - 1;
  }

  private addMeasure(live: Live, name: string, measure: Pick<Measure, 'total' | 'per'>, slice: number): void {
    const { total, per } = measure;
    const key = `${live.id}/${name}`;
    this.nodes.set(key, {
      total: this.add(key, per === undefined ? (now) => slice * total(live.node, now) : (now) => total(live.node, now)),
      per: per === undefined ? -1 : this.add(`${key}/per`, (now) => per(live.node, now)),
    });
  }

  /** Writes all totals of this moment. */
  fill(row: Float64Array, now: number): void {
    for (let i = 0; i < this.reads.length; i++) row[i] = this.reads[i]!(now);
  }

  /** For each of these columns its place among the older ones, or −1. */
  from(older: Columns): Int32Array {
    const at = new Map(older.keys.map((key, i) => [key, i]));
    return Int32Array.from(this.keys, (key) => at.get(key) ?? -1);
  }
}

/** What a measure was between two notes `seconds` apart (null: the start of the run); NaN where there is nothing to divide by. */
export function between(q: Quotient, older: Float64Array | null, newer: Float64Array, seconds: number): number {
  const total = newer[q.total]! - (older === null ? 0 : older[q.total]!);
  const per = q.per < 0 ? seconds : newer[q.per]! - (older === null ? 0 : older[q.per]!);
  return per > 0 ? total / per : NaN;
}
