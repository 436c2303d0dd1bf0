/** `compare A B`: two designs under the same chances, and by how much they differ. */
import type { Design } from '../design/design.ts';
import { compare, usualMetrics, type Comparison } from '../run/statistics/comparison.ts';
import { metricOf } from '../run/metric-names.ts';
import { counted, format } from '../units/format.ts';
import { inColumns } from './columns.ts';
import { BadInput, BadUsage } from './failure.ts';
import { aside, chosen, prepared, runOptions } from './prepare.ts';
import { readStudy, runStudy, studyOptions } from './study.ts';
import { readWords } from './words.ts';

/** Replications where nothing is said: enough for an interval of a mean, few enough to wait for. */
const USUAL = 10;

/** Runs the command and answers the text for standard output. */
export async function compareCommand(args: readonly string[]): Promise<string> {
  const words = readWords(args, { ...runOptions, ...studyOptions, metric: { type: 'string', multiple: true } });
  const [first, second, ...more] = words.rest;
  if (first === undefined || second === undefined || more.length > 0) throw new BadUsage('compare takes two of FILE or LINK.');
  const { count, jobs } = readStudy(words, USUAL);
  const a = prepared(await chosen(first, words), null, words);
  const b = prepared(await chosen(second, words), null, words);
  if (a.run.seed !== b.run.seed) aside('The designs have different seeds, so the chances that befall them differ; give one with --seed to compare like with like.');
  const [ofA, ofB] = await runStudy({ designs: [a, b], traces: {}, count, points: 0 }, jobs);
  const found = compare(ofA!.map((one) => one.result), ofB!.map((one) => one.result), wanted(words.texts('metric'), a, b));
  const [missing] = words.texts('metric').filter((metric) => !found.some((one) => one.metric === metric));
  if (missing !== undefined) throw new BadInput(`No replication of both designs has a figure “${missing}”.`);
  return words.flag('json') ? JSON.stringify({ a: a.name, b: b.name, replications: count, comparisons: found }, null, 2) : table(a, b, count, found);
}

/** The figures that were named, or those of the objectives and the usual ones. */
function wanted(named: readonly string[], a: Design, b: Design): readonly string[] {
  return named.length > 0 ? named : [...new Set([...[...a.objectives, ...b.objectives].map(({ metric }) => metric), ...usualMetrics])];
}

function table(a: Design, b: Design, count: number, found: readonly Comparison[]): string {
  const head = ['figure', 'A', 'B', 'B − A', '95 % interval', 'pairs', 'variance'];
  const rows = found.map((one) => {
    const { label, unit } = metricOf(one.metric, a);
    const interval = one.interval === null ? '–' : `${format(one.interval.low, unit)} … ${format(one.interval.high, unit)}`;
    return [label, format(one.a, unit), format(one.b, unit), format(one.difference, unit), interval, String(one.pairs), one.varianceRatio === null ? '–' : `× ${format(one.varianceRatio, 'count')}`];
  });
  const note = 'Variance: that of the difference, over what it would be if the two designs had not met the same chances.';
  return [`A  ${a.name}\nB  ${b.name}\n${counted(count, 'replication')} of each, pair by pair with the same seeds`, inColumns([head, ...rows]), note].join('\n\n');
}
