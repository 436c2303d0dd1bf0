/**
 * Whether calls pile up somewhere: what grows is not steady, whatever was answered so far. Times are only those of answers; a design that cannot keep up answers
 * its first requests in time while the line behind them gets longer.
 */
import type { Notes } from './warmup.ts';
import { drifts, PARTS } from './transient.ts';

/**
 * Standard deviations by which arrivals must have outrun endings (assumed; measured over 200 runs each of M/M/1: never said at a utilisation of 0.7, of one run
 * in a hundred at 0.95 to 1, of all at 1.1 within 20,000 requests and at 1.3 within 5,000).
 */
const STANDS_OUT = 2;

/** Calls in flight on average between successive notes from one on, and arrivals by the end of each. */
function noted({ columns, recorder }: Notes, from: number, id: string): { readonly inFlight: number[]; readonly arrivals: number[] } {
  const [area, arrived] = [columns.nodes.get(`${id}/inFlight`)!.total, columns.nodes.get(`${id}/arrivals`)!.total];
  const inFlight: number[] = [];
  const arrivals: number[] = [];
  for (let k = from + 1; k < recorder.count; k++) {
    const [older, newer] = [recorder.row(k - 1), recorder.row(k)!];
    inFlight.push((newer[area]! - (older?.[area] ?? 0)) / (recorder.times[k]! - (k > 0 ? recorder.times[k - 1]! : 0)));
    arrivals.push(newer[arrived]!);
  }
  return { inFlight, arrivals };
}

/**
 * Whether a level lies elsewhere in its second half than in its first, and is higher in its last eighth than in the two of its middle by more than chance: were
 * arrivals and endings even, two independent streams would part by the root of what both bring. `slice`: how many each of those simulated stands for.
 */
export function outgrows(levels: readonly number[], arrivals: readonly number[], slice = 1): boolean {
  const n = levels.length;
  if (n < 2 * PARTS) return false;
  const mean = (from: number, to: number): number => levels.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
  const eighth = Math.floor(n / (2 * PARTS));
  const middle = n >> 1;
  const growth = mean(n - eighth, n) - mean(middle - eighth, middle + eighth);
  const arrived = arrivals[n - 1]! - arrivals[middle]!;
  return growth > STANDS_OUT * Math.sqrt(2 * arrived * slice) && drifts(levels);
}

/** Whether calls in flight grow at some component from a moment of the run until now. */
export function inFlightGrows(notes: Notes, since: number): boolean {
  const { recorder, board } = notes;
  let from = -1;
  while (from < recorder.count - 1 && (from < 0 ? 0 : recorder.times[from]!) < since) from++;
  return [...board.nodes.keys()].some((id) => {
    const { inFlight, arrivals } = noted(notes, from, id);
    return outgrows(inFlight, arrivals, board.slice);
  });
}
