/** Fleet slicing as the page sees it. */
import type { Frame } from '../run/protocol.ts';
import { session } from '../session/store.ts';

/** Events a second that leave the page and a small machine room to breathe (assumed; a worker does several times as many of the simplest kind). */
export const eventBudget = 1e6;

/**
 * The smallest slice with which the run keeps to its speed (simulated seconds per second) within the budget; null where nothing is known yet, or where it
 * simply runs as fast as it can. `slice` is the one it has now: with one in k, there are as many times fewer events.
 */
export function sliceFor(frame: Pick<Frame, 'eventsPerSecond' | 'realTimeFactor'> | null, speed: number, slice: number): number | null {
  if (frame === null || speed === 0 || !(frame.eventsPerSecond > 0) || !(frame.realTimeFactor > 0)) return null;
  return Math.max(1, Math.ceil((slice * speed * frame.eventsPerSecond) / frame.realTimeFactor / eventBudget));
}

/** One in how many requests the run under way simulates: settled when it began, whatever the design says since. */
export const useSlice = (): number => session((state) => state.history?.start.run.slice ?? state.design.run.slice);

/** What slicing bends everywhere, whatever divides. */
export const poolSentence = 'Where many servers share one line, few share it in the slice: waits there come out somewhat longer than they are.';
