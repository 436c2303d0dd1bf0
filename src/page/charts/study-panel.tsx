/** The study's panel: how often to repeat, against what, how far it is, and what came of it as a small table. */
import { X } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState, type RefObject } from 'react';
import type { Design } from '../../design/design.ts';
import type { Comparison } from '../../run/statistics/comparison.ts';
import { session } from '../../session/store.ts';
import { isStale, study, type Asked, type Rival, type StudyState } from '../../session/study.ts';
import { format } from '../../units/format.ts';
import { board } from '../board-view.ts';
import { current } from '../current.ts';
import { gain, plusMinus } from './plus-minus.ts';
import styles from './study.module.css';
import { differences, figures, outcomeOf } from './study-figures.ts';
import { SureText } from './sure.tsx';

const counts = [5, 10, 20, 40] as const;

/** What the present design can be held against. */
function useRivals(): readonly Rival[] {
  const design = session((state) => state.design);
  const { opened, history, documentId } = session.getState();
  const { scenario, documentId: known } = current();
  const scenarios = scenario && known === documentId ? [{ name: 'the naive design', design: scenario.naive }, { name: 'the reference design', design: scenario.reference }] : [];
  const begun = history && history.edits.length > 0 ? [{ name: 'the design this run began with', design: history.start }] : [];
  const all: readonly Rival[] = [...scenarios, { name: 'the design as opened', design: opened }, ...begun];
  return all.filter((rival) => runs(rival.design) !== runs(design));
}

/** What of a design a run would notice, as text. */
const runs = ({ nodes, links, groups, faults }: Design): string => JSON.stringify([nodes.map(({ id, kind, params }) => [id, kind, params]), links, groups, faults]);

function Setup() {
  const rivals = useRivals();
  const state = study((each) => each.state);
  const empty = session((each) => each.design.nodes.length === 0);
  const [count, setCount] = useState(10);
  const [name, setName] = useState('');
  const rival = rivals.find((each) => each.name === name) ?? null;
  const begin = (): void => study.getState().begin({ design: session.getState().design, rival, count });
  return (
    <div className={styles['setup']}>
      <label>Seeds<select value={count} disabled={state === 'running'} onChange={(event) => setCount(Number(event.target.value))}>{counts.map((each) => <option key={each} value={each}>{each}</option>)}</select></label>
      <label>Compare with<select value={rival?.name ?? ''} disabled={state === 'running'} onChange={(event) => setName(event.target.value)}>
        <option value="">nothing</option>
        {rivals.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
      </select></label>
      <button type="button" className={styles['begin']} disabled={empty || state === 'running'} onClick={begin}>Repeat with {count} seeds</button>
    </div>
  );
}

function Running({ progress }: Pick<StudyState, 'progress'>) {
  const { done, of, share } = progress;
  return (
    <div className={styles['running']} role="status">
      <progress value={share} max={1} aria-label="Share of the work that is done" />
      <span>{done} of {of} runs</span>
      <button type="button" className={styles['button']} onClick={() => study.getState().drop()}>Cancel</button>
    </div>
  );
}

/** The figures of one design: mean and half-width. */
function Alone({ found, asked }: { found: NonNullable<StudyState['found']>; asked: Asked }) {
  const rows = useMemo(() => figures(found.result, asked.design), [found, asked]);
  return (
    <table className={styles['figures']}>
      <thead><tr><th scope="col">figure</th><th scope="col">mean ± 95 %</th></tr></thead>
      <tbody>
        {rows.map(({ metric, label, unit, value, half }) => (
          <tr key={metric}><th scope="row">{label}</th><td title={half === null ? 'Too few requests beyond this percentile to say how sure it is.' : undefined}>{plusMinus(value, half, unit)}{half === null && <small>too few to say how sure</small>}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

const outcomeWords = { better: ' (better)', worse: ' (worse)', same: '', other: '' } as const;

function Difference({ row }: { row: { readonly unit: Parameters<typeof format>[1] } & Comparison }) {
  const { difference, interval, unit } = row;
  const outcome = outcomeOf(row);
  const half = interval && (interval.high - interval.low) / 2;
  if (outcome === 'same') return <td><i>no difference seen</i></td>;
  return <td data-outcome={outcome}>{gain(difference, half, unit)}<span className="visually-hidden">{outcomeWords[outcome]}</span></td>;
}

function Against({ found, against, asked }: { found: NonNullable<StudyState['found']>; against: NonNullable<StudyState['against']>; asked: Asked }) {
  const rows = useMemo(() => differences(against, found), [found, against]);
  return (
    <>
      <p className={styles['words']}>“Now” against {asked.rival!.name}: same arrivals, same draws, {asked.count} paired runs.</p>
      <table className={styles['figures']}>
        <thead><tr><th scope="col">figure</th><th scope="col">{asked.rival!.name.replace(/^the /, '').replace(/ design$/, '')}</th><th scope="col">now</th><th scope="col">difference, 95 %</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.metric}><th scope="row">{row.label}</th><td>{format(row.a, row.unit)}</td><td>{format(row.b, row.unit)}</td><Difference row={row} /></tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Found({ found, against, asked }: Pick<StudyState, 'against'> & { found: NonNullable<StudyState['found']>; asked: Asked }) {
  const stale = session((state) => isStale({ asked }, state.design));
  const bands = study((state) => state.bands);
  const { result } = found;
  return (
    <>
      {stale && <p className={styles['stale']} role="status">The design has been changed since. These figures are of the design before the change.</p>}
      {result.stopped !== null && <p className={styles['stale']}>At least one run stopped early: {result.stopped}</p>}
      {against ? <Against found={found} against={against} asked={asked} /> : <Alone found={found} asked={asked} />}
      <footer>
        <span>{asked.count} × {format(asked.design.run.seconds, 'seconds')}, {format(result.events + (against?.result.events ?? 0), 'count')} events</span>
        <label><input type="checkbox" checked={bands} onChange={(event) => study.setState({ bands: event.target.checked })} />Bands in the charts</label>
        <button type="button" className={styles['button']} onClick={() => study.getState().drop()}>Forget</button>
      </footer>
    </>
  );
}

/** The design keeps clear of the panel, however tall it grows, unless somebody is looking at a part of their own choice. */
function useKeepingClear(panel: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const watch = new ResizeObserver(() => board.current?.settle());
    if (panel.current) watch.observe(panel.current);
    return () => {
      watch.disconnect();
      // Once the panel is gone.
      requestAnimationFrame(() => board.current?.settle());
    };
  }, [panel]);
}

const close = (): void => study.setState({ open: false });

/** The panel over the board, beside the charts it adds to. */
export function StudyPanel() {
  const { state, progress, found, against, asked, trouble } = study();
  const panel = useRef<HTMLElement>(null);
  const title = useId();
  useEffect(() => panel.current?.focus(), []);
  useKeepingClear(panel);
  return (
    <section ref={panel} className={styles['panel']} data-over-board role="dialog" aria-labelledby={title} tabIndex={-1} onKeyDown={(event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      close();
    }}>
      <header><h2 id={title}>Chance, or the design?</h2><button type="button" aria-label="Close" onClick={close}><X size={15} aria-hidden="true" /></button></header>
      <p className={styles['words']}>Runs the design from its beginning with other seeds, in the background. What all of them share is the design; what they differ in is chance.</p>
      <SureText />
      <Setup />
      {state === 'running' && <Running progress={progress} />}
      {trouble !== null && <p className={styles['stale']} role="alert">{trouble}</p>}
      {found && asked && <Found found={found} against={against} asked={asked} />}
    </section>
  );
}
