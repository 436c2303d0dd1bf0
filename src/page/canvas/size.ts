/** How large a card is: known from its kind alone, so that wires can be drawn before anything is measured. */
import type { AnyKind } from '../../kit/kind.ts';

/** Width of every card in board pixels. */
export const cardWidth = 196;

const faceHeight = { bar: 11, ring: 0, spark: 32, cells: 32, slots: 18 } as const;

/** Height of a kind's card in board pixels: header, two figures and its face. */
export function cardHeight(kind: AnyKind | undefined): number {
  return 98 + (kind ? faceHeight[kind.face.form] : 0);
}
