/** The layout of a board: from left to right along the wires, in layers, areas kept together. */
import { graphlib, layout } from '@dagrejs/dagre';
import type { Places, Wiring } from '../src/design/tidy.ts';

/** Pixels between components: within a layer, and from one to the next. */
const spacing = { rankdir: 'LR', nodesep: 44, ranksep: 78, marginx: 0, marginy: 0 };

/** Where each component goes; one that lies in several areas is laid out in the first. */
export function layered({ size, components, areas, wires }: Wiring): Places {
  const graph = new graphlib.Graph({ compound: true }).setGraph(spacing).setDefaultEdgeLabel(() => ({}));
  for (const id of components) graph.setNode(id, { ...size });
  for (const { id, members } of areas) {
    graph.setNode(id, {});
    for (const member of members) if (!graph.parent(member)) graph.setParent(member, id);
  }
  for (const [from, to] of wires) graph.setEdge(from, to);
  layout(graph);
  return Object.fromEntries(components.map((id) => {
    const { x, y } = graph.node(id);
    return [id, { x: Math.round(x - size.width / 2), y: Math.round(y - size.height / 2) }];
  }));
}
