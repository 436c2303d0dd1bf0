/** One chart of the dock. React draws the frame once; ticks of the run set attributes and texts by reference. */
import { bisectCenter } from 'd3-array';
import { Table2 } from 'lucide-react';
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent, RefObject } from 'react';
import type { Charts } from '../../run/protocol.ts';
import type { Bands } from '../../run/statistics/bands.ts';
import { charts } from '../../session/frames.ts';
import { session } from '../../session/store.ts';
import { isStale, study } from '../../session/study.ts';
import { ChartTable } from './chart-table.tsx';
import styles from './charts.module.css';
import { speaks } from './figures.ts';
import { Legend } from './legend.tsx';
import type { Key } from './legend.tsx';
import { crosshair, plot } from './marks.ts';
import type { Band, Plot, PlotSpec } from './marks.ts';
import { paint } from './paint.ts';
import type { Choice, Context, Panel, View } from './panels.ts';
import { onPoint, point, pointed } from './pointer.ts';
import { areEmpty, asCharts, withSpreads } from './spreads.ts';
import { fillTip, placeTip } from './tip.ts';

interface Drawn {
  readonly spec: PlotSpec;
  readonly view: View;
  readonly plot: Plot;
}

interface Places {
  readonly plot: RefObject<HTMLDivElement | null>;
  readonly marks: RefObject<SVGGElement | null>;
  readonly cross: RefObject<SVGGElement | null>;
  readonly tip: RefObject<HTMLDivElement | null>;
  readonly headline: RefObject<HTMLSpanElement | null>;
  readonly sentence: RefObject<HTMLElement | null>;
}

function usePlaces(): Places {
  return {
    plot: useRef<HTMLDivElement>(null), marks: useRef<SVGGElement>(null), cross: useRef<SVGGElement>(null),
    tip: useRef<HTMLDivElement>(null), headline: useRef<HTMLSpanElement>(null), sentence: useRef<HTMLElement>(null),
  };
}

const noLines: readonly Key[] = [];

/** Faults that have come about, and the warm-up, as bands. */
function stretchesOf({ episodes, warmup }: Charts): readonly Band[] {
  const faults = episodes.map(({ from, to }): Band => ({ from, to: to ?? Infinity, sort: 'fault' }));
  return warmup > 0 ? [{ from: 0, to: warmup, sort: 'warm-up' }, ...faults] : faults;
}

function specOf(snapshot: Charts, view: View, place: HTMLElement, isolated: string | null): PlotSpec {
  const known = isolated !== null && view.lines.some(({ key }) => key === isolated);
  const { lines, unit, filled, stepped, ceiling, reach, limit } = view;
  return {
    times: snapshot.times, moments: snapshot.marks, bands: stretchesOf(snapshot), lines, unit, filled, stepped, ceiling, reach, limit,
    width: place.clientWidth, height: place.clientHeight, isolated: known ? isolated : null,
  };
}

