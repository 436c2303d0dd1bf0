/** How sure the figures of a run are, in plain words. */
import { useSyncExternalStore } from 'react';
import type { Design } from '../design/design.ts';
import { metric } from '../run/metric.ts';
import type { Result } from '../run/result.ts';
import { followResults, results } from '../session/results.ts';
import { format } from '../units/format.ts';
import { metricOf } from './metrics.ts';

/** What the run has to say so far, renewed about every other second; null before the first answer. */
export const useResult = (): Result | null => useSyncExternalStore(followResults, () => results.latest);

const timeText = (seconds: number): string => format(seconds, 'seconds', 2);

/** Figures worth a word, the first that has an interval is told: what is promised about time, then the usual ones. */
const usual: readonly (readonly [metric: string, label: string])[] = [['latency.p99', 'p99'], ['latency.mean', 'mean latency'], ['requests.answeredPerSecond', 'throughput']];

/** From when on figures count, and whether the run stands still from there. */
function since({ seconds, how, steady }: Result['warmup']): string {
  if (how === 'automatic') {
    if (steady !== true) return 'not steady yet';
    return seconds > 0 ? `steady since ${timeText(seconds)}` : 'steady from the start';
  }
  return seconds > 0 ? `counted from ${timeText(seconds)} on` : 'counted from the start';
}

/** The most telling figure and its half-width as a share of it. */
function precision(result: Result, design: Design): string | null {
  const promised = design.objectives.map((each) => metricOf(each.metric, design)).filter(({ unit }) => unit === 'seconds').map(({ metric: path, label }) => [path, label] as const);
  for (const [path, label] of [...promised, ...usual]) {
    const [value, interval] = [metric(result, path), result.intervals[path]];
    if (value !== null && value > 0 && interval) return `${label} ±\u00a0${format((interval.high - interval.low) / 2 / value, 'share', 2).replace(' ', '\u00a0')}`;
  }
  return null;
}

/** In a few words: `steady since 12 s; p99 ± 3 %`. */
export function sureWords(result: Result, design: Design): string {
  const found = precision(result, design);
  if (result.latency.count === 0) return 'nothing answered yet';
  return `${since(result.warmup)}; ${found ?? 'too short to say how sure'}`;
}

/** The same as a sentence that explains itself. */
export function sureSentence(result: Result): string {
  const { seconds, how, steady } = result.warmup;
  const cut = seconds > 0 ? `The first ${timeText(seconds)} are left out as warm-up` : 'Nothing is left out as warm-up';
  const found = how === 'automatic' ? ', found in the run itself (MSER-5)' : ', as the design says';
  const drift = steady === false ? ' What follows still drifts: let it run on.' : '';
  return `${cut}${found}.${drift} ± is half of a 95 % interval, from stretches of this one run (batch means).`;
}
