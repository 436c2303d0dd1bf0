/** Where to look so that a design is seen whole: as large as it can be, and clear of what stands in front of the board. */
import { getViewportForBounds, type Viewport } from '@xyflow/react';
import type { Design } from '../../design/design.ts';
import { kindOf } from '../../kinds/index.ts';
import type { Area } from '../board-view.ts';
import { cardHeight, cardWidth } from './size.ts';

const margin = 24;
const noteSize = { width: 170, height: 48 };
/** Nothing is shown larger than it is drawn. */
const zooms = { least: 0.1, most: 1 };

/** A place on the board; what is hollow may well have something in front of its middle. */
export interface Box extends Area {
  readonly hollow?: boolean;
}

interface Padding {
  readonly top: number;
  readonly left: number;
}

/** The places of everything on the board, or of those with the given ids; a wire has none. */
export function boxesOf(design: Design, ids?: ReadonlySet<string>): readonly Box[] {
  const wanted = (item: { readonly id: string }): boolean => !ids || ids.size === 0 || ids.has(item.id);
  return [
    ...design.nodes.filter(wanted).map((node) => ({ x: node.x, y: node.y, width: cardWidth, height: cardHeight(kindOf(node.kind)) })),
    ...design.groups.filter(wanted).flatMap(({ x, y, width, height, label }) => [{ x, y, width, height, hollow: true }, { x, y, width: Math.min(width, 24 + 7 * label.length), height: 30 }]),
    ...design.notes.filter(wanted).map(({ x, y }) => ({ x, y, ...noteSize })),
  ];
}

function around(boxes: readonly Area[]): Area {
  const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

const px = (value: number): `${number}px` => `${value}px`;

function padded(bounds: Area, room: Area, { top, left }: Padding): Viewport {
  const padding = { top: px(top), left: px(left), right: px(margin), bottom: px(margin) };
  return getViewportForBounds(bounds, room.width, room.height, zooms.least, zooms.most, padding);
}

function covers(boxes: readonly Box[], { x, y, zoom }: Viewport, inFront: Area): boolean {
  return boxes.some((box) => {
    if (box.hollow) return false;
    const [left, top] = [box.x * zoom + x, box.y * zoom + y];
    const beside = left > inFront.x + inFront.width || left + box.width * zoom < inFront.x;
    return !beside && top < inFront.y + inFront.height && top + box.height * zoom > inFront.y;
  });
}

/**
 * The view that shows all boxes in a board of that size. `inFront` is what stands in the board's upper left corner, in the
 * board's pixels: where it would hide anything, the design moves below it or beside it, whichever leaves it larger.
 */
export function viewOf(boxes: readonly Box[], room: Area, inFront: Area | null): Viewport {
  const bounds = around(boxes);
  const free = padded(bounds, room, { top: margin, left: margin });
  if (!inFront || !covers(boxes, free, inFront)) return free;
  const below = padded(bounds, room, { top: inFront.y + inFront.height + margin / 2, left: margin });
  const beside = padded(bounds, room, { top: margin, left: inFront.x + inFront.width + margin / 2 });
  return below.zoom >= beside.zoom ? below : beside;
}
