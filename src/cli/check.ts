/** `check FILE|LINK`: whether a design, or both designs of a scenario, can be opened and run. */
import type { Design } from '../design/design.ts';
import { metricsOf } from '../run/metric-names.ts';
import { hasFigure } from '../run/metric.ts';
import { Simulation } from '../run/simulation.ts';
import { BadUsage } from './failure.ts';
import { open } from './open.ts';
import { readWords } from './words.ts';

const counted = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

function summary(design: Design): string {
  const { nodes, links, objectives, run } = design;
  return `“${design.name}”: ${counted(nodes.length, 'component')}, ${counted(links.length, 'wire')}, ${counted(objectives.length, 'objective')}, ${run.seconds} s from seed ${run.seed}.`;
}

/** Promises that no run could keep, because their figure is none. Of streamed answers there is none before the first. */
function idle(design: Design): readonly string[] {
  const figures = new Simulation(design).result();
  const known = new Set(metricsOf(design).flatMap(({ metrics }) => metrics.map(({ metric }) => metric)));
  return design.objectives.flatMap(({ metric }, k) => (known.has(metric) || (metric.startsWith('llm.') ? /^llm\.(ttft|tpot|e2e)\.(mean|p50|p95|p99|p999)$/.test(metric) : hasFigure(figures, metric)) ? [] : [`Objective ${k + 1} of “${design.name}”: “${metric}” is no figure of its result, so it is never met.`]));
}

/** Runs the command and answers the text for standard output; a refusal is thrown as `BadInput`. */
export async function checkCommand(args: readonly string[]): Promise<string> {
  const { rest } = readWords(args, {});
  const [given, ...more] = rest;
  if (given === undefined || more.length > 0) throw new BadUsage('check takes one FILE or LINK.');
  const opened = await open(given);
  const repairs = opened.repairs.map((repair) => `Put right: ${repair}`);
  if (opened.form === 'design') return [summary(opened.design), ...repairs, ...idle(opened.design)].join('\n');
  const { scenario } = opened;
  return [
    `The scenario “${scenario.title}” with ${counted(scenario.lessons.length, 'lesson')} and ${counted(scenario.whatIfs.length, 'what-if')}.`,
    `Naive ${summary(scenario.naive)}`,
    `Reference ${summary(scenario.reference)}`,
    ...repairs,
    ...idle(scenario.naive),
    ...idle(scenario.reference),
  ].join('\n');
}
