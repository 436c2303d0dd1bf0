/** Which wires may be drawn: a port asks for an answer or attaches a cache, and each component says how many it takes. */
import { wireBetween, type AnyKind, type Wire } from '../kit/kind.ts';
import { catalogue, type Catalogue } from './catalogue.ts';
import type { Design, DesignNode } from './design.ts';
import { counted } from '../units/format.ts';

/**
 * Why no wire may lead from one component to another, as a sentence; null where it may. `except` is a wire about to be
 * moved, which does not stand in its own way.
 */
export function wireRefusal(design: Design, from: string, to: string, except?: string, book: Catalogue = catalogue): string | null {
  const source = design.nodes.find((node) => node.id === from);
  const target = design.nodes.find((node) => node.id === to);
  if (!source || !target) return `There is no component “${source ? to : from}” to wire.`;
  if (source === target) return `“${source.label}” cannot be wired to itself.`;
  const others = design.links.filter((link) => link.from === from && link.id !== except);
  if (others.some((link) => link.to === to)) return `“${source.label}” is already wired to “${target.label}”.`;
  return portRefusal(source, target, others.map((link) => link.to), design, book);
}

function portRefusal(source: DesignNode, target: DesignNode, taken: readonly string[], design: Design, book: Catalogue): string | null {
  const [out, into] = [book.kindOf(source.kind), book.kindOf(target.kind)];
  if (!out || !into) return `“${out ? target.kind : source.kind}” is no component known here.`;
  const sort = wireBetween(out, into);
  if (sort === null && into.ports.in === null) return `No wire can lead to “${target.label}”${because(into)}.`;
  if (out.ports.out.length === 0) return `No wire can start at “${source.label}”${because(out)}.`;
  const port = out.ports.out.find((one) => one.wire === sort);
  if (sort === null || !port) return `“${source.label}” cannot be wired to “${target.label}”${because(into) || because(out)}.`;
  const used = port.max < taken.length + 1 ? sameSort(out, taken, sort, design, book) : 0;
  return used < port.max ? null : `“${source.label}” takes ${counted(port.max, 'such wire')} and has ${used}.`;
}

function sameSort(out: AnyKind, targets: readonly string[], sort: Wire, design: Design, book: Catalogue): number {
  const wanted = new Set(targets);
  const carries = (kind: AnyKind | undefined): boolean => kind !== undefined && wireBetween(out, kind) === sort;
  return design.nodes.filter((node) => wanted.has(node.id) && carries(book.kindOf(node.kind))).length;
}

function because(kind: AnyKind): string {
  return kind.ports.refusal ? ` because ${kind.ports.refusal.replace(/\.$/, '')}` : '';
}
