/** From how far away one looks at the board: the style sheets are told, figures are painted as often as they can be read, and cards are drawn as far as they can be. */
import { useStoreApi, type Transform } from '@xyflow/react';
import { useEffect, type RefObject } from 'react';
import type { DesignNode } from '../../design/design.ts';
import { kindOf } from '../../kinds/index.ts';
import { session } from '../../session/store.ts';
import { paintOneIn } from '../live.ts';
import { manyNodes } from '../many.ts';
import { drawWhole } from './detail.ts';
import { cardHeight, cardWidth } from './size.ts';

/** Below these zooms the figures on the cards are too small to be read, or, among many, to be looked for; the cards show large names instead. */
const farZoom = { few: 0.34, many: 0.5 };
/** Below this one they leave out what can be done without, and write the rest larger. */
const midZoom = 0.74;

const isFar = (count: number, zoom: number): boolean => zoom < (count > manyNodes ? farZoom.many : farZoom.few);

/** A rectangle's size in pixels of the window. */
interface Room {
  readonly width: number;
  readonly height: number;
}

/** The cards that can be read from there: of many, those in view and just outside, in the order of how near they are to the middle. */
export function readable(nodes: readonly DesignNode[], [x, y, zoom]: Transform, room: Room): ReadonlySet<string> {
  if (isFar(nodes.length, zoom)) return new Set();
  if (nodes.length <= manyNodes) return new Set(nodes.map(({ id }) => id));
  const [acrossHalf, downHalf] = [room.width / 2 / zoom, room.height / 2 / zoom];
  const [middleX, middleY] = [acrossHalf - x / zoom, downHalf - y / zoom];
  const near = nodes.flatMap((node) => {
    const across = Math.abs(node.x + cardWidth / 2 - middleX);
    const down = Math.abs(node.y + cardHeight(kindOf(node.kind)) / 2 - middleY);
    return across < acrossHalf + cardWidth && down < downHalf + cardWidth ? [{ id: node.id, away: Math.max(across, down) }] : [];
  });
  return new Set(near.sort((a, b) => a.away - b.away).map(({ id }) => id));
}

/** Figures that nobody can read, or too many to be read, are painted less often. */
function paceOf(count: number, zoom: number): number {
  if (isFar(count, zoom)) return 5;
  return count > manyNodes ? 3 : 1;
}

/** Keeps the board to the distance from which one looks at it; past React, because a hand changes it many times a second. */
export function useDistance(root: RefObject<HTMLElement | null>): void {
  const store = useStoreApi();
  const nodes = session((state) => state.design.nodes);
  useEffect(() => {
    const look = (): void => {
      const { transform, width, height } = store.getState();
      root.current?.toggleAttribute('data-far', isFar(nodes.length, transform[2]));
      root.current?.toggleAttribute('data-mid', transform[2] < midZoom);
      paintOneIn(paceOf(nodes.length, transform[2]));
      drawWhole(readable(nodes, transform, { width, height }), nodes.length);
    };
    look();
    return store.subscribe((now, before) => {
      if (now.transform !== before.transform || now.width !== before.width || now.height !== before.height) look();
    });
  }, [store, nodes, root]);
}
