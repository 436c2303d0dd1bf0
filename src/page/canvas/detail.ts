/**
 * How much of a card is drawn: all of it where it can be read, else its name alone. Cards turn from one into the other a few per frame, those that are wanted
 * first before the others, so that looking at 300 components from further away or nearer by holds up no frame.
 */
import { useCallback, useSyncExternalStore } from 'react';
import { manyNodes } from '../many.ts';

/** Of more components, so many cards turn in one frame: 2 ms each with all that follows (measured on two slow cores). */
const turnsPerFrame = 6;

const whole = new Set<string>();
const hearers = new Map<string, () => void>();
let wanted: ReadonlySet<string> = new Set();
let most = turnsPerFrame;
let frame = 0;

/** Which cards turn next: `wanted` ones that are not whole, in their order, then whole ones that are no longer wanted; `most` in all. */
export function nextTurns(now: ReadonlySet<string>, wished: ReadonlySet<string>, most: number): readonly string[] {
  const missing = [...wished].filter((id) => !now.has(id)).slice(0, most);
  const left = [...now].filter((id) => !wished.has(id)).slice(0, most - missing.length);
  return [...missing, ...left];
}

function turn(id: string): void {
  if (!whole.delete(id)) whole.add(id);
  hearers.get(id)?.();
}

function turnSome(): void {
  const turns = nextTurns(whole, wanted, most);
  frame = turns.length > 0 ? requestAnimationFrame(turnSome) : 0;
  turns.forEach(turn);
}

/** Has these cards drawn whole, of so many on the board, and no others: the first of them at once. */
export function drawWhole(ids: ReadonlySet<string>, count: number): void {
  wanted = ids;
  most = count > manyNodes ? turnsPerFrame : Infinity;
  if (frame === 0) turnSome();
}

/** Whether a card is to be drawn whole. */
export function useWhole(id: string): boolean {
  const subscribe = useCallback((hear: () => void) => {
    hearers.set(id, hear);
    return () => void hearers.delete(id);
  }, [id]);
  return useSyncExternalStore(subscribe, () => whole.has(id));
}
