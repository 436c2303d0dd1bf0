/** The whiteboard's arithmetic beside the simulation's figures, with formula, source, and a word where the two differ. */
import { useMemo } from 'react';
import type { Design, DesignNode } from '../../design/design.ts';
import type { EstimateRow } from '../../kit/kind.ts';
import { estimates } from '../../run/flow.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';
import { useCalmFrame } from '../live.ts';
import { figureIn } from './measures.ts';
import styles from './inspector.module.css';

const notable = 0.2;

/** Below these, in the unit's base, nobody would plan differently: ten microseconds, a hundredth of a request, half a per cent. */
const negligible: Partial<Record<Unit, number>> = { seconds: 1e-5, requests: 0.01, items: 0.01, count: 0.01, share: 0.005 };

/** Whether the run differs by more than a fifth from the estimate, both ways round, in a figure large enough to matter. */
function differs({ value: byHand, unit }: EstimateRow, run: number): boolean {
  if (byHand === Infinity) return Number.isFinite(run);
  if (!Number.isFinite(byHand) || !Number.isFinite(run)) return false;
  if (Math.max(Math.abs(byHand), Math.abs(run)) < (negligible[unit] ?? 0)) return false;
  return Math.abs(run - byHand) > notable * Math.max(Math.abs(byHand), Math.abs(run));
}

/** A figure of the table; what is next to nothing says so instead of showing its zeros. */
function figure(value: number, unit: Unit): string {
  if (value === Infinity) return '∞';
  const least = (negligible[unit] ?? 0) / 100;
  return value !== 0 && Math.abs(value) < least ? '≈ 0' : format(value, unit);
}

function difference(byHand: number, run: number): string {
  if (byHand === Infinity) return 'By hand it grows without end.';
  if (byHand === 0) return 'By hand there is none; the run has some.';
  const ratio = run / byHand;
  return ratio >= 1 ? `The run is ${format(ratio, 'ratio')} what arithmetic says.` : `The run is ${format(ratio, 'share', 2)} of what arithmetic says.`;
}

function HandRow({ row, run }: { row: EstimateRow; run: number }) {
  const apart = differs(row, run);
  return (
    <details className={styles['handRow']} data-apart={apart || undefined}>
      <summary>
        <span>{row.label}</span>
        <span>{figure(row.value, row.unit)}</span>
        <span>{row.measure ? figure(run, row.unit) : ''}{apart && <i aria-label="differs by more than 20 %">≠</i>}</span>
      </summary>
      <p><code>{row.formula}</code></p>
      <p>{row.source}</p>
      {row.assumes && <p>Takes for granted: {row.assumes}</p>}
    </details>
  );
}

/** The sharpest differences in words, so that a mark is never left without its reason. */
function Reasons({ rows }: { rows: readonly { row: EstimateRow; run: number }[] }) {
  const apart = rows.filter(({ row, run }) => row.assumes && differs(row, run));
  return apart.slice(0, 2).map(({ row, run }) => (
    <p key={row.label} className={styles['reason']}><b>{row.label}:</b> {difference(row.value, run)} Arithmetic takes for granted: {row.assumes}</p>
  ));
}

function rowsOf(design: Design, id: string): readonly EstimateRow[] {
  try {
    return estimates(design)[id]?.rows ?? [];
  } catch {
    return [];
  }
}

/** "By hand, and as simulated" for one component. */
export function ByHand({ node }: { node: DesignNode }) {
  const design = session((state) => state.design);
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  const estimated = useMemo(() => rowsOf(design, node.id), [design, node.id]);
  if (estimated.length === 0) return null;
  const rows = estimated.map((row) => ({ row, run: row.measure ? figureIn(frame, layout, node.id, row.measure) : Number.NaN }));
  return (
    <section className={styles['hand']} aria-label="By hand, and as simulated">
      <h3>By hand, and as simulated</h3>
      <div className={styles['handHead']} aria-hidden="true"><span /><span>by hand</span><span>run</span></div>
      {rows.map(({ row, run }) => <HandRow key={row.label} row={row} run={run} />)}
      <Reasons rows={rows} />
    </section>
  );
}
