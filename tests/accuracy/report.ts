/** Tables for people. */
import type { LeftOut } from './csv.ts';
import type { Fold } from './folds.ts';
import { replayBars, type ReplayErrors } from './replays.ts';
import { streamBar, type StreamResult } from './streams.ts';
import { summed, type Summary } from './statistics.ts';

/** One line of the report: a group, what its errors come to, and the bar. */
export interface Group extends Summary {
  readonly name: string;
  readonly bar: number | null;
}

/** A replay and its errors. */
export interface ReplayResult {
  readonly name: string;
  readonly errors: ReplayErrors;
}

const percent = (x: number, digits = 1): string => (Number.isNaN(x) ? '–' : (100 * x).toFixed(digits));

/** Columns aligned, the first to the left. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, k) => Math.max(...lines.map((line) => line[k]!.length)));
  return lines.map((line) => line.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]! + 2))).join('')).join('\n');
}

/** Whether a group keeps its bar: the median below it, and nine in ten within three times. */
export const verdict = ({ rows, median, p90, bar }: Group): string => (bar === null || rows === 0 ? '' : median > bar ? 'missed' : p90 > 3 * bar ? 'median kept, tail over' : 'kept');

/** Times the median, or the bar, beyond which a p90 is counted as wide. */
const WIDE = 3;

/** How many groups have wide tails, in a sentence. */
export function tailLine(groups: readonly Group[]): string {
  const barred = groups.filter((g) => g.bar !== null);
  const beyondBar = barred.filter((g) => g.p90 > WIDE * g.bar!).length;
  return `A p90 above three times their own median: ${groups.filter((g) => g.p90OverMedian > WIDE).length} of ${groups.length} groups; above three times their bar: ${beyondBar} of the ${barred.length} that have one.`;
}

const times = (x: number): string => (Number.isNaN(x) ? '–' : x.toFixed(1));
const figures = (g: Group): string[] => [String(g.rows), percent(g.median), percent(g.p90), times(g.p90OverMedian), percent(g.bias), g.bar === null ? '' : percent(g.bar, 0)];

/** Groups of comparisons. */
export function groupTable(groups: readonly Group[]): string {
  if (groups.length === 0) return '';
  const head = ['error, %', 'rows', 'median', 'p90', 'p90 ÷ median', 'bias', 'bar', ''];
  return `${aligned([head, ...groups.map((g) => [g.name, ...figures(g), verdict(g)])])}\n${tailLine(groups)}`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], lines: readonly (readonly string[])[]): string => [row(head), row(head.map((_, k) => (k === 0 ? '---' : '---:'))), ...lines.map(row)].join('\n');

/** One line of the README's table. */
const groupLine = (g: Group): readonly string[] => [g.name, ...figures(g)];

/** Groups of comparisons, for the README. */
export const groupMarkdown = (groups: readonly Group[]): string => `${table(['Error, %', 'Figures', 'Median', '9 in 10 below', 'p90 ÷ median', 'Bias', 'Bar'], groups.map(groupLine))}\n\n${tailLine(groups)}`;

/** Median error per token that what was left out of a fit may have. */
const FOLD_BAR = 0.12;

/** The errors of some figures that were left out, marked where their median is over the bar. */
const marked = (said: string, errors: readonly number[]): string => (summed(errors).median > FOLD_BAR ? `${said}, over ${percent(FOLD_BAR, 0)} %` : said);

/** Cross-validation, for the README: median errors of each group left out, and of all figures that were left out with some group of a division. */
export function foldMarkdown(folds: readonly Fold[]): string {
  const cell = (errors: readonly number[]): string => (errors.length === 0 ? '' : `${percent(summed(errors).median)} (${errors.length})`);
  const lineOf = (name: string, of: readonly Fold[]): string[] => {
    const [tpot, ...others] = (['tpot', 'ttft', 'throughput'] as const).map((figure) => of.flatMap((f) => f[figure]));
    return [name, marked(cell(tpot!), tpot!), ...others.map(cell)];
  };
  const named = (f: Fold): string => (f.division === 'tensor parallelism' ? `replicas of ${f.left.slice(3)}` : f.left);
  const whole = [...new Set(folds.map((f) => f.division))].map((division) => lineOf(`each ${division === 'tensor parallelism' ? 'size of replica' : division} in turn`, folds.filter((f) => f.division === division)));
  return table(['Left out of the fit', 'Per token', 'First token', 'Throughput'], [...folds.map((f) => lineOf(named(f), [f])), ...whole]);
}

/** Whether a stream keeps its bar; '' where it was not run. */
export const streamVerdict = (s: StreamResult): string => (s.why !== undefined ? '' : s.agreeing >= streamBar ? 'kept' : 'missed');

/** Streams of another simulator's scheduler. */
export function streamTable(streams: readonly StreamResult[]): string {
  const lineOf = (s: StreamResult): string[] => [s.name, String(s.requests), s.why ?? percent(s.agreeing), s.why === undefined ? percent(streamBar, 0) : '', streamVerdict(s)];
  return streams.length === 0 ? '' : aligned([['scheduler streams', 'requests', 'within 0.1 %, %', 'bar', ''], ...streams.map(lineOf)]);
}

const columns = ['mean', 'p50', 'p90', 'p99'];

/** Whether all statistics of a replay's time keep their bar. */
export const replayVerdict = (errors: ReplayErrors, time: keyof typeof replayBars): string => (columns.every((column) => Math.abs(errors[`${time} ${column}`] ?? NaN) <= replayBars[time]) ? 'kept' : 'missed');

/** Times that a replay is compared by. */
export const replayTimes = Object.keys(replayBars) as (keyof typeof replayBars)[];

/** Replays: signed errors of each statistic. */
export function replayTable(replays: readonly ReplayResult[]): string {
  return replays
    .map(({ name, errors }) => {
      const lines = replayTimes.map((time) => [`  ${time}`, ...columns.map((column) => percent(errors[`${time} ${column}`] ?? NaN)), percent(replayBars[time], 0), replayVerdict(errors, time)]);
      return aligned([[`replay ${name}, error, %`, ...columns, 'bar', ''], ...lines]);
    })
    .join('\n\n');
}

/** Reasons and how often. */
export function reasonTable(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  const counts = new Map<string, number>();
  for (const { why } of leftOut) counts.set(why, (counts.get(why) ?? 0) + 1);
  return aligned([['left out', 'rows'], ...[...counts].sort((a, b) => b[1] - a[1]).map(([why, n]) => [why, String(n)])]);
}

/** Cross-validation: errors where nothing of the kind was fitted. */
export function foldTable(folds: readonly Fold[]): string {
  const cell = (errors: readonly number[]): string => (errors.length === 0 ? '–' : `${percent(summed(errors).median)} / ${percent(summed(errors).p90)}`);
  return aligned([['left out of the fit', 'cases', 'TPOT, % median / p90', 'TTFT', 'throughput'], ...folds.map((f) => [`${f.division} ${f.left}`, String(f.cases), marked(cell(f.tpot), f.tpot), cell(f.ttft), cell(f.throughput)])]);
}
