/**
 * The automatic warm-up: MSER-5 on the number of calls in flight, which rises with load and delay alike (Little's law) wherever work piles up, also behind
 * wires that nobody waits for. Statistics then start at a place where the books were copied as the run went by, so that every figure forgets the transient exactly.
 */
import type { Recorder } from '../../engine/recorder.ts';
import type { Board } from '../board.ts';
import type { Columns } from '../columns.ts';
import type { Mark } from '../protocol.ts';
import { FEWEST_BATCHES, MSER_BATCH } from './mser.ts';
import { transient } from './transient.ts';

/** The notes of a run and what they are of. */
export interface Notes {
  readonly board: Board;
  readonly columns: Columns;
  readonly recorder: Recorder;
}

/** Most numbers that copies of the books may hold together, most copies, and fewest. A component's histogram holds about 250. */
const CELLS = 1 << 23;
const MOST = 96;
const FEWEST = 12;

/** Copies of the books taken every so often; when there are too many, every second one goes. `T` is what a copy is. */
export class Checkpoints<T extends { readonly time: number }> {
  private kept: T[] = [];
  private batches = 1;

  /** A note has just been taken at `time`, `interval` after the one before: takes a copy where a batch of MSER-5 ends. `parts` is how many histograms a copy holds. */
  offer(time: number, interval: number, parts: number, copy: () => T): void {
    if (this.isKept(time, interval)) this.kept.push(copy());
    const room = Math.max(FEWEST, Math.min(MOST, Math.floor(CELLS / (250 * Math.max(1, parts)))));
    if (this.kept.length <= room) return;
    this.batches *= 2;
    this.kept = this.kept.filter((one) => this.isKept(one.time, interval));
  }

  private isKept(time: number, interval: number): boolean {
    return Math.round(time / interval) % (MSER_BATCH * this.batches) === 0;
  }

  /** The first copy at or after a moment; null where there is none. */
  after(time: number): T | null {
    return this.kept.find((one) => one.time >= time) ?? null;
  }
}

/** Mean number of calls in flight on the whole board in every batch of five notes, up to `end` seconds. */
function inFlight({ board, columns, recorder }: Notes, end: number): { readonly means: number[]; readonly ends: number[] } {
  const totals = [...board.nodes.keys()].map((id) => columns.nodes.get(`${id}/inFlight`)!.total);
  const areaAt = (k: number): number => totals.reduce((sum, column) => sum + (recorder.row(k)?.[column] ?? 0), 0);
  const means: number[] = [];
  const ends: number[] = [];
  for (let [k, area, from] = [MSER_BATCH - 1, 0, 0]; k < recorder.count && recorder.times[k]! <= end; k += MSER_BATCH) {
    const [now, to] = [areaAt(k), recorder.times[k]!];
    means.push((now - area) / (to - from));
    ends.push(to);
    [area, from] = [now, to];
  }
  return { means, ends };
}

/**
 * When the start-up transient is over, in simulated seconds, and whether what follows looks steady. What was done to the run on the way (edits, faults) is no
 * transient: only what came before the first of them is searched, if that is ten batches or more.
 */
export function transientEnd(notes: Notes, marks: readonly Mark[]): { readonly time: number; readonly steady: boolean } {
  const disturbed = Math.min(marks[0]?.time ?? Infinity, notes.board.episodes[0]?.from ?? Infinity);
  const calm = inFlight(notes, disturbed);
  const { means, ends } = calm.means.length >= FEWEST_BATCHES ? calm : inFlight(notes, Infinity);
  const { cut, steady } = transient(means);
  return { time: cut === 0 ? 0 : ends[cut - 1]!, steady };
}
