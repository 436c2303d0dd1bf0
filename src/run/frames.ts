/** What the page sees of a running simulation: figures of the recent past for cards and wires, and the charts. */
import { BUCKETS, countsOf, Histogram, quantile } from '../engine/histogram.ts';
import { outcomes } from '../engine/reasons.ts';
import { between, measuresOf } from './columns.ts';
import { metric } from './metric.ts';
import type { Charts, ChartSeries, Layout } from './protocol.ts';
import type { Simulation } from './simulation.ts';
import { summarise } from './summary.ts';

/** A card looks back over this many notes, objectives over more: long enough to be steady, short enough to turn. */
const CARD_NOTES = 3;
const OBJECTIVE_NOTES = 20;
/** A card's reason looks back over this many frames. */
const FAILURE_FRAMES = 15;
/** At most this many cells on a face. */
const CELLS = 64;

/** Where each node's and wire's figures stand in frames of this simulation, until its structure changes. */
export function layoutOf(sim: Simulation): Layout {
  const nodes: Record<string, { at: number; measures: string[] }> = {};
  const cells: Record<string, number> = {};
  let at = 0;
  let cell = 0;
  for (const live of sim.board.nodes.values()) {
    const measures = measuresOf(live).map(([name]) => name);
    nodes[live.id] = { at, measures };
    at += measures.length;
    if (live.kind.face.form === 'cells' || live.kind.face.form === 'slots') {
      cells[live.id] = cell;
      cell += 1 + CELLS;
    }
  }
  const links: Record<string, number> = {};
  [...sim.board.links.keys()].forEach((id, i) => (links[id] = i * 3));
  const failing = Object.fromEntries([...sim.board.nodes.keys()].map((id, i) => [id, i]));
  return { nodes, links, cells, failing };
}

/** A note of the past to compare now with: running totals and how long ago. */
interface Past {
  readonly row: Float64Array | null;
  readonly index: number;
  readonly seconds: number;
}

function past(sim: Simulation, notes: number): Past {
  const index = sim.recorder.before(sim.now - notes * sim.recorder.interval);
  return { index, row: sim.recorder.row(index), seconds: sim.now - (index < 0 ? 0 : sim.recorder.times[index]!) };
}

/** Figures of every node, wire and face at this moment, in the order of the layout. */
export function figures(sim: Simulation): { readonly nodes: Float64Array; readonly links: Float64Array; readonly cells: Float64Array } {
  const row = new Float64Array(sim.columns.keys.length);
  sim.columns.fill(row, sim.now);
  const then = past(sim, CARD_NOTES);
  const values: number[] = [];
  const faces: number[] = [];
  const scratch = new Float64Array(CELLS);
  for (const live of sim.board.nodes.values()) {
    for (const [name] of measuresOf(live)) values.push(between(sim.columns.nodes.get(`${live.id}/${name}`)!, then.row, row, then.seconds));
    if (live.kind.face.form !== 'cells' && live.kind.face.form !== 'slots') continue;
    scratch.fill(0);
    faces.push(Math.min(CELLS, live.node.face(scratch)), ...scratch);
  }
  return { nodes: Float64Array.from(values), links: wires(sim, row, then), cells: Float64Array.from(faces) };
}

/** Figures of a past moment, from the notes: no faces, no reasons. The moment itself is that of the last note at or before `time`. */
export function figuresAt(sim: Simulation, time: number): { readonly time: number; readonly nodes: Float64Array; readonly links: Float64Array } {
  const { recorder, columns, board } = sim;
  const index = recorder.before(time);
  const row = recorder.row(index) ?? new Float64Array(columns.keys.length);
  const at = index < 0 ? 0 : recorder.times[index]!;
  const before = recorder.before(at - CARD_NOTES * recorder.interval);
  const then: Past = { index: before, row: recorder.row(before), seconds: at - (before < 0 ? 0 : recorder.times[before]!) };
  const values: number[] = [];
  for (const live of board.nodes.values()) for (const [name] of measuresOf(live)) values.push(between(columns.nodes.get(`${live.id}/${name}`)!, then.row, row, then.seconds));
  return { time: at, nodes: Float64Array.from(values), links: wires(sim, row, then) };
}

/** Remembers how calls ended at each node over the last frames, to say what they fail for now. */
export class FailureMemory {
  private readonly past: Float64Array[] = [];

