/** Turns the books of a simulation into its result. */
import { Histogram, quantile } from '../engine/histogram.ts';
import type { Book } from '../engine/ledger.ts';
import { outcomes, type Reason } from '../engine/reasons.ts';
import type { Design } from '../design/design.ts';
import type { Board, Live } from './board.ts';
import { between, type Columns } from './columns.ts';
import { nameOf } from './objectives.ts';
import type { NodeResult, Result, Spread, Tally } from './result.ts';
import { metric } from './metric.ts';

/** Counts of a histogram at some moment. */
export interface Counts {
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly count: number;
  readonly sum: number;
}

interface BookThen {
  readonly ended: Float64Array;
  readonly good: number;
  readonly latency: Counts;
}

/** Where statistics start: what had been counted by then. */
export interface Start {
  readonly time: number;
  readonly row: Float64Array;
  readonly keys: readonly string[];
  readonly overall: readonly Counts[];
  readonly books: readonly BookThen[];
  readonly nodes: ReadonlyMap<string, { readonly ended: Float64Array; readonly latency: Counts }>;
}

/** What a summary is made of: the board, where its figures stand, and whose they are. */
export interface Subject {
  readonly board: Board;
  readonly columns: Columns;
  readonly design: Design;
  readonly seed: number;
}

/** Mean and percentiles of what was added since `then`. */
export function spread(now: Counts, then: Counts | undefined): Spread {
  const count = now.count - (then?.count ?? 0);
  if (count <= 0) return { count: 0, mean: null, p50: null, p95: null, p99: null, p999: null };
  const counts = then === undefined ? now.counts : now.counts.map((c, b) => c - then.counts[b]!);
  const at = (q: number): number => quantile(counts, count, q);
  return { count, mean: (now.sum - (then?.sum ?? 0)) / count, p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999) };
}

/** Failures by reason, without the zeros. */
function reasons(ended: Float64Array, then?: Float64Array): Partial<Record<Reason, number>> {
  const failed: Partial<Record<Reason, number>> = {};
  for (let k = 0; k < ended.length; k++) {
    const code = k % outcomes.length;
    const n = ended[k]! - (then?.[k] ?? 0);
    if (code > 0 && n > 0) failed[outcomes[code] as Reason] = (failed[outcomes[code] as Reason] ?? 0) + n;
  }
  return failed;
}

const total = (of: Partial<Record<Reason, number>>): number => Object.values(of).reduce((a, b) => a + b, 0);

/** Endings of a book by outcome code. */
export const endings = (book: Book): Float64Array => Float64Array.from(outcomes, (_, code) => book.ended(code));

/** Some books together, and the same books at the start of statistics. */
function tally(books: readonly Book[], start: Start | null, seconds: number): Tally {
  const ended = new Float64Array(outcomes.length);
  const before = new Float64Array(outcomes.length);
  let offered = 0;
  let good = 0;
  for (const book of books) {
    const then = start?.books[book.index];
    offered += book.offered();
    good += book.good - (then?.good ?? 0);
    endings(book).forEach((n, code) => (ended[code]! += n));
    then?.ended.forEach((n, code) => (before[code]! += n));
  }
  return shares(offered, ended, before, good, seconds);
}

/** Offered = answered + failed + in flight, where what was in flight at the start counts as offered. */
function shares(offered: number, ended: Float64Array, before: Float64Array, goodput: number, seconds: number): Tally {
  const sum = (of: Float64Array): number => of.reduce((a, b) => a + b, 0);
  const answered = ended[0]! - before[0]!;
  const failed = reasons(ended, before);
  const failures = total(failed);
  return {
    offered: offered - sum(before),
    answered,
    failed,
    inFlight: offered - sum(ended),
    goodput,
    failedShare: answered + failures > 0 ? failures / (answered + failures) : 0,
    answeredPerSecond: seconds > 0 ? answered / seconds : 0,
    goodputPerSecond: seconds > 0 ? goodput / seconds : 0,
  };
}

/** Latency of some books together since the start of statistics. */
function latencyOf(books: readonly Book[], start: Start | null): Spread {
  const [only] = books;
  if (books.length === 1) return spread(only!.latency, start?.books[only!.index]?.latency);
  const now = new Histogram();
  const then = new Histogram();
  for (const book of books) {
    now.merge(book.latency);
    const old = start?.books[book.index]?.latency;
    if (old !== undefined) then.merge(old);
  }
  return spread(now, then);
}

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

