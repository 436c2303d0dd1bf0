/** Lays the board out from left to right along the wires; areas close around their members again. One undo step. */
import { cardSize, membersOf, moveItems, resizeGroup } from '../../design/edit.ts';
import type { Design, DesignNode } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import { breath } from '../breath.ts';

const spacing = { rankdir: 'LR', nodesep: 44, ranksep: 78, marginx: 0, marginy: 0 };
const room = { side: 28, top: 44 };

type Places = Readonly<Record<string, { readonly x: number; readonly y: number }>>;

/** Where the layout puts each component; its library is loaded when first wanted. */
async function layOut(design: Design): Promise<Places> {
  const dagre = await import('@dagrejs/dagre');
  const graph = new dagre.graphlib.Graph({ compound: true }).setGraph(spacing).setDefaultEdgeLabel(() => ({}));
  for (const node of design.nodes) graph.setNode(node.id, { ...cardSize });
  for (const group of design.groups) {
    const members = membersOf(design, group);
    if (members.length === 0) continue;
    graph.setNode(group.id, {});
    for (const member of members) if (!graph.parent(member.id)) graph.setParent(member.id, group.id);
  }
  for (const link of design.links) graph.setEdge(link.from, link.to);
  dagre.layout(graph);
  return Object.fromEntries(design.nodes.map((node) => {
    const { x, y } = graph.node(node.id);
    return [node.id, { x: Math.round(x - cardSize.width / 2), y: Math.round(y - cardSize.height / 2) }];
  }));
}

function closed(design: Design, id: string, members: readonly DesignNode[]): Design {
  const now = design.nodes.filter((node) => members.some((member) => member.id === node.id));
  if (now.length === 0) return design;
  const [left, top] = [Math.min(...now.map((node) => node.x)) - room.side, Math.min(...now.map((node) => node.y)) - room.top];
  const right = Math.max(...now.map((node) => node.x)) + cardSize.width + room.side;
  const bottom = Math.max(...now.map((node) => node.y)) + cardSize.height + room.side;
  return resizeGroup(design, id, left, top, right - left, bottom - top);
}

/** Tidies the whole board. */
export async function tidy(): Promise<void> {
  const { design, edit } = session.getState();
  const places = await layOut(design);
  await breath();
  edit('Tidy', (before) => {
    const moved = moveItems(before, places);
    return before.groups.reduce((next, group) => closed(next, group.id, membersOf(before, group)), moved);
  });
  requestAnimationFrame(() => board.current?.fit());
}
