/** Why calls fail: where it begins, what lasts there, and what became of the calls of the run so far, by reason. */
import type { DesignNode } from '../../design/design.ts';
import type { Reason } from '../../engine/reasons.ts';
import { faultText } from '../../kit/fault.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import { befalling } from '../breaking.ts';
import { useCalmFrame } from '../live.ts';
import { useResult } from '../sure.ts';
import { meanings, origins, type Origin } from './failing.ts';
import styles from './why.module.css';

/** What befalls the component where it begins, while it lasts. */
function useLasting(id: string): string {
  const design = session((state) => state.design);
  const frame = useCalmFrame();
  return befalling(design, id).filter((fault) => frame?.lasting.includes(fault.id)).map(({ fault, amount }) => faultText(fault, amount)).join(', ');
}

function Beginning({ origin: { id, label, reason }, here }: { origin: Origin; here: boolean }) {
  const lasting = useLasting(id);
  return (
    <p>
      {here ? 'It begins here' : <>It begins at <button type="button" className={styles['there']} onClick={() => session.getState().select([id])}>{label}</button></>}
      {reason && <>: <b>{reason}</b>, {meanings[reason]}</>}.{lasting !== '' && ` What lasts there: ${lasting}.`}
    </p>
  );
}

/** Shown where nothing fails, too, so long as something has. */
export function Failures({ node }: { node: DesignNode }) {
  const design = session((state) => state.design);
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  const result = useResult();
  const told = result?.nodes[node.id];
  const begin = frame && layout ? origins(design, frame, layout, node.id) : [];
  const reasons = Object.entries(told?.failedBy ?? {}).sort(([, a], [, b]) => b - a) as [Reason, number][];
  const ended = (told?.served ?? 0) + (told?.failed ?? 0);
  return (
    <>
      {begin.map((origin) => <Beginning key={origin.id} origin={origin} here={origin.id === node.id} />)}
      {reasons.length > 0 && (
        <>
          <h3>In the run so far</h3>
          <dl>
            {reasons.map(([reason, count]) => (
              <div key={reason}>
                <dt>{reason}</dt>
                <dd>{format(count, 'count')} = {format(count / ended, 'share', 2)}</dd>
                <dd className={styles['source']}>{meanings[reason]}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </>
  );
}