function setText(element: HTMLElement | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Keeps a number and its unit on one line. */
const together = (text: string): string => text.replace(/(\d) (?=%|(?:µs|ms|s|min|h)\b)/g, '$1\u00a0');

function writeWords(places: Places, view: View | null, empty: string): void {
  const sentence = view?.sentence ?? empty;
  setText(places.headline.current, view?.headline ?? '');
  setText(places.sentence.current, together(sentence));
  places.headline.current?.setAttribute('title', view?.headline ?? '');
  places.plot.current?.setAttribute('aria-label', sentence);
}

function drawCrosshair(places: Places, drawn: Drawn | null, panel: string): void {
  const at = pointed();
  const { cross, tip } = places;
  if (!cross.current || !tip.current) return;
  const outside = !drawn || !at || drawn.spec.times.length === 0;
  tip.current.hidden = outside || at.panel !== panel;
  if (outside) return paint(cross.current, []);
  const i = bisectCenter(Array.from(drawn.spec.times), at.time);
  paint(cross.current, crosshair(drawn.plot, drawn.spec, i));
  if (at.panel !== panel) return;
  fillTip(tip.current, drawn.spec, i);
  placeTip(tip.current, drawn.plot.x(drawn.spec.times[i]!), drawn.spec.width);
}

const legendKey = (lines: readonly Key[]): string => lines.map(({ key, stroke, dash }) => `${key}${stroke}${dash}`).join('|');

/** What a panel draws: the live charts, or the means of a study while there are none; with the study's bands where they are wanted. */
function viewOf(panel: Panel, live: Charts | null, bands: Bands | null, choice: string, context: Context): { readonly snapshot: Charts; readonly view: View } | null {
  const snapshot = bands && areEmpty(live) ? asCharts(bands) : live;
  if (!snapshot || snapshot.times.length === 0) return null;
  const view = panel.view(snapshot, choice, context);
  return { snapshot, view: bands ? { ...view, lines: withSpreads(view.lines, view.chart, bands) } : view };
}

/** The bands to be shown, or null. */
const useBands = (): Bands | null => study((state) => (state.bands ? (state.found?.bands ?? null) : null));

/** Draws on every tick, resize and change of choice; returns what React must know: the legend and the choices. */
function useDrawing(panel: Panel, places: Places) {
  const [choice, choose] = useState('');
  const [isolated, isolate] = useState<string | null>(null);
  const [keys, setKeys] = useState<readonly Key[]>([]);
  const [choices, setChoices] = useState<readonly Choice[]>(() => panel.choices(null));
  const objectives = session((state) => state.design.objectives);
  const loading = session((state) => state.run.state === 'loading');
  const bands = useBands();
  const drawn = useRef<Drawn | null>(null);
  const slots = useRef<ReadonlyMap<string, number>>(new Map());

  const draw = useCallback(() => {
    const place = places.plot.current;
    if (!place || !places.marks.current) return;
    const offered = panel.choices(bands && areEmpty(charts.latest) ? asCharts(bands) : charts.latest);
    const chosen = (offered.find(({ id }) => id === choice) ?? offered[0]!).id;
    const { view = null, snapshot = null } = viewOf(panel, charts.latest, bands, chosen, { objectives, slots: slots.current }) ?? {};
    const lines = view?.lines ?? [];
    slots.current = new Map(lines.map(({ key, slot }) => [key, slot]));
    drawn.current = null;
    const silent = !lines.some(({ values }) => speaks(values));
    if (view && snapshot && !silent) {
      const spec = specOf(snapshot, view, place, isolated);
      drawn.current = { spec, view, plot: plot(spec) };
    }
    paint(places.marks.current, drawn.current?.plot.shapes ?? []);
    writeWords(places, view, panel.empty);
    drawCrosshair(places, drawn.current, panel.id);
    const shown = silent ? noLines : lines;
    setKeys((before) => (legendKey(before) === legendKey(shown) ? before : shown));
    setChoices((before) => (sameChoices(before, offered) ? before : offered));
  }, [panel, places.plot, places.marks, choice, isolated, objectives, loading, bands]); // eslint-disable-line react-hooks/exhaustive-deps -- refs never change; a load empties the charts

  return { choice, choose, isolated, isolate, keys, choices, drawn, draw };
}

const sameChoices = (a: readonly Choice[], b: readonly Choice[]): boolean => a.map(({ id }) => id).join() === b.map(({ id }) => id).join();

function useLive(draw: () => void, places: Places, drawn: RefObject<Drawn | null>, panel: string): void {
  useLayoutEffect(draw, [draw]);
  useEffect(() => charts.subscribe(draw), [draw]);
  useEffect(() => {
    const watch = new ResizeObserver(draw);
    if (places.plot.current) watch.observe(places.plot.current);
    return () => watch.disconnect();
  }, [draw, places.plot]);
  useEffect(() => onPoint(() => drawCrosshair(places, drawn.current, panel))); // cheap to renew: one set entry
}

function pointAt(event: PointerEvent<HTMLElement>, drawn: Drawn | null, panel: string): void {
  if (!drawn || (event.pointerType === 'touch' && event.type === 'pointermove')) return;
  const pixels = event.clientX - event.currentTarget.getBoundingClientRect().left;
  point({ time: drawn.plot.timeAt(pixels), panel });
}

const strides: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

function walk(event: KeyboardEvent, drawn: Drawn | null, panel: string): void {
  const stride = strides[event.key];
  if (event.key === 'Escape') point(null);
  if (stride === undefined || !drawn || drawn.spec.times.length === 0) return;
  event.preventDefault();
  event.stopPropagation();
  const times = Array.from(drawn.spec.times);
  const from = bisectCenter(times, pointed()?.time ?? times[times.length - 1]!);
  const to = Math.max(0, Math.min(times.length - 1, from + stride));
  point({ time: times[to]!, panel });
}

function Title({ id, choices, choice, choose }: { id: string; choices: readonly Choice[]; choice: string; choose: (id: string) => void }) {
  if (choices.length === 1) return <h2 id={id} className={styles['title']}>{choices[0]!.label}</h2>;
  const current = choices.some((each) => each.id === choice) ? choice : choices[0]!.id;
  return (
    <div id={id} className={styles['switch']} role="group" aria-label="What this chart shows">
      {choices.map((each) => (
        <button key={each.id} type="button" aria-pressed={each.id === current} onClick={() => choose(each.id)}>{each.label}</button>
      ))}
    </div>
  );
}

/** What the tinted bands are: where the mean of several runs lies, 95 % sure. Stands between the ends of the time axis. */
function BandNote() {
  const bands = useBands();
  const stale = session((state) => isStale(study.getState(), state.design));
  if (!bands) return null;
  return <span className={styles['bandNote']} data-stale={stale || undefined}><i aria-hidden="true" />{bands.replications} seeds, {stale ? 'outdated' : '95 %'}</span>;
}

/** One panel of the dock: title, figure of the moment, legend, chart, one sentence, and the chart as a table on request. */
export function ChartPanel({ panel }: { panel: Panel }) {
  const places = usePlaces();
  const { choice, choose, isolated, isolate, keys, choices, drawn, draw } = useDrawing(panel, places);
  const [table, setTable] = useState<{ title: string; spec: PlotSpec } | null>(null);
  const titleId = useId();
  useLive(draw, places, drawn, panel.id);
  const title = choices.find(({ id }) => id === choice)?.label ?? choices[0]!.label;
  return (
    <figure className={styles['panel']} aria-labelledby={titleId} data-chart={panel.id} data-empty={keys.length === 0 || undefined}>
      <header className={styles['head']}>
        <Title id={titleId} choices={choices} choice={choice} choose={choose} />
        <span className={styles['headline']}><span ref={places.headline} /></span>
        <button type="button" className={styles['tableButton']} aria-label={`${title} as a table`} title="Read as a table"
          disabled={keys.length === 0} onClick={() => drawn.current && setTable({ title, spec: drawn.current.spec })}>
          <Table2 size={14} aria-hidden="true" />
        </button>
      </header>
      <Legend keys={keys} isolated={isolated} isolate={isolate} />
      <div ref={places.plot} className={styles['plot']} role="img" tabIndex={0}
        onPointerMove={(event) => pointAt(event, drawn.current, panel.id)} onPointerDown={(event) => pointAt(event, drawn.current, panel.id)}
        onPointerLeave={(event) => event.pointerType !== 'touch' && point(null)} onBlur={() => point(null)}
        onKeyDown={(event) => walk(event, drawn.current, panel.id)}>
        <svg aria-hidden="true"><g ref={places.marks} /><g ref={places.cross} /></svg>
        {keys.length > 0 && <BandNote />}
        <div ref={places.tip} className={styles['tip']} hidden />
      </div>
      <figcaption ref={places.sentence} className={styles['sentence']} />
      {table && <ChartTable title={table.title} spec={table.spec} close={() => setTable(null)} />}
    </figure>
  );
}
