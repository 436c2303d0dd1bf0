/** Turns the books of a simulation into its result. */
import { countsOf, Histogram, quantileBucket, since, valueOf, type Counts } from '../engine/histogram.ts';
import type { Book } from '../engine/ledger.ts';
import { outcomes, type Reason } from '../engine/reasons.ts';
import type { Design } from '../design/design.ts';
import { attribute, presence } from './attribution.ts';
import type { Board, Live } from './board.ts';
import { between, type Columns } from './columns.ts';
import type { NodeResult, Party, Result, Spread, Tally } from './result.ts';
import { metric } from './metric.ts';
import { metricOf } from './metric-names.ts';

/** How long requests took: in all; of streamed answers, until the first token and per further one. May be the live histograms themselves: read at once. */
export interface Times {
  readonly latency: Counts;
  readonly first: Counts;
  readonly perOutput: Counts;
}

interface BookThen extends Times {
  readonly ended: Float64Array;
  readonly good: number;
}

/** Where statistics start: what had been counted by then. */
export interface Start {
  readonly time: number;
  readonly row: Float64Array;
  readonly keys: readonly string[];
  readonly overall: readonly Counts[];
  readonly books: readonly BookThen[];
  readonly nodes: ReadonlyMap<string, { readonly ended: Float64Array; readonly latency: Counts }>;
  /** See `presence`; null where it is not known. */
  readonly presence: ReadonlyMap<string, Float64Array> | null;
}

/** What a summary is made of: the board, where its figures stand, and whose they are. */
export interface Subject {
  readonly board: Board;
  readonly columns: Columns;
  readonly design: Design;
  readonly seed: number;
}

/** All that statistics have to forget if they start now. */
export function startNow({ board, columns }: Subject): Start {
  const { net, nodes } = board;
  const { ledger } = net;
  const row = new Float64Array(columns.keys.length);
  columns.fill(row, net.now);
  return {
    time: net.now,
    row,
    keys: columns.keys,
    overall: [countsOf(ledger.latency()), countsOf(ledger.first), countsOf(ledger.perOutput)],
    books: ledger.books.map((b) => ({ ended: endings(b), good: b.good, latency: countsOf(b.latency), first: countsOf(b.first), perOutput: countsOf(b.perOutput) })),
    nodes: new Map([...nodes.values()].map((l) => [l.id, { ended: l.node.ended.slice(), latency: countsOf(l.node.latency) }])),
    presence: presence(board),
  };
}

/** Every distribution of a run from `start` on: of all requests, and by the name of their class, by tenant; latency by the id of a component. */
export interface Distributions extends Times {
  readonly classes: Readonly<Record<string, Times>>;
  readonly tenants: Readonly<Record<string, Times>>;
  readonly nodes: Readonly<Record<string, Counts>>;
}

/** What one run gave: its result and the distributions behind it. */
export interface Replica {
  readonly result: Result;
  readonly seen: Distributions;
}

/** What has been distributed how since the start of statistics. */
export function distributions({ board }: Subject, start: Start | null): Distributions {
  const { ledger } = board.net;
  const fresh = (now: Counts, then: Counts | undefined): Counts => (then === undefined || then.count === 0 ? now : since(now, then));
  const ofBooks = (books: readonly Book[], which: keyof Times): Counts => together(books.map((b) => fresh(b[which], start?.books[b.index]?.[which])));
  const times = (books: readonly Book[]): Times => ({ latency: ofBooks(books, 'latency'), first: ofBooks(books, 'first'), perOutput: ofBooks(books, 'perOutput') });
  const by = (key: 'name' | 'tenant'): Record<string, Times> =>
    Object.fromEntries(namesOf(ledger.books, key).map((name) => [name, times(ledger.books.filter((b) => b[key] === name))]));
  return {
    latency: fresh(ledger.latency(), start?.overall[0]),
    first: fresh(ledger.first, start?.overall[1]),
    perOutput: fresh(ledger.perOutput, start?.overall[2]),
    classes: by('name'),
    tenants: by('tenant'),
    nodes: Object.fromEntries([...board.nodes.values()].map(({ id, node }) => [id, fresh(node.latency, start?.nodes.get(id)?.latency)])),
  };
}

