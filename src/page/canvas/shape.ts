/** From the design to what React Flow draws. The same component answers with the same object, so an edit redraws only what it touched. */
import { Position, type Edge, type NodeHandle } from '@xyflow/react';
import type { Design, DesignGroup, DesignLink, DesignNode, DesignNote } from '../../design/design.ts';
import { kindOf } from '../../kinds/index.ts';
import { wireBetween, type AnyKind } from '../../kit/kind.ts';
import type { Point } from '../board-view.ts';
import { portsOf } from './ports.ts';
import { cardHeight, cardWidth } from './size.ts';
import type { AreaNode } from './area.tsx';
import type { CardNode } from './card.tsx';
import type { NoteNode } from './note.tsx';
import { manyWires, type WireEdge } from './wire.tsx';

/** Everything that can lie on the board. */
export type BoardNode = CardNode | AreaNode | NoteNode;

/** Where things are while a hand holds them; not yet in the design. */
export interface Held {
  readonly places: ReadonlyMap<string, Point>;
  readonly sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>;
}

/** Nothing is being held. */
export const nothingHeld: Held = { places: new Map(), sizes: new Map() };

const handleSize = 11;

function handle(id: string, type: 'source' | 'target', position: Position, x: number, y: number): NodeHandle {
  return { id, type, position, x: x - handleSize / 2, y: y - handleSize / 2, width: handleSize, height: handleSize };
}

const along = { [Position.Left]: [0, 0.5], [Position.Right]: [1, 0.5], [Position.Top]: [0.5, 0], [Position.Bottom]: [0.5, 1] } as const;

/** Where the wires of a kind's card end. */
function handlesOf(kind: AnyKind): NodeHandle[] {
  return portsOf(kind).map(({ id, type, position }) => handle(id, type, position, along[position][0] * cardWidth, along[position][1] * cardHeight(kind)));
}

interface Drawn<T> {
  readonly key: string;
  readonly value: T;
}

/** Remembers what was drawn for an object of the design, for as long as the object lives and `key` stays. */
function remembering<S extends object, T>(make: (source: S, ...rest: never[]) => T) {
  const drawn = new WeakMap<S, Drawn<T>>();
  return (source: S, key: string, ...rest: unknown[]): T => {
    const known = drawn.get(source);
    if (known?.key === key) return known.value;
    const value = make(source, ...(rest as never[]));
    drawn.set(source, { key, value });
    return value;
  };
}

const cardOf = remembering((node: DesignNode, position: Point, selected: boolean): CardNode => {
  const kind = kindOf(node.kind);
  const size = { width: cardWidth, height: cardHeight(kind) };
  const ariaLabel = `${node.label}, ${kind?.label ?? node.kind}`;
  return { id: node.id, type: 'card', position, data: { node }, selected, ...size, measured: size, handles: kind ? handlesOf(kind) : [], ariaLabel };
});

const areaOf = remembering((group: DesignGroup, position: Point, size: { width: number; height: number }, selected: boolean): AreaNode => ({
  id: group.id, type: 'area', position, data: { group }, selected, ...size, measured: size, zIndex: -10,
  dragHandle: '.area-grip', style: { pointerEvents: 'none' }, ariaLabel: `Area ${group.label}`, connectable: false,
}));

const noteOf = remembering((note: DesignNote, position: Point, selected: boolean, size: { width: number; height: number } | undefined): NoteNode => ({
  id: note.id, type: 'note', position, data: { note }, selected, ariaLabel: `Note: ${note.text}`, connectable: false,
  // Without a first guess React Flow hides a note until it is measured, and what is hidden cannot take the focus.
  initialWidth: 160, initialHeight: 40, ...(size ? { measured: size } : {}),
}));

/** The design's components, areas and notes as React Flow nodes. */
export function boardNodes(design: Design, selection: ReadonlySet<string>, held: Held): BoardNode[] {
  const at = (item: { readonly id: string; readonly x: number; readonly y: number }): Point => held.places.get(item.id) ?? { x: item.x, y: item.y };
  const keyed = (item: { readonly id: string }, place: Point, more = ''): string => `${place.x} ${place.y} ${selection.has(item.id)} ${more}`;
  return [
    ...design.groups.map((group) => {
      const [place, size] = [at(group), held.sizes.get(group.id) ?? { width: group.width, height: group.height }];
      return areaOf(group, keyed(group, place, `${size.width} ${size.height}`), place, size, selection.has(group.id));
    }),
    ...design.nodes.map((node) => cardOf(node, keyed(node, at(node)), at(node), selection.has(node.id))),
    ...design.notes.map((note) => {
      const size = held.sizes.get(note.id);
      return noteOf(note, keyed(note, at(note), `${size?.width} ${size?.height}`), at(note), selection.has(note.id), size);
    }),
  ];
}

const edgeOf = remembering((link: DesignLink, sort: 'call' | 'prefix', down: boolean, aside: boolean, selected: boolean, reconnectable: boolean, ariaLabel: string): WireEdge => ({
  id: link.id, type: 'wire', source: link.from, target: link.to, selected, reconnectable, data: { link, sort }, ariaLabel, interactionWidth: 22,
  sourceHandle: sort === 'prefix' ? (aside ? 'prefix-out-side' : 'prefix-out') : down ? 'out-bottom' : 'out',
  targetHandle: sort === 'prefix' ? (aside ? 'prefix-in-side' : 'prefix-in') : down ? 'in-top' : 'in',
}));

/** Whether a wire reads better from bottom to top than from right to left: the target lies below, hardly to the right. */
function leadsDown(from: Point, to: Point, height: number): boolean {
  return to.y > from.y + height && to.x < from.x + cardWidth * 0.75 && to.x > from.x - cardWidth * 1.5;
}

/** Whether the target stands so far to the right that a wire from below to above would have to make a loop. */
function liesAside(from: Point, to: Point): boolean {
  return to.x > from.x + cardWidth;
}

/** Whether a wire carries no calls but attaches one component to another; all such wires look alike. */
function attaches(from: AnyKind | undefined, to: AnyKind | undefined): boolean {
  return from !== undefined && to !== undefined && (wireBetween(from, to) ?? 'call') !== 'call';
}

/** The design's wires as React Flow edges. */
export function boardEdges(design: Design, selection: ReadonlySet<string>, held: Held): Edge[] {
  const nodes = new Map(design.nodes.map((node) => [node.id, node]));
  return design.links.flatMap((link) => {
    const [from, to] = [nodes.get(link.from), nodes.get(link.to)];
    if (!from || !to) return [];
    const [start, end] = [held.places.get(from.id) ?? from, held.places.get(to.id) ?? to];
    const sort = attaches(kindOf(from.kind), kindOf(to.kind)) ? 'prefix' : 'call';
    const down = leadsDown(start, end, cardHeight(kindOf(from.kind)));
    const [aside, selected] = [liesAside(start, end), selection.has(link.id)];
    const movable = selected || design.links.length <= manyWires;
    return [edgeOf(link, `${sort} ${down} ${aside} ${selected} ${movable} ${from.label} ${to.label}`, sort, down, aside, selected, movable, `Wire from ${from.label} to ${to.label}`)];
  });
}
