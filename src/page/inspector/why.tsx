/** "Why this number": a figure's formula, what goes into it now, constants with their sources, and the arithmetic beside it. */
import { X } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from 'react';
import type { DesignNode } from '../../design/design.ts';
import { fullParams } from '../../design/params.ts';
import { kindOf } from '../../kinds/index.ts';
import { explain } from '../../kit/explain.ts';
import type { AnyKind, EstimateRow } from '../../kit/kind.ts';
import { differs, trafficText, wallText } from '../../run/beside.ts';
import { session } from '../../session/store.ts';
import { figureText } from '../figure-text.ts';
import { useCalmFrame } from '../live.ts';
import { figureIn, measureOf } from '../measures.ts';
import '../sentences.ts';
import { askWhy, closeWhy, why, type Question } from '../why.ts';
import { differenceText, estimateOf, handText } from './apart.ts';
import { useBeside } from './beside.ts';
import { Constants } from './constants.tsx';
import { Failures } from './failures.tsx';
import { Parts } from './parts.tsx';
import { Tag } from './tag.tsx';
import styles from './why.module.css';

interface Subject {
  readonly node: DesignNode;
  readonly kind: AnyKind;
  readonly asked: Question;
}

/** A component's figures as the run has them now, about three times a second. */
function useFigures(id: string): (measure: string) => number {
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  return (measure) => figureIn(frame, layout, id, measure);
}

function Inputs({ node, kind, asked, names }: Subject & { names: readonly string[] }) {
  const figure = useFigures(node.id);
  return names.map((name) => {
    const { label, unit } = measureOf(kind, name);
    return (
      <div key={name}>
        <dt>{label}</dt>
        <dd><button type="button" onClick={() => askWhy(node.id, name, asked.from)} aria-label={`Why: ${label}`}>{figureText(figure(name), unit)}</button></dd>
      </div>
    );
  });
}

const reason = ({ assumes }: EstimateRow): string => (assumes ? `Arithmetic takes for granted: ${assumes}.` : 'Arithmetic speaks of the long run.');

/** Measures of failure, whose why is more than a formula. */
const failing: ReadonlySet<string> = new Set(['failedShare', 'failures']);

function ByHandBeside({ node, kind, asked }: Subject) {
  const design = session((state) => state.design);
  const { rows, flow } = estimateOf(design, node.id);
  const { figure, calls, whole } = useBeside(node.id);
  const run = figure(asked.measure);
  const row = rows.find(({ measure }) => measure === asked.measure);
  const wall = wallText(rows);
  if (!row) return failing.has(asked.measure) ? null : <p className={styles['wall']}>There is no estimate of this number by hand. {wall}</p>;
  const apart = differs(row, run, calls);
  return (
    <section className={styles['hand']} data-apart={apart || undefined}>
      <h3>By hand<b>{handText(row.value, row.unit)}</b><Tag tag="modelled" /></h3>
      <p><code>{row.formula}</code></p>
      <Parts row={row} />
      <p>{row.source}</p>
      {whole && <p>The run so far says {handText(run, row.unit)}.</p>}
      {apart && <p className={styles['apart']}>{differenceText(row.value, run)} {kind.offers ? '' : trafficText(flow.rate, figure('arrivals'), calls)} {reason(row)}</p>}
      {wall !== '' && <p>{wall}</p>}
    </section>
  );
}

function Value({ node, kind, asked }: Subject) {
  const figure = useFigures(node.id)(asked.measure);
  const { unit } = measureOf(kind, asked.measure);
  return <output className={styles['value']}>{figureText(figure, unit)}</output>;
}

const origins = { measured: 'measured in this run', modelled: 'modelled in this run' } as const;

function Answer(subject: Subject) {
  const { node, kind, asked } = subject;
  const told = explain(kind, fullParams(kind, node.params), asked.measure);
  const { label, help } = measureOf(kind, asked.measure);
  if (!told) return <p>Nothing is known about this number.</p>;
  return (
    <>
      <h2 id="why-title" tabIndex={-1}>{label} <small>{node.label}</small></h2>
      <p className={styles['now']}><Value {...subject} /><Tag tag={told.origin}>{origins[told.origin]}</Tag></p>
      <p><code>{told.formula}</code></p>
      <p>{help && help !== told.formula ? `${help}; ` : ''}over the recent past of the run</p>
      {failing.has(asked.measure) && <Failures node={node} />}
      <ByHandBeside {...subject} />
      {told.measures.length + told.constants.length > 0 && (
        <>
          <h3>It goes by</h3>
          <dl>
            <Inputs {...subject} names={told.measures} />
            <Constants constants={told.constants} />
          </dl>
        </>
      )}
    </>
  );
}

const gap = 10;

/** Puts the panel beside what it was asked from, inside the window; on a small screen the style sheet puts it at the foot. */
function place(panel: HTMLElement, from: HTMLElement): void {
  const at = (from.closest('.react-flow__node, aside') ?? from).getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const beside = at.right + gap + width < innerWidth ? at.right + gap : Math.max(8, at.left - gap - width);
  const top = Math.max(8, Math.min(from.getBoundingClientRect().top - 40, innerHeight - height - 8));
  panel.style.left = `${beside}px`;
  panel.style.top = `${top}px`;
}

/** Keys in the open panel belong to it. */
const keepKeys = (event: KeyboardEvent): void => event.stopPropagation();

function Panel(subject: Subject) {
  const panel = useRef<HTMLDivElement>(null);
  const { from, node, measure } = subject.asked;
  useLayoutEffect(() => {
    if (!panel.current?.matches(':popover-open')) panel.current?.showPopover();
    return () => {
      if (from.isConnected) from.focus({ preventScroll: true });
    };
  }, [from]);
  useEffect(() => {
    if (!panel.current) return;
    place(panel.current, from);
    panel.current.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true });
  }, [from, node, measure]);
  return (
    <div ref={panel} className={styles['why']} popover="auto" role="dialog" aria-labelledby="why-title" onKeyDown={keepKeys} onToggle={(event) => event.newState === 'closed' && closeWhy()}>
      <button type="button" className={styles['close']} aria-label="Close" onClick={closeWhy}><X size={15} aria-hidden="true" /></button>
      <Answer {...subject} />
    </div>
  );
}

/** The panel, while somebody asks. */
export function Why() {
  const asked = why((state) => state.asked);
  const node = session((state) => state.design.nodes.find(({ id }) => id === asked?.node));
  const kind = node && kindOf(node.kind);
  return asked && node && kind ? <Panel asked={asked} node={node} kind={kind} /> : null;
}
