/** What of a design is for the eye alone: names, notes, and where things lie while no area gives that a meaning. */
import type { Design } from '../design/design.ts';

/** Whether two designs run alike: what notes say, and where things lie while there are no areas, is nothing to the simulation. */
export function sameRun(a: Design, b: Design): boolean {
  if (a.links !== b.links || a.faults !== b.faults || a.objectives !== b.objectives || a.nodes.length !== b.nodes.length) return false;
  if ((Object.keys(b.run) as (keyof Design['run'])[]).some((key) => key !== 'speed' && a.run[key] !== b.run[key])) return false;
  const placed = a.groups.length + b.groups.length > 0;
  if (placed && a.groups !== b.groups) return false;
  if (a.nodes === b.nodes) return true;
  return a.nodes.every((node, index) => {
    const other = b.nodes[index]!;
    // Which area a component lies in decides how far it is from others, and what befalls it.
    if (placed && (node.x !== other.x || node.y !== other.y)) return false;
    return node.id === other.id && node.kind === other.kind && node.label === other.label && node.params === other.params;
  });
}

/** A design of another moment as it looks now: a board that was tidied since, or a note written since, stays so. */
export function dressed(design: Design, present: Design): Design {
  const run = { ...design.run, speed: present.run.speed };
  return { ...design, name: present.name, notes: present.notes, view: present.view, run, nodes: placedAs(design, present) };
}

function placedAs(design: Design, present: Design): Design['nodes'] {
  if (design.nodes === present.nodes || design.groups.length + present.groups.length > 0) return design.nodes;
  const places = new Map(present.nodes.map((node) => [node.id, node]));
  const nodes = design.nodes.map((node) => {
    const { x, y } = places.get(node.id) ?? node;
    return x === node.x && y === node.y ? node : { ...node, x, y };
  });
  return nodes.every((node, index) => node === design.nodes[index]) ? design.nodes : nodes;
}
