/** Live figures on their way from the worker to cards and charts: past React's state, because they change ten times a second. */
import type { Charts, Frame } from '../run/protocol.ts';

/** The newest value and whoever wants to hear of the next; listeners write to the DOM themselves. */
export interface Feed<T> {
  /** Null before the first value and after another design was opened. */
  readonly latest: T | null;
  /** Calls back with every new value, at once with the latest if there is one; answers with the way to stop. */
  subscribe(listener: (value: T) => void): () => void;
  publish(value: T): void;
  clear(): void;
}

/** An empty feed. */
export function feed<T>(): Feed<T> {
  const listeners = new Set<(value: T) => void>();
  let latest: T | null = null;
  return {
    get latest() {
      return latest;
    },
    subscribe(listener) {
      listeners.add(listener);
      if (latest !== null) listener(latest);
      return () => listeners.delete(listener);
    },
    publish(value) {
      latest = value;
      for (const listener of listeners) listener(value);
    },
    clear() {
      latest = null;
    },
  };
}

/** The board's figures, about ten times a second while running. */
export const frames: Feed<Frame> = feed();

/** All charts, about three times a second while running. */
export const charts: Feed<Charts> = feed();

/** Columns asked of every chart: about one per three pixels of the dock. */
export const chartPoints = 160;

const restMilliseconds = 330;

/**
 * Answers with a function to call at every new frame: reads the charts at most three times a second, one reading at a time,
 * and once more after the last frame, so that what stands on screen when the run pauses is the end of it.
 */
export function chartReader(read: (points: number) => Promise<Charts>, out: Feed<Charts> = charts): () => void {
  let state: 'resting' | 'reading' | 'idle' = 'idle';
  let wanted = false;
  const rest = (): void => {
    state = 'idle';
    if (wanted) begin();
  };
  const begin = (): void => {
    if (state !== 'idle') {
      wanted = true;
      return;
    }
    [state, wanted] = ['reading', false];
    // A reading that fails because the worker went away is simply not shown: its restart brings the next frame.
    read(chartPoints).then((value) => out.publish(value), () => undefined).finally(() => {
      state = 'resting';
      setTimeout(rest, restMilliseconds);
    });
  };
  return begin;
}