/** Names of classes, or of tenants that have a name. */
function namesOf(books: readonly Book[], key: 'name' | 'tenant'): readonly string[] {
  return [...new Set(books.map((b) => b[key]))].filter((name) => key === 'name' || name !== '');
}

/** Several histograms as one. */
function together(all: readonly Counts[]): Counts {
  if (all.length === 1) return all[0]!;
  const whole = new Histogram();
  for (const one of all) whole.merge(one);
  return whole;
}

const nothing: Spread = { count: 0, mean: null, p50: null, p95: null, p99: null, p999: null };

/** Mean and percentiles of a distribution. */
export function spread({ lowest, counts, count, sum }: Counts): Spread {
  if (count <= 0) return nothing;
  const at = (q: number): number => valueOf(lowest + quantileBucket(counts, count, q));
  return { count, mean: sum / count, p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999) };
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
const endings = (book: Book): Float64Array => Float64Array.from(outcomes, (_, code) => book.ended(code));

/** Some books together, and the same books at the start of statistics. */
function tally(books: readonly Book[], start: Start | null, seconds: number, slice: number): Tally {
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
  const scaled = (counts: Float64Array): Float64Array => counts.map((n) => n * slice);
  return shares(offered * slice, scaled(ended), scaled(before), good * slice, seconds);
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

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

function nodeResult(sim: Subject, live: Live, latency: Counts, start: Start | null, row: Float64Array, old: Float64Array | null, seconds: number): NodeResult {
  const { node, kind } = live;
  const read = (name: string): number | null => finite(between(sim.columns.nodes.get(`${live.id}/${name}`)!, old, row, seconds));
  const count = (name: string): number => {
    const { total: column } = sim.columns.nodes.get(`${live.id}/${name}`)!;
    return row[column]! - (old?.[column] ?? 0);
  };
  const { slice } = sim.board;
  const then = start?.nodes.get(live.id)?.ended;
  const failedBy = reasons(node.ended.map((n) => n * slice), then?.map((n) => n * slice));
  return {
    kind: kind.id,
    label: live.label,
    utilisation: read('utilisation'),
    queue: { mean: read('waiting') ?? 0, max: node.queueLongest() * slice },
    arrived: count('arrivals'),
    served: count('answers'),
    failed: total(failedBy),
    failedBy,
    inFlight: node.inFlight * slice,
    inFlightMean: read('inFlight') ?? 0,
    latency: spread(latency),
    measures: Object.fromEntries(Object.keys(kind.measures).map((name) => [name, read(name)])),
  };
}

/** Running totals at the start of statistics, in today's columns. */
function baseline(sim: Subject, start: Start | null): Float64Array | null {
  if (start === null) return null;
  const at = new Map(start.keys.map((key, i) => [key, i]));
  return Float64Array.from(sim.columns.keys, (key) => (at.has(key) ? start.row[at.get(key)!]! : 0));
}

function costOf(sim: Subject, start: Start | null, gained: (column: number) => number, requests: Tally, tokens: number, seconds: number): Result['cost'] {
  const listed = sim.board.costs();
  const hourly = (spent: number): number => (spent / seconds) * 3600;
  const usd = gained(sim.columns.usd);
  const { books, classes } = sim.board.net.ledger;
  const asked = new Float64Array(classes.length);
  for (const book of books) asked[book.cls]! += book.offered();
  const parts = attribute(sim.board, usd, new Map([...sim.columns.spent].map(([id, column]) => [id, gained(column)])), start?.presence ?? null, asked);
  const by = (key: 'name' | 'tenant'): Record<string, number> =>
    Object.fromEntries(namesOf(books, key).map((name) => [name, classes.reduce((sum, c, cls) => (c[key] === name ? sum + parts[cls]! : sum), 0)]));
  return {
    usdPerHour: seconds > 0 ? hourly(usd) : listed.total,
    usd,
    usdPerMillionRequests: requests.answered > 0 ? (usd / requests.answered) * 1e6 : null,
    usdPerMillionTokens: tokens > 0 ? (usd / tokens) * 1e6 : null,
    // What was paid, not what stands in the list: replicas come and go, and some bills follow the traffic.
    nodes: seconds > 0 ? Object.fromEntries([...sim.columns.spent].map(([id, column]) => [id, hourly(gained(column))])) : listed.nodes,
    classes: by('name'),
    tenants: by('tenant'),
  };
}

/** The result of a simulation from `start` (null: its beginning) until now, without a word on how sure it is. */
export function summarise(sim: Subject, start: Start | null, digest: string, seen: Distributions = distributions(sim, start)): Result {
  const { net, nodes } = sim.board;
  const { ledger } = net;
  const seconds = net.now - (start?.time ?? 0);
  const row = new Float64Array(sim.columns.keys.length);
  sim.columns.fill(row, net.now);
  const old = baseline(sim, start);
  const gained = (column: number): number => row[column]! - (old?.[column] ?? 0);
  const { slice, bends } = sim.board;
  const requests = tally(ledger.books, start, seconds, slice);
  const input = gained(sim.columns.input);
  const output = gained(sim.columns.output);
  const result: Result = {
    design: sim.design.name,
    seed: sim.seed,
    seconds: net.now,
    measuredSeconds: seconds,
    replications: 1,
    warmup: { seconds: start?.time ?? 0, how: 'given', steady: null },
    inFlightGrows: false,
    requests,
    latency: spread(seen.latency),
    classes: parties(ledger.books, 'name', start, seconds, seen.classes, slice),
    tenants: parties(ledger.books, 'tenant', start, seconds, seen.tenants, slice),
    nodes: Object.fromEntries([...nodes.values()].map((live) => [live.id, nodeResult(sim, live, seen.nodes[live.id]!, start, row, old, seconds)])),
    llm: ledger.first.count === 0 ? null : { ...streamed(seen), inputTokensPerSecond: seconds > 0 ? input / seconds : 0, outputTokensPerSecond: seconds > 0 ? output / seconds : 0 },
    cost: costOf(sim, start, gained, requests, input + output, seconds),
    slice: slice === 1 ? null : { oneIn: slice, bends },
    objectives: [],
    intervals: {},
    events: net.events,
    stopped: net.stopped,
    digest,
  };
  return { ...result, objectives: judge(sim.design, result) };
}

function parties(books: readonly Book[], key: 'name' | 'tenant', start: Start | null, seconds: number, seen: Distributions['classes'], slice: number): Result['classes'] {
  return Object.fromEntries(Object.entries(seen).map(([name, times]) => [name, { ...tally(books.filter((b) => b[key] === name), start, seconds, slice), ...timesOf(times) }]));
}

/** How long the requests of a class or tenant took. */
export const timesOf = ({ latency, first, perOutput }: Times): Omit<Party, keyof Tally> => ({ latency: spread(latency), llm: first.count > 0 ? { ttft: spread(first), tpot: spread(perOutput) } : null });

/** Times of streamed answers. */
export function streamed(seen: Times): { readonly ttft: Spread; readonly tpot: Spread; readonly e2e: Spread } {
  return { ttft: spread(seen.first), tpot: spread(seen.perOutput), e2e: spread(seen.latency) };
}

/** The objectives of a design held against a result. */
export function judge(design: Design, result: Result): Result['objectives'] {
  return design.objectives.map(({ metric: path, relation, limit }) => {
    const value = metric(result, path);
    const met = value !== null && (relation === 'at most' ? value <= limit : value >= limit);
    return { name: metricOf(path, design).label, metric: path, relation, limit, value, met };
  });
}
