/** The design's promises as chips: name, value against limit, held or missed. Values are written by reference with each frame. */
import { Check, Minus, TriangleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { CSSProperties } from 'react';
import type { Objective } from '../../design/design.ts';
import { frames } from '../../session/frames.ts';
import { session } from '../../session/store.ts';
import { format } from '../../units/format.ts';
import { metricOf } from '../../run/metric-names.ts';
import type { Metric } from '../../run/metric-names.ts';
import { useResult } from '../sure.ts';
import { standing, verdict } from './objective-text.ts';
import styles from './top.module.css';

const spoken = { met: 'held: ', missed: 'missed: ', open: '' } as const;

/** What hovers over a chip. */
function explained({ relation, limit }: Objective, { label, unit }: Metric, grows: boolean): string {
  const growing = grows ? ' Requests in flight grow: what waits is not in it yet.' : '';
  return `${label} ${relation} ${format(limit, unit)}; the figure is of late, and of the whole run once it is over.${growing}`;
}

function write(chip: HTMLElement, objective: Objective, unit: Metric['unit'], value: number, grows: boolean, warming: boolean): void {
  const state = verdict(value, objective, unit, grows, warming);
  if (chip.dataset['state'] !== state) chip.dataset['state'] = state;
  const [said, figure] = chip.querySelectorAll<HTMLElement>('[data-slot]');
  if (said!.textContent !== spoken[state]) said!.textContent = spoken[state];
  const text = standing(value, objective, unit);
  if (figure!.textContent === text) return;
  figure!.textContent = text;
  // A chip grows with its figure at once and shrinks reluctantly, so that its neighbours stand still.
  const widest = Math.max(Number(chip.dataset['widest'] ?? 0) - 0.02, text.length);
  chip.dataset['widest'] = widest.toFixed(2);
  figure!.style.minWidth = `${Math.ceil(widest)}ch`;
}

/** Where there is no room for all names, the long ones give way; a short one that loses a pixel would lose a word. */
const yielding = (label: string): CSSProperties => ({ '--yields': Math.max(0, label.length - 14) ** 2 }) as CSSProperties;

function Chip({ objective, metric, index, grows }: { objective: Objective; metric: Metric; index: number; grows: boolean }) {
  const chip = useRef<HTMLLIElement>(null);
  const warmup = session((state) => state.design.run.warmupSeconds);
  useEffect(() => {
    const show = (): void => {
      const { latest } = frames;
      if (chip.current) write(chip.current, objective, metric.unit, latest?.objectives[index] ?? NaN, grows, (latest?.time ?? 0) < warmup);
    };
    show();
    return frames.subscribe(show);
  }, [objective, metric.unit, index, grows, warmup]);
  return (
    <li ref={chip} className={styles['chip']} data-state="open" style={yielding(metric.label)} title={explained(objective, metric, grows)}>
      <Check size={13} strokeWidth={2.6} aria-hidden="true" data-when="met" />
      <TriangleAlert size={13} strokeWidth={2.3} aria-hidden="true" data-when="missed" />
      <Minus size={13} strokeWidth={2.6} aria-hidden="true" data-when="open" />
      <span className="visually-hidden" data-slot="" />
      <span className={styles['about']}>{metric.label}</span>
      <span className={styles['figure']} data-slot="" />
    </li>
  );
}

/** All chips in one row; long names give way first, and where that is not enough the row scrolls sideways. */
export function Objectives() {
  const design = session((state) => state.design);
  const grows = useResult()?.inFlightGrows ?? false;
  if (design.objectives.length === 0) return <div className={styles['chips']} />;
  return (
    <ul className={styles['chips']} aria-label="Objectives" tabIndex={0}>
      {design.objectives.map((objective, i) => (
        <Chip key={`${objective.metric} ${objective.relation}`} objective={objective} metric={metricOf(objective.metric, design)} index={i} grows={grows} />
      ))}
    </ul>
  );
}
