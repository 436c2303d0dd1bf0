/** The command box: type a few letters of what is wanted – a command, a component to add, a component to go to. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { kinds } from '../../kinds/index.ts';
import { session } from '../../session/store.ts';
import { board } from '../board-view.ts';
import { chordText } from '../command.ts';
import { panels } from '../panels.ts';
import { useMoreAndMore } from '../many.ts';
import { commands } from './list.ts';
import styles from './commands.module.css';

interface Entry {
  readonly id: string;
  readonly label: string;
  readonly section: string;
  readonly keys: string | undefined;
  readonly run: () => void;
}

const hidden = /^(nudge|push)-|^command-box$|^escape$/;

function goTo(id: string): void {
  session.getState().select([id]);
  board.current?.fit([id]);
}

function everything(): readonly Entry[] {
  const { design } = session.getState();
  return [
    ...commands.filter((command) => !hidden.test(command.id) && (command.when?.() ?? true))
      .map(({ id, label, section, keys, run }) => ({ id, label, section, keys: keys[0], run })),
    ...kinds.map((kind) => ({ id: `add:${kind.id}`, label: `Add ${kind.label}`, section: 'Component', keys: undefined, run: () => board.current?.place(kind.id) })),
    ...design.nodes.map((node) => ({ id: `go:${node.id}`, label: `Go to ${node.label}`, section: 'Board', keys: undefined, run: () => goTo(node.id) })),
  ];
}

/** Words in any order; what starts with the wanted text comes first. */
function found(entries: readonly Entry[], wanted: string): readonly Entry[] {
  const text = wanted.trim().toLowerCase();
  const words = text.split(/\s+/);
  const fits = entries.filter((entry) => words.every((word) => `${entry.label} ${entry.section}`.toLowerCase().includes(word)));
  const first = (entry: Entry): number => (entry.label.toLowerCase().startsWith(text) ? 0 : 1);
  return fits.sort((a, b) => first(a) - first(b)).slice(0, 60);
}

const close = (): void => panels.setState({ commandBox: false });

function Box() {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const entries = useMemo(everything, []);
  const shown = useMemo(() => found([...entries], wanted), [entries, wanted]);
  const drawn = useMoreAndMore(shown.length, 12);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    // Newer browsers answer with a promise, which React would take for a way to clean up.
    void list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const run = (entry: Entry | undefined): void => {
    if (!entry) return;
    close();
    // The box must be gone before the command looks at what has the focus.
    requestAnimationFrame(() => entry.run());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter') run(shown[at]);
    else if (step !== 0) setAt((at + step + shown.length) % Math.max(1, shown.length));
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className={styles['box']} aria-label="Find a command" onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <input value={wanted} placeholder="What would you like to do?" aria-label="Find a command" role="combobox" aria-expanded aria-controls="command-list"
        aria-activedescendant={shown[at] ? `command-${at}` : undefined} autoComplete="off" spellCheck={false} onKeyDown={onKeyDown}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }} />
      <ul ref={list} id="command-list" role="listbox" aria-label="Commands">
        {shown.slice(0, drawn).map((entry, i) => (
          <li key={entry.id} id={`command-${i}`} role="option" aria-selected={i === at} onPointerMove={() => setAt(i)} onClick={() => run(entry)}>
            <span>{entry.label}</span><small>{entry.section}</small>{entry.keys && <kbd>{chordText(entry.keys)}</kbd>}
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p>Nothing is called that.</p>}
    </dialog>
  );
}

/** The box while it is wanted. */
export function CommandBox() {
  const open = panels((state) => state.commandBox);
  return open ? <Box /> : null;
}
