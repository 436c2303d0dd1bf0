/** The undo log: snapshots of the design, newest last. A design is immutable and shares its parts, so a snapshot costs a pointer. */
import type { Design } from '../design/design.ts';
import { sameRun } from './looks.ts';

interface Step {
  readonly label: string;
  /** The design as it stood on the other side of this step. */
  readonly design: Design;
}

/** What can be undone and redone; `merge` is the key of the last edit while nothing else has happened since. */
export interface History {
  readonly past: readonly Step[];
  readonly future: readonly Step[];
  readonly merge: string | null;
}

/** How many steps are kept. */
export const longestHistory = 500;

/** A log with nothing in it. */
export const noHistory: History = { past: [], future: [], merge: null };

/** Notes that `before` was left by an edit. Edits with the same merge key in a row stay one step. */
export function record(history: History, label: string, before: Design, merge?: string): History {
  const key = merge ?? null;
  const merges = key !== null && key === history.merge && history.past.length > 0;
  const past = merges ? history.past : [...history.past, { label, design: before }].slice(-longestHistory);
  return { past, future: [], merge: key };
}

const travelled = 'travel';

/**
 * Notes that the run, going back or on through its history, has another design than `before`: one step, however many designs are
 * passed, so that undo brings back what was left; gone again when the run comes back to it. Takes nothing from what can be redone.
 */
export function travel(history: History, before: Design, after: Design): History {
  const last = history.merge === travelled ? history.past.at(-1) : undefined;
  if (last === undefined) return { ...history, past: [...history.past, { label: 'Going to another moment', design: before }].slice(-longestHistory), merge: travelled };
  return sameRun(last.design, after) ? { ...history, past: history.past.slice(0, -1), merge: null } : history;
}

/** The design that was left when the run went elsewhere in its history; null while it stands where it was last edited. */
export function leftBehind(history: History): Design | null {
  return history.merge === travelled ? (history.past.at(-1)?.design ?? null) : null;
}

/** Takes the last step back, or null where there is none: the log after it, and the design to return to. */
export function stepBack(history: History, present: Design): { readonly history: History; readonly design: Design; readonly label: string } | null {
  const step = history.past.at(-1);
  if (!step) return null;
  const future = [...history.future, { label: step.label, design: present }];
  return { history: { past: history.past.slice(0, -1), future, merge: null }, design: step.design, label: step.label };
}

/** Takes the last undone step again, or null where there is none. */
export function stepForward(history: History, present: Design): { readonly history: History; readonly design: Design; readonly label: string } | null {
  const step = history.future.at(-1);
  if (!step) return null;
  const past = [...history.past, { label: step.label, design: present }];
  return { history: { past, future: history.future.slice(0, -1), merge: null }, design: step.design, label: step.label };
}

/** Writes a change that is no edit (seed, playback speed) into every snapshot, so that undo does not take it back. */
export function rewrite(history: History, change: (design: Design) => Design): History {
  const all = (steps: readonly Step[]): readonly Step[] => steps.map((step) => ({ ...step, design: change(step.design) }));
  return { ...history, past: all(history.past), future: all(history.future) };
}
