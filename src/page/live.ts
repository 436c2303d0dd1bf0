/** Live figures on the page: one subscription to the run's frames, painters that write them where they belong, and a calm hook. */
import { useSyncExternalStore } from 'react';
import type { Frame, Layout } from '../run/protocol.ts';
import { linkMeasures } from '../run/protocol.ts';
import { frames } from '../session/frames.ts';
import { session } from '../session/store.ts';

/** Writes the figures of one card or wire into the page; called about ten times a second while the run goes. */
export type Painter = (frame: Frame, layout: Layout) => void;

const painters = new Set<Painter>();
let listening = false;
let every = 1;
let skipped = 0;

/** Has one frame in so many painted: where figures cannot be read, or are too many to be read, fewer do. */
export function paintOneIn(count: number): void {
  every = count;
}

function paintAll(): void {
  if (++skipped % every !== 0) return;
  const frame = frames.latest;
  const layout = session.getState().layout;
  if (!frame || !layout) return;
  for (const paint of painters) paint(frame, layout);
}

/** Calls `painter` with every frame from now on, and at once with the latest; answers how to stop. */
export function onFigures(painter: Painter): () => void {
  if (!listening) {
    listening = true;
    frames.subscribe(paintAll);
  }
  painters.add(painter);
  const layout = session.getState().layout;
  if (frames.latest && layout) painter(frames.latest, layout);
  return () => painters.delete(painter);
}

/** A node's figure in its measure's unit; NaN where the frame has none. */
export function nodeFigure(frame: Frame, layout: Layout, id: string, measure: string): number {
  const place = layout.nodes[id];
  if (!place) return Number.NaN;
  const index = place.measures.indexOf(measure);
  return index < 0 ? Number.NaN : (frame.nodes[place.at + index] ?? Number.NaN);
}

/** A wire's figure (see `linkMeasures`); NaN where the frame has none. */
export function linkFigure(frame: Frame, layout: Layout, id: string, measure: (typeof linkMeasures)[number]): number {
  const at = layout.links[id];
  return at === undefined ? Number.NaN : (frame.links[at + linkMeasures.indexOf(measure)] ?? Number.NaN);
}

/** Failed calls as a share of all calls that came to an end at the node; 0 where none did. */
export function failedShare(frame: Frame, layout: Layout, id: string): number {
  const failures = nodeFigure(frame, layout, id, 'failures');
  const answers = nodeFigure(frame, layout, id, 'answers');
  return failures > 0 ? failures / (failures + (answers > 0 ? answers : 0)) : 0;
}

const calmListeners = new Set<() => void>();
let calmFrame: Frame | null = null;
let calmTimer = 0;

function settle(): void {
  calmTimer = 0;
  calmFrame = frames.latest;
  for (const listener of calmListeners) listener();
}

function scheduleCalm(): void {
  if (calmTimer === 0) calmTimer = window.setTimeout(settle, 300);
}

function subscribeCalm(listener: () => void): () => void {
  if (calmListeners.size === 0) calmFrame = frames.latest;
  calmListeners.add(listener);
  const stop = frames.subscribe(scheduleCalm);
  return () => {
    stop();
    calmListeners.delete(listener);
  };
}

/** The latest frame, renewed about three times a second: for tables that a person reads rather than watches. */
export function useCalmFrame(): Frame | null {
  return useSyncExternalStore(subscribeCalm, () => calmFrame);
}
