/** How arithmetic and the run read beside each other, and how to say that they are apart. */
import type { Design } from '../../design/design.ts';
import { negligible } from '../../run/beside.ts';
import { estimates, noFlow, type Estimate } from '../../run/flow.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { figureText } from '../figure-text.ts';
import '../sums.ts';

/** A figure of the comparison; what is next to nothing says so instead of showing its zeros. */
export function handText(value: number, unit: Unit): string {
  if (value === Infinity) return '∞';
  const least = (negligible[unit] ?? 0) / 100;
  return value !== 0 && Math.abs(value) < least ? '≈ 0' : figureText(value, unit);
}

/** How far the run is from the estimate, in a sentence. */
export function differenceText(byHand: number, run: number): string {
  if (byHand === Infinity) return 'By hand it grows without end.';
  if (byHand === 0) return 'By hand there is none; the run has some.';
  const ratio = run / byHand;
  return ratio >= 1 ? `The run is ${format(ratio, 'ratio')} what arithmetic says.` : `The run is ${format(ratio, 'share', 2)} of what arithmetic says.`;
}

/** The estimate of what nothing is known about. */
export const nothing: Estimate = { flow: noFlow, rows: [] };

/** What of a design is nothing to arithmetic. */
const besides: ReadonlySet<string> = new Set<keyof Design>(['name', 'notes', 'objectives', 'view']);

const sameSums = (a: Design, b: Design): boolean => (Object.keys(b) as (keyof Design)[]).every((part) => besides.has(part) || a[part] === b[part]);

let last: { readonly design: Design; readonly sums: Readonly<Record<string, Estimate>> } | null = null;

/** All estimates of the design that was last asked about; none where arithmetic fails. */
function sumsOf(design: Design): Readonly<Record<string, Estimate>> {
  if (last !== null && sameSums(last.design, design)) return last.sums;
  try {
    last = { design, sums: estimates(design) };
  } catch {
    last = { design, sums: {} };
  }
  return last.sums;
}

/** The estimate by hand of one component; no rows where arithmetic fails. The sums of a design are done once: each flows through all of it. */
export const estimateOf = (design: Design, id: string): Estimate => sumsOf(design)[id] ?? nothing;
