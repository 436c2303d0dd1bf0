/** The inspector with nothing selected: the design's name, how to run it, what it promises, and its notes. */
import { addNote, renameDesign, setNote, setRun } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import { panels } from '../panels.ts';
import { NumberField, type NumberRange } from './number-field.tsx';
import { Objectives } from './objectives.tsx';
import { TitleField } from './title-field.tsx';
import fields from './fields.module.css';
import styles from './inspector.module.css';

interface Setting {
  readonly name: 'seed' | 'seconds' | 'warmupSeconds';
  readonly label: string;
  readonly help: string;
  readonly range: NumberRange;
}

const settings: readonly Setting[] = [
  { name: 'seed', label: 'Seed', help: 'Chance is drawn from it: the same seed gives the same numbers, everywhere.', range: { unit: 'count', min: 0, max: 2 ** 32 - 1, integer: true } },
  { name: 'seconds', label: 'Length of the run', help: 'Simulated time until the run ends.', range: { unit: 'seconds', min: 1, max: 86400, integer: false } },
  { name: 'warmupSeconds', label: 'Warm-up', help: 'Statistics start after it, when the first queues have filled.', range: { unit: 'seconds', min: 0, max: 3600, integer: false } },
];

function change(setting: Setting, value: number): string | null {
  const { run } = session.getState().design;
  if (value < setting.range.min || value > setting.range.max) return `${setting.label} lies outside what can be run.`;
  if (setting.range.integer && !Number.isInteger(value)) return `${setting.label} is a whole number.`;
  if (setting.name === 'warmupSeconds' && value >= run.seconds) return 'The warm-up must be shorter than the run.';
  if (setting.name === 'seconds' && value <= run.warmupSeconds) return 'The run must be longer than its warm-up.';
  // Another seed is another run: it starts over, as from the bar.
  if (setting.name === 'seed') {
    session.getState().restart(value);
    return null;
  }
  session.getState().edit(`Change ${setting.label.toLowerCase()}`, (design) => setRun(design, { [setting.name]: value }), `run:${setting.name}`);
  return null;
}

function RunSection() {
  const run = session((state) => state.design.run);
  const explain = panels((state) => state.explain);
  return (
    <section className={fields['section']} aria-label="Run">
      <h3>Run</h3>
      {settings.map((setting) => (
        <div key={setting.name} className={fields['field']}>
          <span className={fields['label']} title={setting.help}>{setting.label}</span>
          <NumberField label={setting.label} value={run[setting.name]} range={setting.range} slider={setting.name !== 'seed'} onChange={(value) => change(setting, value)} />
          <small data-quiet={!explain || undefined}>{setting.help}</small>
        </div>
      ))}
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
          <p>{count === 0 ? 'Nothing on the board yet.' : `${count} ${count === 1 ? 'component' : 'components'}. Select one to see and turn its parameters.`}</p>
        </div>
      </header>
      <Objectives />
      <RunSection />
      <Notes />
    </>
  );
}
