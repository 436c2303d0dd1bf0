/** One wire on the board: a quiet line, and dots that flow along it as fast and as thick as its calls, red where they fail. */
import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react';
import { memo, useEffect, useRef, useState } from 'react';
import type { DesignLink } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import { linkFigure, onFigures, type Painter } from '../live.ts';
import styles from './wire.module.css';

/** A wire as React Flow carries it: the design's link and the sort of its port, nothing live. */
export type WireEdge = Edge<{ readonly link: DesignLink; readonly sort: 'call' | 'prefix' }, 'wire'>;

/**
 * Among so many wires, only the one under the pointer and the selected ones have dots, and only these can be moved by their ends: without a graphics card,
 * 300 flowing wires cost half the frames, and what is not drawn need not be styled and looked through.
 */
export const manyWires = 60;

interface Look {
  readonly width: string;
  /** Seconds for the dots to move on by one. */
  readonly pace: string;
  readonly mood: 'idle' | 'well' | 'failing' | 'broken';
}

/** Coarse steps, so that small changes of rate neither repaint the wire nor make its dots jump. */
function lookOf(rate: number, failed: number): Look {
  const size = Math.round(2 * Math.log10(1 + Math.max(0, rate || 0))) / 2;
  const mood = !(rate > 0) ? 'idle' : failed > 0.2 ? 'broken' : failed > 0.002 ? 'failing' : 'well';
  return { width: String(2.2 + 0.55 * Math.min(5, size)), pace: `${(0.9 / (1 + 0.9 * size)).toFixed(2)}s`, mood };
}

function wirePainter(group: SVGGElement, flow: SVGPathElement | null, id: string): Painter {
  let drawn = '';
  return (frame, layout) => {
    const rate = linkFigure(frame, layout, id, 'rate');
    const failed = linkFigure(frame, layout, id, 'failedShare');
    const look = lookOf(rate, failed);
    const key = `${look.width} ${look.pace} ${look.mood}`;
    if (key === drawn) return;
    drawn = key;
    group.dataset['mood'] = look.mood;
    if (!flow) return;
    flow.style.strokeWidth = look.width;
    flow.style.animationDuration = look.pace;
  };
}

/** A wire between two cards. */
export const Wire = memo(function Wire(props: EdgeProps<WireEdge>) {
  const { id, data, selected } = props;
  const group = useRef<SVGGElement>(null);
  const flow = useRef<SVGPathElement>(null);
  const isOneOfMany = session(({ design }) => design.links.length > manyWires);
  const [isNear, setNear] = useState(false);
  const hasDots = !isOneOfMany || selected || isNear;
  const [path] = getBezierPath({ ...props, curvature: 0.35 });
  useEffect(() => {
    if (group.current) return onFigures(wirePainter(group.current, flow.current, id));
  }, [id, hasDots]);
  return (
    <g ref={group} className={styles['wire']} data-sort={data?.sort} data-selected={selected || undefined} onPointerEnter={() => setNear(true)} onPointerLeave={() => setNear(false)}>
      <BaseEdge path={path} interactionWidth={22} className={styles['line'] ?? ''} />
      {hasDots && <path ref={flow} d={path} className={styles['flow']} />}
    </g>
  );
});
