/** Where a new component goes: near where it was asked for, clear of every card that is already there. */
import type { Design } from '../../design/design.ts';
import { kindOf } from '../../kinds/index.ts';
import type { Area, Point } from '../board-view.ts';
import { cardHeight, cardWidth } from './size.ts';

const gap = 24;
const grid = 11;
const rings = 16;

const snapped = (value: number): number => Math.round(value / grid) * grid;

function isClear(design: Design, at: Point, height: number): boolean {
  return design.nodes.every((node) => {
    const apart = Math.abs(node.x - at.x) >= cardWidth + gap;
    const above = at.y + height + gap <= node.y;
    const below = at.y >= node.y + cardHeight(kindOf(node.kind)) + gap;
    return apart || above || below;
  });
}

/** 0, 1, −1, 2, −2 … as far as `most`: the same row or column first. */
function* outward(most: number): Generator<number> {
  yield 0;
  for (let i = 1; i <= most; i++) {
    yield i;
    yield -i;
  }
}

/** Places around a point, nearest first: square rings, half a card wide; to the right and below before left and above. */
function* around(centre: Point): Generator<Point> {
  yield centre;
  for (let ring = 1; ring < rings; ring++) {
    for (const i of outward(ring)) {
      for (const [dx, dy] of [[ring, i], [i, ring], [-ring, i], [i, -ring]] as const) yield { x: centre.x + dx * 132, y: centre.y + dy * 77 };
    }
  }
}

function isWithin(at: Point, height: number, area: Area | undefined): boolean {
  if (!area) return true;
  return at.x >= area.x && at.y >= area.y && at.x + cardWidth <= area.x + area.width && at.y + height <= area.y + area.height;
}

/**
 * The top left corner for a card of that kind, as near as can be to having its middle at `middle`, clear of all others; where
 * there is room, wholly inside `area`.
 */
export function clearPlace(design: Design, kind: string, middle: Point, area?: Area): Point {
  const height = cardHeight(kindOf(kind));
  const wanted = { x: snapped(middle.x - cardWidth / 2), y: snapped(middle.y - height / 2) };
  const clear = [...around(wanted)].filter((place) => isClear(design, place, height));
  return clear.find((place) => isWithin(place, height, area)) ?? clear[0] ?? wanted;
}
