/** The moment pointed at, shared by all charts; the tooltip belongs to the panel named in it. */

/** A simulated time in seconds and the panel the pointer is on. */
export interface Pointed {
  readonly time: number;
  readonly panel: string;
}

let current: Pointed | null = null;
const listeners = new Set<() => void>();

/** The moment pointed at now, or null. */
export const pointed = (): Pointed | null => current;

/** Points at a moment, or at none. */
export function point(next: Pointed | null): void {
  if (next === current) return;
  current = next;
  for (const listener of listeners) listener();
}

/** Calls back after each change; returns how to stop. */
export function onPoint(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
