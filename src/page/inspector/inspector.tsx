/** The panel on the right: whatever is selected, or the design as a whole; and the outline of everything. */
import { CircleQuestionMark } from 'lucide-react';
import { useDeferredValue } from 'react';
import { setNote } from '../../design/edit.ts';
import type { Design } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import { panels } from '../panels.ts';
import '../sentences.ts';
import { AreaSheet } from './area-sheet.tsx';
import { DesignSheet } from './design-sheet.tsx';
import { FaultSection } from './fault-section.tsx';
import { LinkSheet } from './link-sheet.tsx';
import { NodeSheet } from './node-sheet.tsx';
import { ConnectTo, Outline } from './outline.tsx';
import styles from './inspector.module.css';

const tabs = [['inspect', 'Inspect'], ['outline', 'Outline']] as const;

function Tabs() {
  const tab = panels((state) => state.tab);
  return (
    <div className={styles['tabs']} role="tablist" aria-label="Inspector">
      {tabs.map(([id, label]) => (
        <button key={id} type="button" role="tab" id={`tab-${id}`} aria-selected={tab === id} aria-controls="inspector-body" onClick={() => panels.setState({ tab: id })}>{label}</button>
      ))}
    </div>
  );
}

/** Shows or hides the sentence below every parameter. */
function Explain() {
  const explain = panels((state) => state.explain);
  return (
    <button type="button" className={styles['explain']} aria-pressed={explain} title="A sentence below every parameter" onClick={() => panels.setState({ explain: !explain })}>
      <CircleQuestionMark size={14} aria-hidden="true" />Explain
    </button>
  );
}

function Several({ count }: { count: number }) {
  return (
    <header className={styles['head']}>
      <div><h2>{count} things selected</h2><p>Drag, nudge with the arrow keys, copy, duplicate, group or delete them together.</p></div>
    </header>
  );
}

function Sheet({ design, id }: { design: Design; id: string }) {
  const node = design.nodes.find((one) => one.id === id);
  const link = design.links.find((one) => one.id === id);
  const group = design.groups.find((one) => one.id === id);
  const note = design.notes.find((one) => one.id === id);
  const { edit } = session.getState();
  if (node) return <><NodeSheet key={id} node={node} /><FaultSection target={id} /><section className={styles['block']} aria-label="Wires"><h3>Wires</h3><ConnectTo node={node} /></section></>;
  if (link) return <><LinkSheet key={id} link={link} /><FaultSection target={id} /></>;
  if (group) return <><AreaSheet key={id} group={group} /><FaultSection target={id} /></>;
  if (note) return <><header className={styles['head']}><div><h2>Note</h2></div></header><textarea className={styles['note']} rows={6} aria-label="Text of the note" value={note.text} onChange={(event) => edit('Write note', (before) => setNote(before, id, event.target.value), `note:${id}`)} /></>;
  return <DesignSheet />;
}

function Body() {
  const design = session((state) => state.design);
  // The board answers a click first; what it says about the component comes right after.
  const selection = useDeferredValue(session((state) => state.selection));
  const [only] = selection;
  if (selection.size > 1) return <Several count={selection.size} />;
  return only === undefined ? <DesignSheet /> : <Sheet design={design} id={only} />;
}

/** The inspector. */
export function Inspector() {
  const tab = panels((state) => state.tab);
  const explain = panels((state) => state.explain);
  return (
    <div className={styles['inspector']} data-explain={explain || undefined}>
      <h2 className="visually-hidden">Inspector</h2>
      <div className={styles['bar']}><Tabs /><Explain /></div>
      <div className={styles['body']} id="inspector-body" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={-1}>
        {tab === 'outline' ? <Outline /> : <Body />}
      </div>
    </div>
  );
}
