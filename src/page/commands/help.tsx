/** Keys and gestures, from the same list that the keyboard listens to. */
import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { chordText, type Command } from '../command.ts';
import { panels } from '../panels.ts';
import { commands } from './list.ts';
import styles from './commands.module.css';

const sections = ['Edit', 'View', 'Run', 'File', 'Help'] as const;

const gestures: readonly (readonly [string, string])[] = [
  ['Drag from a dot', 'draw a wire; drop it into nothing to choose what it should call'],
  ['Drag an end of a wire', 'lead it elsewhere'],
  ['Double-click the board', 'add a component there'],
  ['Shift + drag', 'select with a box'],
  ['Alt + drag a card', 'leave a copy'],
  ['Drop a card on a wire', 'put it into the wire'],
  ['Shift or Ctrl + click', 'add to the selection'],
  ['Drag the board, wheel', 'pan, zoom'],
  ['Drop a file on the page', 'open a design, or load a trace'],
];

const close = (): void => panels.setState({ help: false });

function Keys({ command }: { command: Command }) {
  return <tr><td>{command.label}</td><td>{command.keys.map((keys) => <kbd key={keys}>{chordText(keys)}</kbd>)}</td></tr>;
}

function Dialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={styles['help']} aria-labelledby="help-title" onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <header>
        <h2 id="help-title">Keys and gestures</h2>
        <button type="button" aria-label="Close" onClick={close}><X size={16} aria-hidden="true" /></button>
      </header>
      <div className={styles['columns']} tabIndex={0} role="region" aria-labelledby="help-title">
        <section>
          <h3>By hand</h3>
          <table><tbody>{gestures.map(([gesture, what]) => <tr key={gesture}><td>{gesture}</td><td>{what}</td></tr>)}</tbody></table>
        </section>
        {sections.map((section) => (
          <section key={section}>
            <h3>{section}</h3>
            <table><tbody>{commands.filter((command) => command.section === section && command.keys.length > 0).map((command) => <Keys key={command.id} command={command} />)}</tbody></table>
          </section>
        ))}
      </div>
      <p>Without a mouse: add components with <kbd>/</kbd>, wire them with “Connect to…” in the inspector or the outline ({chordText('Alt+O')}).</p>
    </dialog>
  );
}

/** The help while it is wanted. */
export function Help() {
  const open = panels((state) => state.help);
  return open ? <Dialog /> : null;
}