  /** The outcome code of each node's most frequent failure since a few frames ago; 0 where there is none. */
  failing(sim: Simulation): Uint8Array {
    const nodes = [...sim.board.nodes.values()];
    const now = Float64Array.from({ length: nodes.length * outcomes.length }, (_, k) => nodes[Math.floor(k / outcomes.length)]!.node.endedAs(k % outcomes.length));
    if (this.past[0]?.length !== now.length) this.past.length = 0;
    const then = this.past[0] ?? now;
    this.past.push(now);
    if (this.past.length > FAILURE_FRAMES) this.past.shift();
    return Uint8Array.from(nodes, (_, i) => mostFrequent(now, then, i * outcomes.length));
  }
}

function mostFrequent(now: Float64Array, then: Float64Array, at: number): number {
  let best = 0;
  let most = 0;
  for (let code = 1; code < outcomes.length; code++) {
    const n = now[at + code]! - then[at + code]!;
    if (n > most) [most, best] = [n, code];
  }
  return best;
}

function wires(sim: Simulation, row: Float64Array, then: Past): Float64Array {
  const out = new Float64Array(3 * sim.board.links.size);
  let at = 0;
  for (const live of sim.board.links.values()) {
    const { calls, failed } = sim.columns.links.get(live.id)!;
    const made = row[calls]! - (then.row?.[calls] ?? 0);
    out[at++] = then.seconds > 0 ? made / then.seconds : 0;
    out[at++] = made > 0 ? Math.min(1, (row[failed]! - (then.row?.[failed] ?? 0)) / made) : 0;
    out[at++] = sim.board.slice * sim.board.net.outstanding[live.index]!;
  }
  return out;
}

/** Figures of one class or tenant, and how calls at one component ended and how long they took: notes do not tell these apart. */
const keptInAll = /^(cost\.)?(classes|tenants)\.|^nodes\.[^.]+\.(latency|failed)/;

/** Each objective's value over the recent past (since the warm-up for figures that are only kept in all); NaN if there is none. */
export function objectiveValues(sim: Simulation): Float64Array {
  const objectives = sim.design.objectives;
  if (objectives.length === 0) return new Float64Array(0);
  const recent = summarise(sim, startAt(sim, past(sim, OBJECTIVE_NOTES)), '');
  const whole = objectives.some((o) => keptInAll.test(o.metric)) ? sim.sinceWarmup() : recent;
  return Float64Array.from(objectives, (o) => metric(keptInAll.test(o.metric) ? whole : recent, o.metric) ?? NaN);
}

const empty = countsOf(new Histogram());

/** A note of the recorder as a place for statistics to start from. */
function startAt(sim: Simulation, then: Past): Parameters<typeof summarise>[1] {
  if (then.row === null) return null;
  const { columns, recorder } = sim;
  // Notes are of the whole where only a slice is simulated; statistics count what was simulated.
  const { slice } = sim.board;
  const ended = Float64Array.from(columns.outcomes, (column) => then.row![column]! / slice);
  const histogram = (i: number) => ({ lowest: 0, counts: recorder.page(then.index, i) ?? empty.counts, count: recorder.countAt(then.index, i), sum: recorder.sumAt(then.index, i) });
  return {
    time: sim.now - then.seconds,
    row: then.row,
    keys: columns.keys,
    overall: [histogram(0), histogram(1), histogram(2)],
    books: [{ ended, good: then.row[columns.good]! / slice, latency: empty, first: empty, perOutput: empty }],
    nodes: new Map(),
    presence: null,
  };
}

const QUANTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

/** A chart column stands for at least this many answers, where there are that many (a p99 of ten requests says nothing). */
const ENOUGH = 100;
const FEWEST_COLUMNS = 40;

/** The charts so far in at most `points` columns; neighbouring notes are joined exactly, histograms and all. */
export function chartsOf(sim: Simulation, points: number): Charts {
  const ends = columnEnds(sim, points);
  const times = Float64Array.from(ends, (k) => sim.recorder.times[k]!);
  const series = [...latencySeries(sim, ends), ...requestSeries(sim, ends), ...nodeSeries(sim, ends), ...costSeries(sim, ends)];
  return { times, series, marks: sim.marks.slice(-40), episodes: sim.board.episodes.slice(-100), warmup: sim.warmup().seconds };
}

/** The last note of each column. */
function columnEnds(sim: Simulation, points: number): number[] {
  const { recorder } = sim;
  const { count } = recorder;
  if (count === 0) return [];
  const answered = recorder.row(count - 1)![sim.columns.answered]!;
  const forCounts = Math.min(Math.ceil((ENOUGH * count) / Math.max(1, answered)), Math.ceil(count / FEWEST_COLUMNS));
  const stride = Math.max(1, Math.ceil(count / points), forCounts);
  const ends: number[] = [];
  for (let k = (count - 1) % stride; k < count; k += stride) ends.push(k);
  return ends;
}