function nodeResult(sim: Subject, live: Live, start: Start | null, row: Float64Array, old: Float64Array | null, seconds: number): NodeResult {
  const { node, kind } = live;
  const then = start?.nodes.get(live.id);
  const read = (name: string): number | null => finite(between(sim.columns.nodes.get(`${live.id}/${name}`)!, old, row, seconds));
  const count = (name: string): number => {
    const { total: column } = sim.columns.nodes.get(`${live.id}/${name}`)!;
    return row[column]! - (old?.[column] ?? 0);
  };
  const failedBy = reasons(node.ended, then?.ended);
  return {
    kind: kind.id,
    label: live.label,
    utilisation: read('utilisation'),
    queue: { mean: read('waiting') ?? 0, max: node.queueLongest() },
    arrived: count('arrivals'),
    served: count('answers'),
    failed: total(failedBy),
    failedBy,
    inFlight: node.inFlight,
    inFlightMean: read('inFlight') ?? 0,
    latency: spread(node.latency, then?.latency),
    measures: Object.fromEntries(Object.keys(kind.measures).map((name) => [name, read(name)])),
  };
}

/** Running totals at the start of statistics, in today's columns. */
function baseline(sim: Subject, start: Start | null): Float64Array | null {
  if (start === null) return null;
  const at = new Map(start.keys.map((key, i) => [key, i]));
  return Float64Array.from(sim.columns.keys, (key) => (at.has(key) ? start.row[at.get(key)!]! : 0));
}

function costOf(sim: Subject, usd: number, requests: Tally, tokens: number, seconds: number): Result['cost'] {
  const { total: usdPerHour, nodes } = sim.board.costs();
  return {
    usdPerHour: seconds > 0 ? (usd / seconds) * 3600 : usdPerHour,
    usd,
    usdPerMillionRequests: requests.answered > 0 ? (usd / requests.answered) * 1e6 : null,
    usdPerMillionTokens: tokens > 0 ? (usd / tokens) * 1e6 : null,
    nodes,
  };
}

/** The result of a simulation from `start` (null: its beginning) until now. */
export function summarise(sim: Subject, start: Start | null, digest: string): Result {
  const { net, nodes } = sim.board;
  const { ledger } = net;
  const seconds = net.now - (start?.time ?? 0);
  const row = new Float64Array(sim.columns.keys.length);
  sim.columns.fill(row, net.now);
  const old = baseline(sim, start);
  const since = (column: number): number => row[column]! - (old?.[column] ?? 0);
  const requests = tally(ledger.books, start, seconds);
  const input = since(sim.columns.input);
  const output = since(sim.columns.output);
  const latency = spread(ledger.latency(), start?.overall[0]);
  const perSecond = (x: number): number => (seconds > 0 ? x / seconds : 0);
  const names = [...new Set(ledger.books.map((b) => b.name))];
  const result: Result = {
    design: sim.design.name,
    seed: sim.seed,
    seconds: net.now,
    requests,
    latency,
    classes: Object.fromEntries(
      names.map((name) => {
        const books = ledger.books.filter((b) => b.name === name);
        return [name, { ...tally(books, start, seconds), latency: latencyOf(books, start) }];
      }),
    ),
    nodes: Object.fromEntries([...nodes.values()].map((live) => [live.id, nodeResult(sim, live, start, row, old, seconds)])),
    llm: ledger.first.count === 0 ? null : {
      ttft: spread(ledger.first, start?.overall[1]),
      tpot: spread(ledger.perOutput, start?.overall[2]),
      e2e: latency,
      inputTokensPerSecond: perSecond(input),
      outputTokensPerSecond: perSecond(output),
    },
    cost: costOf(sim, since(sim.columns.usd), requests, input + output, seconds),
    objectives: [],
    events: net.events,
    stopped: net.stopped,
    digest,
  };
  return { ...result, objectives: judge(sim, result) };
}

function judge(sim: Subject, result: Result): Result['objectives'] {
  return sim.design.objectives.map(({ metric: path, relation, limit }) => {
    const value = metric(result, path);
    const met = value !== null && (relation === 'at most' ? value <= limit : value >= limit);
    return { name: nameOf(path), metric: path, relation, limit, value, met };
  });
}
