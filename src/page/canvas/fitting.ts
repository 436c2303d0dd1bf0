/** Where to look so that a design is seen whole: as large as it can be, and clear of what stands in front of the board. */
import { greatest } from 'd3-array';
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
  readonly right: number;
  readonly bottom: number;
}

const free: Padding = { top: margin, left: margin, right: margin, bottom: margin };

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

function padded(bounds: Area, room: Area, { top, left, right, bottom }: Padding): Viewport {
  return getViewportForBounds(bounds, room.width, room.height, zooms.least, zooms.most, { top: px(top), left: px(left), right: px(right), bottom: px(bottom) });
}

function covers(boxes: readonly Box[], { x, y, zoom }: Viewport, inFront: Area): boolean {
  return boxes.some((box) => {
    if (box.hollow) return false;
    const [left, top] = [box.x * zoom + x, box.y * zoom + y];
    const beside = left > inFront.x + inFront.width || left + box.width * zoom < inFront.x;
    return !beside && top < inFront.y + inFront.height && top + box.height * zoom > inFront.y;
  });
}

/** Four ways to keep clear of something in front of the board: to stay below it, beside it on either hand, or above it. */
function clearOf({ x, y, width, height }: Area, room: Area): readonly Partial<Padding>[] {
  const gap = margin / 2;
  return [{ top: y + height + gap }, { left: x + width + gap }, { right: room.width - x + gap }, { bottom: room.height - y + gap }];
}

/** Keeping clear is not worth more than this much of the design's size: on a small screen a sheet may hide most of the board. */
const leastOfFree = 0.5;

/**
 * The view that shows all boxes in a board of that size. `inFront` is what stands in front of the board, in the board's pixels: where any
 * of it would hide something, the design keeps clear of it on whichever side leaves it largest.
 */
export function viewOf(boxes: readonly Box[], room: Area, inFront: readonly Area[]): Viewport {
  const bounds = around(boxes);
  const whole = padded(bounds, room, free);
  if (!inFront.some((area) => covers(boxes, whole, area))) return whole;
  const paddings = inFront.reduce<readonly Padding[]>((all, area) => all.flatMap((one) => [one, ...clearOf(area, room).map((more) => ({ ...one, ...more }))]), [free]);
  const clear = paddings.map((one) => padded(bounds, room, one)).filter((view) => view.zoom >= leastOfFree * whole.zoom && !inFront.some((area) => covers(boxes, view, area)));
  return greatest(clear, ({ zoom }) => zoom) ?? whole;
}
