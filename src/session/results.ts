/** What the run has to say as a whole, read every other second while anybody wants to know. */
import type { Result } from '../run/result.ts';
import { feed, frames, type Feed } from './frames.ts';
import { session } from './store.ts';

const restMilliseconds = 2000;
/** So long after the last of a run's frames its result is read once more. */
const stillMilliseconds = 100;
/** The simulation spends at most this share of its time on telling. */
const mostShare = 0.05;

/** The latest result of the run under way. */
export const results: Feed<Result> = feed();

/** Reads results from now on; answers how to stop. Several may ask: one reading serves them all. */
export function followResults(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) begin();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) end?.();
  };
}

const listeners = new Set<() => void>();
let end: (() => void) | null = null;

const tell = (): void => listeners.forEach((listener) => listener());

function begin(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rest = 0;
  let reading = false;
  let missed = false;
  const read = async (): Promise<void> => {
    [timer, reading] = [undefined, true];
    const [asked, of] = [performance.now(), session.getState().history];
    // A worker that cannot answer says so elsewhere.
    const result = await session.getState().result().catch(() => null);
    rest = Math.max(restMilliseconds, (performance.now() - asked) / mostShare);
    reading = false;
    if (result !== null && of?.start === session.getState().history?.start) {
      results.publish(result);
      tell();
    }
    if (missed) plan();
  };
  const plan = (): void => {
    missed = reading;
    const still = frames.latest?.state !== 'running';
    // A run that stands still takes no time from anybody, and what it came to is wanted at once.
    if (reading || (timer !== undefined && !still)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void read(), still ? Math.min(rest, stillMilliseconds) : rest);
  };
  const stopFrames = frames.subscribe(plan);
  const stopSession = session.subscribe(({ history }, before) => {
    if (history?.start === before.history?.start) return;
    results.clear();
    rest = 0;
    tell();
  });
  end = () => {
    clearTimeout(timer);
    stopFrames();
    stopSession();
    results.clear();
  };
}
