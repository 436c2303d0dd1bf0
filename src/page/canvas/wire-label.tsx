/** The figures of the wire under the pointer, or of the selected one, written over the middle of it. */
import { ViewportPortal } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import type { Frame, Layout } from '../../run/protocol.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import { linkFigure, onFigures } from '../live.ts';
import styles from './wire.module.css';

function textOf(frame: Frame, layout: Layout, id: string): string {
  const rate = linkFigure(frame, layout, id, 'rate');
  const failed = linkFigure(frame, layout, id, 'failedShare');
  if (Number.isNaN(rate)) return '';
  return `${format(rate, 'requests/second')}${failed > 0 ? ` · ${format(failed, 'share', 2)} failed` : ''}`;
}

/** Moves the label to the middle of the wire as it is drawn now. */
function follow(label: HTMLElement, id: string): void {
  const path = document.querySelector<SVGPathElement>(`.react-flow__edge[data-id="${CSS.escape(id)}"] .react-flow__edge-path`);
  if (!path) return;
  const middle = path.getPointAtLength(path.getTotalLength() / 2);
  label.style.transform = `translate(${middle.x}px, ${middle.y}px) translate(-50%, -150%)`;
}

/** The label of one wire. */
export function WireLabel({ id }: { id: string }) {
  const label = useRef<HTMLDivElement>(null);
  const design = session((state) => state.design);
  useEffect(() => {
    if (label.current) follow(label.current, id);
  }, [id, design]);
  useEffect(() => onFigures((frame, layout) => {
    if (label.current) label.current.textContent = textOf(frame, layout, id);
  }), [id]);
  return <ViewportPortal><div ref={label} className={styles['label']} /></ViewportPortal>;
}
