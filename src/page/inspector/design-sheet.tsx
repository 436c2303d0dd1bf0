/** The inspector with nothing selected: the design's name, how to run it, what it promises, and its notes. */
import type { RunSettings } from '../../design/design.ts';
import { addNote, renameDesign, setNote, setRun } from '../../design/edit.ts';
import { sliced } from '../../run/slicing.ts';
import { session } from '../../session/store.ts';
import { counted, format } from '../../units/format.ts';
import { board } from '../board-view.ts';
import { useCalmFrame } from '../live.ts';
import { panels } from '../panels.ts';
import { eventBudget, poolSentence, sliceFor, useSlice } from '../slice.ts';
import { sureSentence, sureWords, useResult } from '../sure.ts';
import { NumberField, type NumberRange } from './number-field.tsx';
import { Objectives } from './objectives.tsx';
import { TitleField } from './title-field.tsx';
import fields from './fields.module.css';
import styles from './inspector.module.css';

type RunNumber = 'seed' | 'seconds' | 'warmupSeconds' | 'slice';

interface Setting {
  readonly label: string;
  readonly help: string;
  readonly range: NumberRange;
  readonly slider?: boolean;
}

const settings: Readonly<Record<RunNumber, Setting>> = {
  seed: { label: 'Seed', help: 'Chance is drawn from it: the same seed gives the same numbers, everywhere.', range: { unit: 'count', min: 0, max: 2 ** 32 - 1, integer: true } },
  seconds: { label: 'Length of the run', help: 'Simulated time until the run ends.', range: { unit: 'seconds', min: 1, max: 86400, integer: false }, slider: true },
  warmupSeconds: { label: 'Warm-up', help: 'Statistics start after it, when the first queues have filled.', range: { unit: 'seconds', min: 0, max: 3600, integer: false }, slider: true },
  slice: {
    label: 'Simulate one in',
    help: 'For fleets too large to be simulated whole: one in so many requests, on one in so many of the like parts; counts, rates and money are scaled back. 1 simulates everything.',
    range: { unit: 'count', min: 1, max: 1e6, integer: true },
  },
};

/** Why a run cannot have this figure; null where it can. */
function refusal(name: RunNumber, value: number, run: RunSettings): string | null {
  const { label, range } = settings[name];
  if (value < range.min || value > range.max) return `${label} lies outside what can be run.`;
  if (range.integer && !Number.isInteger(value)) return `${label} is a whole number.`;
  if (name === 'warmupSeconds' && value >= run.seconds) return 'The warm-up must be shorter than the run.';
  if (name === 'seconds' && value <= run.warmupSeconds) return 'The run must be longer than its warm-up.';
  return null;
}

function change(name: RunNumber, value: number): string | null {
  const { design, edit, restart } = session.getState();
  const why = refusal(name, value, design.run);
  if (why !== null) return why;
  // Another seed is another run, and so is another slice: both start over, as from the bar.
  if (name === 'seed') restart(value);
  else edit(`Change ${settings[name].label.toLowerCase()}`, (before) => setRun(before, { [name]: value }), `run:${name}`);
  if (name === 'slice') restart();
  return null;
}

function RunField({ name }: { name: RunNumber }) {
  const value = session((state) => state.design.run[name]);
  const explain = panels((state) => state.explain);
  const { label, help, range, slider = false } = settings[name];
  return (
    <div className={fields['field']}>
      <span className={fields['label']} title={help}>{label}</span>
      <NumberField label={label} value={value} range={range} slider={slider} onChange={(next) => change(name, next)} />
      <small data-quiet={!explain || undefined}>{help}</small>
    </div>
  );
}

const warmupWords: Readonly<Record<RunSettings['warmup'], string>> = { given: 'given', automatic: 'found in the run' };

