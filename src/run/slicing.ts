/**
 * Fleet slicing: where a design has more events than can be simulated live, one in k requests is simulated on one in k of the like parts, and
 * counts, rates and levels are scaled back. Exact where parts only meet through their shares of the traffic; pooled queues become smaller pools.
 */
import type { Design, DesignNode } from '../design/design.ts';
import { fullParams } from '../design/params.ts';
import { kindOf } from '../kinds/index.ts';
import type { AnyKind } from '../kit/kind.ts';
import type { NumberParam } from '../kit/param.ts';

/** A design as it is simulated, the components that could be divided, and where the truth is bent, in sentences. */
export interface Sliced {
  readonly design: Design;
  readonly divided: ReadonlySet<string>;
  readonly bends: readonly string[];
}

/** Dividing whole numbers leaves a remainder; up to this share it is of no account. */
const NEGLIGIBLE = 0.01;

/** The design that stands for this one when one in `k` requests is simulated; the design itself where that is 1. */
export function sliced(design: Design, k: number): Sliced {
  if (k === 1) return { design, divided: new Set(), bends: [] };
  const bends: string[] = [];
  const divided = new Set<string>();
  const nodes = design.nodes.map((node) => {
    const kind = kindOf(node.kind);
    if (kind?.slices === undefined) {
      bends.push(`“${node.label}” is one whole and cannot be divided: it sees one in ${k.toLocaleString('en')} of its requests.`);
      return node;
    }
    divided.add(node.id);
    return divide(node, kind, kind.slices, k, bends);
  });
  const faults = design.faults.map((fault) => (countsParts(fault.fault) ? { ...fault, amount: Math.max(1, Math.round(fault.amount / k)) } : fault));
  return { design: { ...design, nodes, faults }, divided, bends };
}

const countsParts = (fault: string): boolean => fault === 'replicas' || fault === 'preemption' || fault === 'herd';

function divide(node: DesignNode, kind: AnyKind, names: readonly string[], k: number, bends: string[]): DesignNode {
  const values = fullParams(kind, node.params) as Readonly<Record<string, unknown>>;
  const params: Record<string, unknown> = { ...node.params };
  for (const name of names) {
    const [param, column] = name.split('.') as [string, string?];
    const shown = kind.params[param].shownWhen?.(values) !== false;
    const divided = (whole: number, spec: NumberParam): number => {
      const part = partOf(whole, spec, k);
      if (shown && whole > 0 && Math.abs(part * k - whole) > NEGLIGIBLE * whole) bends.push(`“${node.label}”: ${spec.label.toLowerCase()} ${whole.toLocaleString('en')} does not divide by ${k.toLocaleString('en')}; ${part.toLocaleString('en')} stand for it.`);
      return part;
    };
    if (column === undefined) params[param] = divided(values[param] as number, kind.params[param]);
    else params[param] = ((params[param] ?? values[param]) as readonly Readonly<Record<string, number>>[]).map((row) => ({ ...row, [column]: divided(row[column]!, kind.params[param].columns[column]) }));
  }
  return { ...node, params };
}

/** A k-th of a figure. What counts things stays whole and does not vanish, and no figure falls below the least there can be. */
function partOf(whole: number, { integer, min }: NumberParam, k: number): number {
  if (integer && whole > 0) return Math.max(1, Math.round(whole / k));
  return Math.max(Math.min(whole, min), whole / k);
}
