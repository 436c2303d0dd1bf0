/** Tables for people. */
import type { Fold } from './folds.ts';
import type { StreamResult } from './streams.ts';
import { summed, type Summary } from './statistics.ts';

/** One line of the report: a group, what its errors come to, and the bar. */
export interface Group extends Summary {
  readonly name: string;
  readonly bar: number | null;
}

const percent = (x: number, digits = 1): string => (Number.isNaN(x) ? '–' : (100 * x).toFixed(digits));

/** Columns aligned, the first to the left. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, k) => Math.max(...lines.map((line) => line[k]!.length)));
  return lines.map((line) => line.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]! + 2))).join('')).join('\n');
}

/** Whether a group keeps its bar: the median below it, and nine in ten within three times. */
export const verdict = ({ rows, median, p90, bar }: Group): string => (bar === null || rows === 0 ? '' : median > bar ? 'missed' : p90 > 3 * bar ? 'median kept, tail over' : 'kept');

/** Groups of comparisons. */
export function groupTable(groups: readonly Group[]): string {
  const head = ['error, %', 'rows', 'median', 'p90', 'bias', 'bar', ''];
  return aligned([head, ...groups.map((g) => [g.name, String(g.rows), percent(g.median), percent(g.p90), percent(g.bias), g.bar === null ? '' : percent(g.bar, 0), verdict(g)])]);
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], lines: readonly (readonly string[])[]): string => [row(head), row(head.map((_, k) => (k === 0 ? '---' : '---:'))), ...lines.map(row)].join('\n');

/** One line of the README's table. */
export const groupLine = (g: Group): readonly string[] => [g.name, String(g.rows), percent(g.median), percent(g.p90), percent(g.bias), g.bar === null ? '' : percent(g.bar, 0)];

/** Groups of comparisons, for the README. */
export const groupMarkdown = (groups: readonly Group[]): string => table(['Error, %', 'Figures', 'Median', '9 in 10 below', 'Bias', 'Bar'], groups.map(groupLine));

/** Cross-validation, for the README: median errors of each group left out, and of all figures that were left out with some group of a division. */
export function foldMarkdown(folds: readonly Fold[]): string {
  const cell = (errors: readonly number[]): string => (errors.length === 0 ? '' : `${percent(summed(errors).median)} (${errors.length})`);
  const lineOf = (name: string, of: readonly Fold[]): string[] => [name, ...(['tpot', 'ttft', 'throughput'] as const).map((figure) => cell(of.flatMap((f) => f[figure])))];
  const named = (f: Fold): string => (f.division === 'tensor parallelism' ? `replicas of ${f.left.slice(3)}` : f.left);
  const whole = [...new Set(folds.map((f) => f.division))].map((division) => lineOf(`each ${division === 'tensor parallelism' ? 'size of replica' : division} in turn`, folds.filter((f) => f.division === division)));
  return table(['Left out of the fit', 'Per token', 'First token', 'Throughput'], [...folds.map((f) => lineOf(named(f), [f])), ...whole]);
}

/** Streams of another simulator's scheduler. */
export function streamTable(streams: readonly StreamResult[]): string {
  return aligned([['scheduler streams', 'requests', 'within 0.1 %'], ...streams.map((s) => [s.name, String(s.requests), s.why ?? `${percent(s.agreeing)} %`])]);
}

/** Replays: signed errors of each statistic. */
export function replayTable(replays: readonly { readonly name: string; readonly errors: Readonly<Record<string, number>> }[]): string {
  return replays
    .map(({ name, errors }) => {
      const times = ['ttft', 'tpot', 'e2e'];
      const columns = ['mean', 'p50', 'p90', 'p99'];
      return aligned([[`replay ${name}, error, %`, ...columns], ...times.map((time) => [`  ${time}`, ...columns.map((column) => percent(errors[`${time} ${column}`] ?? NaN))])]);
    })
    .join('\n\n');
}

/** Reasons and how often. */
export function reasonTable(leftOut: readonly { readonly why: string }[]): string {
  const counts = new Map<string, number>();
  for (const { why } of leftOut) counts.set(why, (counts.get(why) ?? 0) + 1);
  return aligned([['left out', 'rows'], ...[...counts].sort((a, b) => b[1] - a[1]).map(([why, n]) => [why, String(n)])]);
}

/** Cross-validation: errors where nothing of the kind was fitted. */
export function foldTable(folds: readonly Fold[]): string {
  const cell = (errors: readonly number[]): string => (errors.length === 0 ? '–' : `${percent(summed(errors).median)} / ${percent(summed(errors).p90)}`);
  return aligned([['left out of the fit', 'cases', 'TPOT, % median / p90', 'TTFT', 'throughput'], ...folds.map((f) => [`${f.division} ${f.left}`, String(f.cases), cell(f.tpot), cell(f.ttft), cell(f.throughput)])]);
}
