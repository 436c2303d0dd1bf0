/** A large design is put on the board a slice per frame, so that opening it, or taking back that all of it was removed, holds up no frame. */
import type { Edge } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import { board, type Point } from '../board-view.ts';
import { manyNodes } from '../many.ts';
import type { BoardNode } from './shape.ts';

/** Components that come in one frame, with their wires: a whole card takes 2.5 ms with all that follows, a plate 1 ms (measured on two slow cores; a phone takes four times as long). */
export const slices = { whole: 3, plates: 12 };

/** What was put on the board of one document. */
interface Placed {
  readonly documentId: string;
  readonly ids: ReadonlySet<string>;
}

/** The next to come: all, where they are few, else those nearest to a point. */
export function nextSlice<T extends { readonly position: Point }>(absent: readonly T[], slice: number, near: Point | null): readonly T[] {
  if (absent.length <= slice || near === null) return absent.slice(0, slice);
  const away = ({ position }: T): number => Math.max(Math.abs(position.x - near.x), Math.abs(position.y - near.y));
  return [...absent].sort((a, b) => away(a) - away(b)).slice(0, slice);
}

const idsOf = (nodes: readonly BoardNode[]): ReadonlySet<string> => new Set(nodes.map(({ id }) => id));

/** As many of a document's nodes and edges as there is time for, in their order; of many none with the frame that opens it, soon all. */
export function useGradually(documentId: string, nodes: BoardNode[], edges: Edge[]): { nodes: BoardNode[]; edges: Edge[] } {
  const slice = nodes.length > manyNodes ? slices.plates : slices.whole;
  const [placed, setPlaced] = useState<Placed>({ documentId, ids: new Set() });
  const drawn = useMemo(() => {
    const there = placed.documentId === documentId ? placed.ids : new Set<string>();
    const absent = nodes.filter(({ id }) => !there.has(id));
    if (absent.length <= slice) return { nodes, edges };
    return { nodes: nodes.filter(({ id }) => there.has(id)), edges: edges.filter(({ source, target }) => there.has(source) && there.has(target)) };
  }, [documentId, nodes, edges, placed, slice]);
  useEffect(() => {
    const ids = idsOf(drawn.nodes);
    const absent = nodes.filter(({ id }) => !ids.has(id));
    const settled = absent.length === 0 && placed.documentId === documentId && placed.ids.size === ids.size && nodes.every(({ id }) => placed.ids.has(id));
    if (settled) return;
    const frame = requestAnimationFrame(() => {
      const next = nextSlice(absent, slice, slice === slices.plates ? (board.current?.centre() ?? null) : null);
      setPlaced({ documentId, ids: new Set([...ids, ...next.map(({ id }) => id)]) });
    });
    return () => cancelAnimationFrame(frame);
  }, [documentId, nodes, drawn, placed, slice]);
  return drawn;
}
