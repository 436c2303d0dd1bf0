/** The whiteboard's arithmetic beside the simulation's figures, with formula, source, and a word where the two differ. */
import { useMemo } from 'react';
import type { DesignNode } from '../../design/design.ts';
import type { EstimateRow } from '../../kit/kind.ts';
import { session } from '../../session/store.ts';
import { useCalmFrame } from '../live.ts';
import { figureIn } from '../measures.ts';
import { askWhy } from '../why.ts';
import { differenceText, differs, handText, rowsOf, wallText } from './apart.ts';
import { Tag } from './tag.tsx';
import styles from './inspector.module.css';

function HandRow({ node, row, run }: { node: string; row: EstimateRow; run: number }) {
  const { measure } = row;
  const apart = differs(row, run);
  return (
    <details className={styles['handRow']} data-apart={apart || undefined}>
      <summary>
        <span>{row.label}</span>
        <span>{handText(row.value, row.unit)}</span>
        <span>{measure ? handText(run, row.unit) : ''}{apart && <i aria-label="differs by more than 20 %">≠</i>}</span>
      </summary>
      <p><code>{row.formula}</code></p>
      <p><Tag tag="modelled" /> {row.source}</p>
      {row.assumes && <p>Takes for granted: {row.assumes}.</p>}
      {measure && <button type="button" className={styles['button']} aria-haspopup="dialog" onClick={(event) => askWhy(node, measure, event.currentTarget)}>Why the run says {handText(run, row.unit)}</button>}
    </details>
  );
}

/** The sharpest differences in words, so that a mark is never left without its reason. */
function Reasons({ rows }: { rows: readonly { row: EstimateRow; run: number }[] }) {
  const apart = rows.filter(({ row, run }) => row.assumes && differs(row, run));
  return apart.slice(0, 2).map(({ row, run }) => (
    <p key={row.label} className={styles['reason']}><b>{row.label}:</b> {differenceText(row.value, run)} Arithmetic takes for granted: {row.assumes}.</p>
  ));
}

/** "By hand, and as simulated" for one component. */
export function ByHand({ node }: { node: DesignNode }) {
  const design = session((state) => state.design);
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  const estimated = useMemo(() => rowsOf(design, node.id), [design, node.id]);
  if (estimated.length === 0) return null;
  const rows = estimated.map((row) => ({ row, run: row.measure ? figureIn(frame, layout, node.id, row.measure) : Number.NaN }));
  const wall = wallText(estimated);
  return (
    <section className={styles['hand']} aria-label="By hand, and as simulated">
      <h3>By hand, and as simulated</h3>
      <div className={styles['handHead']} aria-hidden="true"><span /><span>by hand</span><span>run</span></div>
      {rows.map(({ row, run }) => <HandRow key={row.label} node={node.id} row={row} run={run} />)}
      {wall !== '' && <p className={styles['reason']}>{wall}</p>}
      <Reasons rows={rows} />
    </section>
  );
}
