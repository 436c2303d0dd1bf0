/** The whiteboard's arithmetic beside the simulation's figures, with formula, source, and a word where the two differ. */
import { useDeferredValue } from 'react';
import type { DesignNode } from '../../design/design.ts';
import { kindOf } from '../../kinds/index.ts';
import type { EstimateRow } from '../../kit/kind.ts';
import { differs, trafficText, wallText } from '../../run/beside.ts';
import { session } from '../../session/store.ts';
import { manyNodes } from '../many.ts';
import { askWhy } from '../why.ts';
import { differenceText, estimateOf, handText, nothing } from './apart.ts';
import { useBeside } from './beside.ts';
import { Constants } from './constants.tsx';
import { Parts } from './parts.tsx';
import { Tag } from './tag.tsx';
import styles from './inspector.module.css';

interface Compared {
  readonly row: EstimateRow;
  readonly run: number;
  readonly apart: boolean;
}

function HandRow({ node, row, run, apart }: Compared & { node: string }) {
  const { measure } = row;
  return (
    <details className={styles['handRow']} data-apart={apart || undefined}>
      <summary>
        <span>{row.label}</span>
        <span>{handText(row.value, row.unit)}</span>
        <span>{measure ? handText(run, row.unit) : ''}{apart && <i aria-label="differs by more than 20 % and chance">≠</i>}</span>
      </summary>
      <p><code>{row.formula}</code></p>
      <Parts row={row} />
      <p><Tag tag="modelled" /> {row.source}</p>
      {row.constants && <dl><Constants constants={row.constants} /></dl>}
      {row.assumes && <p>Takes for granted: {row.assumes}.</p>}
      {measure && <button type="button" className={styles['button']} aria-haspopup="dialog" onClick={(event) => askWhy(node, measure, event.currentTarget)}>Why the run says so</button>}
    </details>
  );
}

/** The sharpest differences in words, so that a mark is never left without its reason. */
function Reasons({ rows, traffic }: { rows: readonly Compared[]; traffic: string }) {
  const apart = rows.filter((one) => one.apart);
  return (
    <>
      {apart.length > 0 && traffic !== '' && <p className={styles['reason']}>{traffic}</p>}
      {apart.filter(({ row }) => row.assumes).slice(0, 2).map(({ row, run }) => (
        <p key={row.label} className={styles['reason']}><b>{row.label}:</b> {differenceText(row.value, run)} Arithmetic takes for granted: {row.assumes}.</p>
      ))}
    </>
  );
}

/** "By hand, and as simulated" for one component. */
export function ByHand({ node }: { node: DesignNode }) {
  const present = session((state) => state.design);
  // The sums of hundreds of components take as long as everything else that follows a click: they come after it.
  const design = useDeferredValue(present, present.nodes.length > manyNodes ? null : present);
  const { figure, calls, whole } = useBeside(node.id);
  const { rows: estimated, flow } = design ? estimateOf(design, node.id) : nothing;
  if (estimated.length === 0) return null;
  const rows = estimated.map((row): Compared => {
    const run = row.measure ? figure(row.measure) : Number.NaN;
    return { row, run, apart: differs(row, run, calls) };
  });
  const wall = wallText(estimated);
  return (
    <section className={styles['hand']} aria-label="By hand, and as simulated">
      <h3>By hand, and as simulated</h3>
      <div className={styles['handHead']} aria-hidden="true"><span /><span>by hand</span><span>{whole ? 'run so far' : 'run now'}</span></div>
      {rows.map((compared) => <HandRow key={compared.row.label} node={node.id} {...compared} />)}
      {wall !== '' && <p className={styles['reason']}>{wall}</p>}
      <Reasons rows={rows} traffic={kindOf(node.kind)?.offers ? '' : trafficText(flow.rate, figure('arrivals'), calls)} />
    </section>
  );
}
