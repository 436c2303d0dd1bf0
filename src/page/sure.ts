/** How sure the figures of a run are, in plain words. */
import { useSyncExternalStore } from 'react';
import type { Design } from '../design/design.ts';
import { metric } from '../run/metric.ts';
import type { Result } from '../run/result.ts';
import { followResults, results } from '../session/results.ts';
import { format } from '../units/format.ts';
import { metricOf } from '../run/metric-names.ts';

/** What the run has to say so far, renewed about every other second; null before the first answer. */
export const useResult = (): Result | null => useSyncExternalStore(followResults, () => results.latest);

const timeText = (seconds: number): string => format(seconds, 'seconds', 2);

/** Figures worth a word, the first that has an interval is told: what is promised about time, then the usual ones. */
const usual: readonly (readonly [metric: string, label: string])[] = [['latency.p99', 'p99'], ['latency.mean', 'mean latency'], ['requests.answeredPerSecond', 'throughput']];

/** Answers from which on a mean has an interval, if anything allows one. */
const enough = 320;

/**
 * Whether the run stands still after its warm-up: as the search for the warm-up found, or, where nobody searched, by whether successive stretches of the run go
 * along with each other, as those of a drift do (then latency has no interval, although throughput has). What grows is not steady, however evenly the first of it is
 * answered. Null where that cannot be told.
 */
function steadiness({ warmup, inFlightGrows, latency, intervals }: Result): boolean | null {
  if (inFlightGrows) return false;
  if (warmup.how === 'automatic') return warmup.steady === true;
  if (intervals['latency.mean']) return true;
  return intervals['requests.answeredPerSecond'] && latency.count >= enough && (latency.mean ?? 0) > 0 ? false : null;
}

/** From when on figures count, and whether the run stands still from there. */
function since(result: Result): string {
  const { seconds, how } = result.warmup;
  const steady = steadiness(result);
  if (result.inFlightGrows) return 'not steady: requests in flight grow';
  if (steady === false) return 'not steady yet';
  if (seconds === 0) return steady ? 'steady from the start' : 'counted from the start';
  return steady ? `steady ${how === 'automatic' ? 'since' : 'after'} ${timeText(seconds)}` : `counted from ${timeText(seconds)} on`;
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
  return `${since(result)}; ${found ?? 'too short to say how sure'}`;
}

/** The same as a sentence that explains itself. */
export function sureSentence(result: Result, { run }: Design): string {
  const { seconds, how } = result.warmup;
  const early = how === 'given' && seconds === 0 && run.warmupSeconds > 0;
  const cut = early ? `Everything counts until the warm-up of ${timeText(run.warmupSeconds)} is over` : seconds > 0 ? `The first ${timeText(seconds)} are left out as warm-up` : 'Nothing is left out as warm-up';
  const found = how === 'automatic' ? ', found in the run itself (MSER-5)' : early ? '' : ', as the design says';
  const grows = ' What follows still drifts: more and more requests are in flight, and times are only of those that were answered.';
  const drift = result.inFlightGrows ? grows : steadiness(result) === false ? ' What follows still drifts: let it run on.' : '';
  return `${cut}${found}.${drift} ± is half of a 95 % interval, from stretches of this one run (batch means).`;
}