function latencySeries(sim: Simulation, ends: readonly number[]): ChartSeries[] {
  const { ledger } = sim.board.net;
  const sets: [ChartSeries['chart'], number][] = [['latency', 0]];
  if (ledger.first.count > 0) sets.push(['firstToken', 1]);
  return sets.flatMap(([chart, page]) => {
    const lines = QUANTILES.map(([name]) => ({ chart, name, node: null, values: new Float64Array(ends.length) }));
    const window = new Float64Array(BUCKETS);
    ends.forEach((k, column) => {
      const total = difference(window, sim.recorder.page(k, page), sim.recorder.page(ends[column - 1] ?? -1, page));
      QUANTILES.forEach(([, q], i) => (lines[i]!.values[column] = quantile(window, total, q)));
    });
    return lines;
  });
}

function difference(into: Float64Array, newer: Uint32Array | null, older: Uint32Array | null): number {
  let total = 0;
  for (let b = 0; b < into.length; b++) total += into[b] = (newer === null ? 0 : newer[b]!) - (older === null ? 0 : older[b]!);
  return total;
}

/** A quotient of columns as a line: one value per chart column. */
function line(sim: Simulation, ends: readonly number[], read: (older: Float64Array | null, newer: Float64Array, seconds: number) => number): Float64Array {
  const { recorder } = sim;
  return Float64Array.from(ends, (k, column) => {
    const before = ends[column - 1] ?? -1;
    const seconds = recorder.times[k]! - (before < 0 ? 0 : recorder.times[before]!);
    return read(recorder.row(before), recorder.row(k)!, seconds);
  });
}

/** Requests per second: offered, answered, answered in time; and failed, by reason. */
function requestSeries(sim: Simulation, ends: readonly number[]): ChartSeries[] {
  const { columns } = sim;
  const rate = (column: number) => line(sim, ends, (a, b, s) => (b[column]! - (a?.[column] ?? 0)) / s);
  const last = ends.length > 0 ? sim.recorder.row(ends.at(-1)!)! : null;
  const failed = outcomes.flatMap((outcome, code) => (code > 0 && (last?.[columns.outcomes[code]!] ?? 0) > 0 ? [{ chart: 'failures' as const, name: outcome, node: null, values: rate(columns.outcomes[code]!) }] : []));
  return [
    { chart: 'throughput', name: 'offered', node: null, values: rate(columns.offered) },
    { chart: 'throughput', name: 'answered', node: null, values: rate(columns.answered) },
    { chart: 'throughput', name: 'goodput', node: null, values: rate(columns.good) },
    ...failed,
  ];
}

function nodeSeries(sim: Simulation, ends: readonly number[]): ChartSeries[] {
  const series: ChartSeries[] = [];
  for (const live of sim.board.nodes.values()) {
    const add = (chart: ChartSeries['chart'], measure: string, name: string): void => {
      const quotient = sim.columns.nodes.get(`${live.id}/${measure}`)!;
      series.push({ chart, name, node: live.id, values: line(sim, ends, (a, b, s) => between(quotient, a, b, s)) });
    };
    if (live.node.serverArea(sim.now) > 0) add('utilisation', 'utilisation', live.label);
    if (live.node.queueLongest() > 0) add('waiting', 'waiting', live.label);
    for (const [name, measure] of Object.entries(live.kind.measures)) if (measure.chart !== undefined) add(measure.chart, name, `${live.label} · ${measure.label}`);
  }
  return series;
}

function costSeries(sim: Simulation, ends: readonly number[]): ChartSeries[] {
  const { usd, input, output, answered } = sim.columns;
  const tokens = sim.board.net.ledger.first.count > 0;
  const per = (a: Float64Array | null, b: Float64Array): number => (tokens ? b[input]! + b[output]! - (a === null ? 0 : a[input]! + a[output]!) : b[answered]! - (a?.[answered] ?? 0));
  return [
    { chart: 'cost', name: '$/h', node: null, values: line(sim, ends, (a, b, s) => ((b[usd]! - (a?.[usd] ?? 0)) / s) * 3600) },
    {
      chart: 'cost',
      name: tokens ? '$/1M tokens' : '$/1M requests',
      node: null,
      values: line(sim, ends, (a, b) => (per(a, b) > 0 ? ((b[usd]! - (a?.[usd] ?? 0)) / per(a, b)) * 1e6 : NaN)),
    },
  ];
}
