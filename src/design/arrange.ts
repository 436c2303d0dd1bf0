/** Pure edits that put things in order: in line, at even distances, or into the middle of a wire. */
import type { Design } from './design.ts';
import { cardSize, connect, moveItems, reconnect } from './edit.ts';
import { wireRefusal } from './wires.ts';

/** What several things can be brought into line with: an edge, or the middle across (`middle`) or down (`centre`). */
export type Edge = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom';

interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const noteSize = { width: 160, height: 40 };

function boxesOf(design: Design, ids: Iterable<string>): readonly Box[] {
  const chosen = new Set(ids);
  const all: readonly Box[] = [
    ...design.nodes.map(({ id, x, y }) => ({ id, x, y, ...cardSize })),
    ...design.groups,
    ...design.notes.map(({ id, x, y }) => ({ id, x, y, ...noteSize })),
  ];
  return all.filter((box) => chosen.has(box.id));
}

const lines: Readonly<Record<Edge, { readonly axis: 'x' | 'y'; readonly share: number }>> = {
  left: { axis: 'x', share: 0 }, centre: { axis: 'x', share: 0.5 }, right: { axis: 'x', share: 1 },
  top: { axis: 'y', share: 0 }, middle: { axis: 'y', share: 0.5 }, bottom: { axis: 'y', share: 1 },
};

const sizeAlong = (box: Box, axis: 'x' | 'y'): number => (axis === 'x' ? box.width : box.height);

function placed(design: Design, boxes: readonly Box[], axis: 'x' | 'y', at: (box: Box, index: number) => number): Design {
  return moveItems(design, Object.fromEntries(boxes.map((box, i) => [box.id, { x: box.x, y: box.y, [axis]: at(box, i) }])));
}

/** Brings components, areas and notes into line along an edge of all of them together; fewer than two stay where they are. */
export function alignItems(design: Design, ids: Iterable<string>, edge: Edge): Design {
  const boxes = boxesOf(design, ids);
  if (boxes.length < 2) return design;
  const { axis, share } = lines[edge];
  const start = Math.min(...boxes.map((box) => box[axis]));
  const end = Math.max(...boxes.map((box) => box[axis] + sizeAlong(box, axis)));
  return placed(design, boxes, axis, (box) => start + share * (end - start - sizeAlong(box, axis)));
}

/** Makes the gaps between three or more things even; the outermost two stay where they are. */
export function distributeItems(design: Design, ids: Iterable<string>, axis: 'x' | 'y'): Design {
  const boxes = [...boxesOf(design, ids)].sort((a, b) => a[axis] - b[axis]);
  if (boxes.length < 3) return design;
  const [first, last] = [boxes[0]!, boxes[boxes.length - 1]!];
  const filled = boxes.reduce((sum, box) => sum + sizeAlong(box, axis), 0);
  const gap = (last[axis] + sizeAlong(last, axis) - first[axis] - filled) / (boxes.length - 1);
  let next = first[axis];
  const starts = boxes.map((box) => {
    const start = next;
    next += sizeAlong(box, axis) + gap;
    return start;
  });
  return placed(design, boxes, axis, (_, i) => starts[i]!);
}

/** Puts a component into a wire: the wire then ends there, and a new one leads on. Where either is refused, nothing changes. */
export function insertInWire(design: Design, linkId: string, nodeId: string): Design {
  const link = design.links.find((one) => one.id === linkId);
  if (!link || link.from === nodeId || link.to === nodeId) return design;
  const before = reconnect(design, linkId, link.from, nodeId);
  if (before === design || wireRefusal(before, nodeId, link.to) !== null) return design;
  return connect(before, nodeId, link.to);
}