/** Whether the warm-up is given or found; and, of the run under way, what was left out and how sure the rest is. */
function Warmup() {
  const warmup = session((state) => state.design.run.warmup);
  const design = session((state) => state.design);
  const result = useResult();
  const choose = (next: RunSettings['warmup']): void => session.getState().edit('Change warm-up', (before) => setRun(before, { warmup: next }));
  return (
    <>
      <label className={fields['field']} data-type="choice">
        <span className={fields['label']} title="What is left out at the front, while queues fill and caches warm up.">Warm-up is</span>
        <select aria-label="Warm-up is" value={warmup} onChange={(event) => choose(event.target.value as RunSettings['warmup'])}>
          {(Object.keys(warmupWords) as RunSettings['warmup'][]).map((each) => <option key={each} value={each}>{warmupWords[each]}</option>)}
        </select>
      </label>
      {warmup === 'given' && <RunField name="warmupSeconds" />}
      {result && <p className={fields['said']} title={sureSentence(result, design)}>This run: {sureWords(result, design)}.{result.warmup.how === 'automatic' && result.warmup.seconds > 0 ? ` The first ${format(result.warmup.seconds, 'seconds', 2)} are left out.` : ''}</p>}
    </>
  );
}

/** A run this near to its speed keeps up. */
const keepsUp = 0.9;

/** A slice that keeps the run within its budget of events, where the whole goes far beyond it. */
function Offer({ now }: { now: number }) {
  const frame = useCalmFrame();
  const speed = session((state) => state.run.speed);
  const running = session((state) => state.run.state === 'running');
  const fitting = running ? sliceFor(frame, speed, now) : null;
  // Whoever keeps up needs no slice, however many events that takes.
  if (fitting === null || fitting <= now || frame!.realTimeFactor > keepsUp * speed) return null;
  return (
    <p className={fields['said']}>
      The run falls behind {format(speed, 'ratio')} real time. Within a budget of {format(eventBudget, 'count')} events a second it would keep up.
      <button type="button" className={styles['button']} onClick={() => change('slice', fitting)}>Simulate 1 in {fitting.toLocaleString('en')}</button>
    </p>
  );
}

/** Slicing, and where it bends the truth while it is on. */
function Slicing() {
  const asked = session((state) => state.design.run.slice);
  const design = session((state) => state.design);
  const now = useSlice();
  const bends = asked > 1 ? [...sliced(design, asked).bends, poolSentence] : [];
  return (
    <>
      <RunField name="slice" />
      <Offer now={now} />
      {asked !== now && <p className={fields['said']}>Takes effect when the run starts again.</p>}
      {bends.length > 0 && <p className={fields['said']}>Where that bends the truth:</p>}
      {bends.length > 0 && <ul className={fields['said']}>{bends.map((bend) => <li key={bend}>{bend}</li>)}</ul>}
    </>
  );
}

function RunSection() {
  return (
    <section className={fields['section']} aria-label="Run">
      <h3>Run</h3>
      <RunField name="seed" />
      <RunField name="seconds" />
      <Warmup />
      <Slicing />
    </section>
  );
}

function Notes() {
  const notes = session((state) => state.design.notes);
  const { edit } = session.getState();
  const add = (): void => {
    const at = board.current?.centre() ?? { x: 0, y: 0 };
    edit('Add note', (design) => addNote(design, 'A note', Math.round(at.x), Math.round(at.y)));
  };
  return (
    <section className={styles['block']} aria-label="Notes">
      <h3>Notes on the board</h3>
      {notes.map((note, index) => (
        <textarea key={note.id} className={styles['note']} aria-label={`Note ${index + 1}`} rows={3} value={note.text}
          onChange={(event) => edit('Write note', (design) => setNote(design, note.id, event.target.value), `note:${note.id}`)} />
      ))}
      <button type="button" className={styles['button']} onClick={add}>Add a note</button>
    </section>
  );
}

/** The sheet of the design as a whole. */
export function DesignSheet() {
  const name = session((state) => state.design.name);
  const count = session((state) => state.design.nodes.length);
  const rename = (text: string): void => session.getState().edit('Rename design', (design) => renameDesign(design, text), 'design:name');
  return (
    <>
      <header className={styles['head']}>
        <div>
          <TitleField label="Name of the design" value={name} onChange={rename} />
          <p>{count === 0 ? 'Nothing on the board yet.' : `${counted(count, 'component')}. Select one to see and turn its parameters.`}</p>
        </div>
      </header>
      <Objectives />
      <RunSection />
      <Notes />
    </>
  );
}
