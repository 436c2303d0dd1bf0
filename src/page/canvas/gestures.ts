/** From React Flow's changes to edits of the design: what a hand holds stays here until it lets go; letting go is one edit. */
import type { EdgeChange, NodeChange } from '@xyflow/react';
import { insertInWire } from '../../design/arrange.ts';
import { duplicate, membersOf, moveItems, resizeGroup } from '../../design/edit.ts';
import type { Design } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import type { Point } from '../board-view.ts';
import { nothingHeld, type BoardNode, type Held } from './shape.ts';

type Places = ReadonlyMap<string, Point>;

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
}

/** Takes React Flow's selection changes into the session's selection. */
export function takeSelection(changes: readonly (NodeChange<BoardNode> | EdgeChange)[]): void {
  const before = session.getState().selection;
  const selection = new Set(before);
  for (const change of changes) {
    if (change.type !== 'select') continue;
    if (change.selected) selection.add(change.id);
    else selection.delete(change.id);
  }
  if (!sameSet(before, selection)) session.getState().select(selection);
}

/** New places of what moved, with the members of every area that moved. */
function movedTogether(design: Design, changes: readonly NodeChange<BoardNode>[]): Map<string, Point> {
  const places = new Map<string, Point>();
  for (const change of changes) if (change.type === 'position' && change.position) places.set(change.id, change.position);
  for (const group of design.groups) {
    const to = places.get(group.id);
    if (!to) continue;
    for (const member of membersOf(design, group)) {
      if (!places.has(member.id)) places.set(member.id, { x: member.x + to.x - group.x, y: member.y + to.y - group.y });
    }
  }
  return places;
}

const rounded = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) });

/** The drag under way: whether it leaves copies instead of moving, and its number, by which all that one drop does is one undo step. */
const drag = { copies: false, number: 0 };

/** Says at the start of a drag whether what is in the hand is to be a copy. */
export function beginDrag(copies: boolean): void {
  drag.copies = copies;
  drag.number++;
}

function edgeAt(x: number, y: number): Element | undefined {
  return document.elementsFromPoint(x, y).map((element) => element.closest('.react-flow__edge')).find((one) => one !== null) ?? undefined;
}

/** Pixels up and down in which a wire is looked for: nobody lets go of a card exactly on a line. */
const reach = [0, -12, 12, -24, 24];

/** The wire of the board near a point of the window, whatever lies on top of it; null where there is none. */
export function wireUnder({ x, y }: Point): string | null {
  for (const offset of reach) {
    const edge = edgeAt(x, y + offset);
    if (edge) return edge.getAttribute('data-id');
  }
  return null;
}

/** A component without wires that is let go on a wire is put into it; `at` is its middle in the window. */
export function dropOnWire(id: string, at: Point): void {
  const { design, edit } = session.getState();
  const link = wireUnder(at);
  if (link === null || design.links.some(({ from, to }) => from === id || to === id)) return;
  edit('Put into a wire', (before) => insertInWire(before, link, id), `drop:${drag.number}`);
}

/** Copies of everything in `places` there; the originals stay where they were. */
function commitCopies(design: Design, places: Places): void {
  const [id, to] = [...places][0]!;
  const from = [...design.nodes, ...design.groups, ...design.notes].find((item) => item.id === id);
  if (!from) return;
  let copies: readonly string[] = [];
  session.getState().edit('Duplicate', (before) => {
    const doubled = duplicate(before, places.keys(), Math.round(to.x - from.x), Math.round(to.y - from.y));
    copies = doubled.copies;
    return doubled.design;
  });
  session.getState().select(copies);
}

/** One move of everything in `places`; key presses in a row merge into one undo step, a drag is a step of its own. */
function commitMove(places: Places, merge?: string): void {
  const target = Object.fromEntries([...places].map(([id, place]) => [id, rounded(place)]));
  session.getState().edit(places.size === 1 ? 'Move' : `Move ${places.size} items`, (design) => moveItems(design, target), merge);
}

function commitSize(id: string, size: { width: number; height: number }, place: Point | undefined): void {
  session.getState().edit('Resize area', (design) => {
    const group = design.groups.find((one) => one.id === id);
    return group ? resizeGroup(design, id, ...(Object.values(rounded(place ?? group)) as [number, number]), Math.round(size.width), Math.round(size.height)) : design;
  });
}

/** Sizes reported by React Flow: notes are measured on the page, areas are resized by hand, cards know theirs. */
function takeSizes(design: Design, changes: readonly NodeChange<BoardNode>[], held: Held): Held {
  const sizes = new Map(held.sizes);
  for (const change of changes) {
    if (change.type !== 'dimensions' || !change.dimensions) continue;
    const isArea = design.groups.some((group) => group.id === change.id);
    if (isArea && change.resizing === undefined) continue;
    if (isArea || design.notes.some((note) => note.id === change.id)) sizes.set(change.id, change.dimensions);
  }
  return { ...held, sizes };
}

function finishResize(changes: readonly NodeChange<BoardNode>[], held: Held): Held {
  const sizes = new Map(held.sizes);
  const places = new Map(held.places);
  for (const change of changes) {
    if (change.type !== 'dimensions' || change.resizing !== false) continue;
    const size = change.dimensions ?? sizes.get(change.id);
    if (size) commitSize(change.id, size, places.get(change.id));
    sizes.delete(change.id);
    places.delete(change.id);
  }
  return { places, sizes };
}

function takeMoves(design: Design, changes: readonly NodeChange<BoardNode>[], held: Held): Held {
  const moves = changes.filter((change) => change.type === 'position');
  if (moves.length === 0) return held;
  const resizing = changes.some((change) => change.type === 'dimensions');
  const places = resizing ? new Map(moves.flatMap((move) => (move.position ? [[move.id, move.position] as const] : []))) : movedTogether(design, moves);
  if (resizing || moves.some((move) => move.dragging)) return { ...held, places: new Map([...held.places, ...places]) };
  const wasDragged = held.places.size > 0;
  const moved = new Map([...held.places, ...places]);
  if (moved.size > 0 && wasDragged && drag.copies) commitCopies(design, moved);
  else if (moved.size > 0) commitMove(moved, wasDragged ? `drop:${drag.number}` : `nudge:${[...moved.keys()].join(' ')}`);
  return { ...held, places: nothingHeld.places };
}

/** Takes a batch of React Flow's changes; answers what the hand holds now, and edits the design where it let go. */
export function takeNodeChanges(changes: readonly NodeChange<BoardNode>[], held: Held): Held {
  const { design } = session.getState();
  takeSelection(changes);
  return finishResize(changes, takeMoves(design, changes, takeSizes(design, changes, held)));
}
