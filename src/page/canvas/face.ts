/** The live pictures on a card, written straight into the page: bars, rings, sparklines, cells and slots. */
import type { AnyKind, Face } from '../../kit/kind.ts';
import type { Frame, Layout } from '../../run/protocol.ts';
import { nodeFigure } from '../live.ts';

/** Writes one frame into the face of a card. */
export type FacePainter = (frame: Frame, layout: Layout) => void;

/** Circumference of the ring, in its own drawing's units. */
export const ringLength = 2 * Math.PI * 11;

const sparkPoints = 48;
const mostCells = 64;

/** How full a gauge looks: calm, warm from 75 %, hot from 90 %; only where a full gauge is a bad sign. */
function heat(share: number, load: boolean): string {
  if (!load || share < 0.75) return 'ok';
  return share < 0.9 ? 'warm' : 'hot';
}

function isLoad(kind: AnyKind, measure: string): boolean {
  return measure === 'utilisation' || kind.measures[measure]?.chart === 'utilisation';
}

/** A gauge reads shares as they are; anything else against the largest value seen so far. */
function shareReader(kind: AnyKind, measure: string): (value: number) => number {
  const unit = measure === 'utilisation' ? 'share' : kind.measures[measure]?.unit;
  let most = 0;
  return (value) => {
    if (Number.isNaN(value)) return 0;
    if (unit === 'share') return Math.min(1, Math.max(0, value));
    most = Math.max(most, value);
    return most > 0 ? value / most : 0;
  };
}

function gaugePainter(root: HTMLElement, kind: AnyKind, id: string, measure: string, draw: (share: number) => void): FacePainter {
  const share = shareReader(kind, measure);
  const load = isLoad(kind, measure);
  let drawn = Number.NaN;
  return (frame, layout) => {
    const next = Math.round(share(nodeFigure(frame, layout, id, measure)) * 200) / 200;
    if (next === drawn) return;
    drawn = next;
    root.dataset['heat'] = heat(next, load);
    draw(next);
  };
}

function barPainter(root: HTMLElement, kind: AnyKind, id: string, measure: string): FacePainter {
  const fill = root.firstElementChild as HTMLElement;
  return gaugePainter(root, kind, id, measure, (share) => {
    fill.style.transform = `scaleX(${share})`;
  });
}

function ringPainter(root: HTMLElement, kind: AnyKind, id: string, measure: string): FacePainter {
  const arc = root.querySelector('circle:last-of-type') as SVGCircleElement;
  return gaugePainter(root, kind, id, measure, (share) => {
    arc.style.strokeDashoffset = String(ringLength * (1 - share));
  });
}

function sparkPath(values: readonly number[]): string {
  const most = Math.max(1e-12, ...values);
  const start = sparkPoints - values.length;
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${(((start + i) / (sparkPoints - 1)) * 174).toFixed(1)},${(23 - (value / most) * 21).toFixed(1)}`).join('');
}

function sparkPainter(root: HTMLElement, id: string, measure: string): FacePainter {
  const [area, line] = root.querySelectorAll('path');
  const values: number[] = [];
  let time = -1;
  return (frame, layout) => {
    if (frame.time < time) values.length = 0;
    if (frame.time === time) return;
    time = frame.time;
    const value = nodeFigure(frame, layout, id, measure);
    values.push(Number.isFinite(value) ? Math.max(0, value) : 0);
    if (values.length > sparkPoints) values.shift();
    const path = sparkPath(values);
    line?.setAttribute('d', path);
    area?.setAttribute('d', `${path}V24H${(((sparkPoints - values.length) / (sparkPoints - 1)) * 174).toFixed(1)}Z`);
  };
}

/** Cells in a frame for a node, thinned to what fits a card by averaging neighbours. */
function readCells(frame: Frame, at: number): number[] {
  const count = frame.cells[at] ?? 0;
  const shown = Math.min(count, mostCells);
  return Array.from({ length: shown }, (_, i) => {
    const from = Math.floor((i * count) / shown);
    const to = Math.max(from + 1, Math.floor(((i + 1) * count) / shown));
    let sum = 0;
    for (let j = from; j < to; j++) sum += frame.cells[at + 1 + j] ?? 0;
    return sum / (to - from);
  });
}

function fitCells(root: HTMLElement, count: number): void {
  while (root.childElementCount > count) root.lastElementChild?.remove();
  while (root.childElementCount < count) root.append(document.createElement('i'));
}

function cellsPainter(root: HTMLElement, id: string): FacePainter {
  const drawn: number[] = [];
  return (frame, layout) => {
    const at = layout.cells[id];
    if (at === undefined) return;
    const levels = readCells(frame, at).map((value) => Math.round(Math.min(1, Math.max(0, value)) * 8));
    if (root.childElementCount !== levels.length) {
      fitCells(root, levels.length);
      drawn.length = 0;
    }
    levels.forEach((level, i) => {
      if (drawn[i] === level) return;
      drawn[i] = level;
      (root.children[i] as HTMLElement).dataset['level'] = String(level);
    });
  };
}

/** The painter of a kind's face on one card, whose element is `root`. */
export function facePainter(face: Face, root: HTMLElement, kind: AnyKind, id: string): FacePainter {
  switch (face.form) {
    case 'bar': return barPainter(root, kind, id, face.measure);
    case 'ring': return ringPainter(root, kind, id, face.measure);
    case 'spark': return sparkPainter(root, id, face.measure);
    case 'cells':
    case 'slots': return cellsPainter(root, id);
  }
}
