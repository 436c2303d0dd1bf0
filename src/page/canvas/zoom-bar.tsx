/** The small bar in the corner of the board: nearer, farther, everything. */
import { useStore } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { board } from '../board-view.ts';
import styles from './board.module.css';

/** Zoom out, the present zoom (pressing it goes to 100 %), zoom in, and fit. */
export function ZoomBar() {
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <div className={styles['zoom']} data-over-board role="group" aria-label="Zoom">
      <button type="button" aria-label="Zoom out" onClick={() => board.current?.zoomBy(1 / 1.25)}><Minus size={14} aria-hidden="true" /></button>
      <button type="button" aria-label={`Zoom is ${zoom} %, go to 100 %`} onClick={() => board.current?.zoomTo(1)}>{zoom} %</button>
      <button type="button" aria-label="Zoom in" onClick={() => board.current?.zoomBy(1.25)}><Plus size={14} aria-hidden="true" /></button>
      <button type="button" data-always aria-label="Show everything" title="Show everything (Shift+1)" onClick={() => board.current?.fit()}><Maximize size={13} aria-hidden="true" /></button>
    </div>
  );
}
