/** The commands that put what is selected in line, and those that walk from component to component along the wires. */
import { alignItems, distributeItems, type Edge } from '../../design/arrange.ts';
import type { Design, DesignNode } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import type { Command } from '../command.ts';

const atLeast = (count: number) => (): boolean => session.getState().selection.size >= count;

function align(edge: Edge): void {
  const { selection, edit } = session.getState();
  edit('Align', (design) => alignItems(design, selection, edge));
}

function distribute(axis: 'x' | 'y'): void {
  const { selection, edit } = session.getState();
  edit('Distribute', (design) => distributeItems(design, selection, axis));
}

const edges: readonly (readonly [Edge, string, string])[] = [
  ['left', 'Align left edges', 'Alt+A'], ['right', 'Align right edges', 'Alt+D'], ['top', 'Align upper edges', 'Alt+W'],
  ['bottom', 'Align lower edges', 'Alt+S'], ['centre', 'Align in a column', 'Alt+H'], ['middle', 'Align in a row', 'Alt+V'],
];

/** The one selected component, or null. */
function here(): DesignNode | null {
  const { design, selection } = session.getState();
  const [id] = selection;
  return selection.size === 1 ? (design.nodes.find((node) => node.id === id) ?? null) : null;
}

/** Components one wire away: those it calls, or those that call it. */
function neighbours({ nodes, links }: Design, { id }: DesignNode, way: 'calls' | 'callers'): readonly DesignNode[] {
  const ids = new Set(links.flatMap(({ from, to }) => (way === 'calls' ? (from === id ? [to] : []) : to === id ? [from] : [])));
  return nodes.filter((node) => ids.has(node.id));
}

const distance = (a: DesignNode, b: DesignNode): number => (a.x - b.x) ** 2 + (a.y - b.y) ** 2;

/** Along a wire to the right or left; upwards and downwards to the nearest component there. */
function nextFrom(design: Design, from: DesignNode, way: 'left' | 'right' | 'up' | 'down'): DesignNode | undefined {
  const lies = (node: DesignNode): boolean => node !== from && (way === 'up' ? node.y < from.y : node.y > from.y);
  const reached = way === 'right' ? neighbours(design, from, 'calls') : way === 'left' ? neighbours(design, from, 'callers') : design.nodes.filter(lies);
  return [...reached].sort((a, b) => distance(from, a) - distance(from, b))[0];
}

function walk(way: 'left' | 'right' | 'up' | 'down'): void {
  const from = here();
  const next = from && nextFrom(session.getState().design, from, way);
  if (!next) return;
  session.getState().select([next.id]);
  const area = board.current?.visible();
  const seen = area && next.x >= area.x && next.y >= area.y && next.x < area.x + area.width - 100 && next.y < area.y + area.height - 60;
  if (!seen) board.current?.fit([next.id]);
  document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(next.id)}"]`)?.focus({ preventScroll: true });
}

const steps = [['ArrowRight', 'right', 'Go to what it calls'], ['ArrowLeft', 'left', 'Go to what calls it'], ['ArrowUp', 'up', 'Go to the one above'], ['ArrowDown', 'down', 'Go to the one below']] as const;

/** Commands of the section "Edit" that arrange, and those that walk. */
export const arrangeCommands: readonly Command[] = [
  ...edges.map(([edge, label, key]): Command => ({ id: `align-${edge}`, label, section: 'Edit', keys: [key], when: atLeast(2), run: () => align(edge) })),
  { id: 'distribute-x', label: 'Even gaps across', section: 'Edit', keys: ['Alt+Shift+H'], when: atLeast(3), run: () => distribute('x') },
  { id: 'distribute-y', label: 'Even gaps down', section: 'Edit', keys: ['Alt+Shift+V'], when: atLeast(3), run: () => distribute('y') },
  ...steps.map(([key, way, label]): Command => ({ id: `walk-${way}`, label, section: 'Edit', keys: [`Alt+${key}`], when: () => here() !== null, run: () => walk(way) })),
];
