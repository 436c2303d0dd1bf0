/** A chart read as a table: the same columns of time, one row each, newest first. */
import { useEffect, useRef } from 'react';
import { format } from '../../units/format.ts';
import styles from './charts.module.css';
import type { Line, PlotSpec } from './marks.ts';
import { timeText } from './ticks.ts';
import { spreadText } from './tip.ts';

/** One value, with the band around it where one is known. */
function Cell({ line, spec, i }: { line: Line; spec: PlotSpec; i: number }) {
  const value = format(line.values[i] ?? NaN, spec.unit);
  return <td>{value}<small>{spreadText(line, spec.times[i]!, spec.unit, value)}</small></td>;
}

/** Opens at once as a modal dialog and calls `close` when the person is done. */
export function ChartTable({ title, spec, close }: { title: string; spec: PlotSpec; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const rows = Array.from(spec.times, (_, i) => spec.times.length - 1 - i);
  return (
    <dialog ref={dialog} className={styles['table']} onClose={close} aria-label={`${title} as a table`}>
      <header>
        <h2>{title}</h2>
        <form method="dialog"><button type="submit">Close</button></form>
      </header>
      <div tabIndex={0} role="region" aria-label={`${title}, values by time`}>
        <table>
          <thead>
            <tr><th scope="col">Time</th>{spec.lines.map(({ key, name }) => <th key={key} scope="col">{name}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((i) => (
              <tr key={i}>
                <th scope="row">{timeText(spec.times[i]!)}</th>
                {spec.lines.map((line) => <Cell key={line.key} line={line} spec={spec} i={i} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </dialog>
  );
}
