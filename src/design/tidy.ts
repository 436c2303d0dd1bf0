/** Tidying a board: what of a design decides where its components are laid out, and the design once they lie there. */
import type { Design, DesignGroup, DesignNode } from './design.ts';
import { cardSize, membersOf, moveItems, resizeGroup } from './edit.ts';

/** All that a layout asks about a design: its components, which of them lie in which area, and the wires between them, by ids; and how large a component is, in board pixels. */
export interface Wiring {
  readonly size: { readonly width: number; readonly height: number };
  readonly components: readonly string[];
  readonly areas: readonly { readonly id: string; readonly members: readonly string[] }[];
  readonly wires: readonly (readonly [from: string, to: string])[];
}

/** Upper left corners of components by their ids, in board pixels. */
export type Places = Readonly<Record<string, { readonly x: number; readonly y: number }>>;

/** How much of an area stays free around its members, in board pixels. */
const room = { side: 28, top: 44 } as const;

/** What a layout is to know of a design; areas without members are left out. */
export function wiringOf(design: Design): Wiring {
  const areas = design.groups.map((group) => ({ id: group.id, members: membersOf(design, group).map(({ id }) => id) }));
  return {
    size: cardSize,
    components: design.nodes.map(({ id }) => id),
    areas: areas.filter(({ members }) => members.length > 0),
    wires: design.links.map(({ from, to }) => [from, to]),
  };
}

function closed(design: Design, group: DesignGroup, members: readonly DesignNode[]): Design {
  if (members.length === 0) return design;
  const [left, top] = [Math.min(...members.map((node) => node.x)) - room.side, Math.min(...members.map((node) => node.y)) - room.top];
  const width = Math.max(...members.map((node) => node.x)) + cardSize.width + room.side - left;
  const height = Math.max(...members.map((node) => node.y)) + cardSize.height + room.side - top;
  const fits = group.x === left && group.y === top && group.width === width && group.height === height;
  return fits ? design : resizeGroup(design, group.id, left, top, width, height);
}

/** The design with its components at those places, and its areas closed around the members they had; what lies there already stays the same object. */
export function tidied(design: Design, places: Places): Design {
  const moved = moveItems(design, places);
  const nodes = new Map(moved.nodes.map((node) => [node.id, node]));
  return design.groups.reduce((next, group) => closed(next, group, membersOf(design, group).map(({ id }) => nodes.get(id)!)), moved);
}
