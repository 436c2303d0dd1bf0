/** The menu under the right button: the commands that make sense there, drawn from the one list. */
import { useEffect, useRef, type KeyboardEvent } from 'react';
import { chordText, type Command } from '../command.ts';
import { insideWindow } from './kind-menu.tsx';
import styles from './menu.module.css';

/** Where the menu opens, and whether on something or on the bare board. */
export interface MenuPlace {
  readonly x: number;
  readonly y: number;
  readonly onItem: boolean;
}

const onItem = ['copy', 'duplicate', 'group', 'align-left', 'align-top', 'distribute-x', 'distribute-y', 'fit-selection', 'delete'];
const onBoard = ['add', 'paste', 'note', 'area', 'select-all', 'tidy', 'fit'];

function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const next = buttons.indexOf(document.activeElement as HTMLButtonElement) + step;
  buttons[(next + buttons.length) % buttons.length]?.focus();
}

/** The menu; closes on a choice, on Escape and when the focus leaves it. */
export function CommandMenu({ place, commands, close }: { place: MenuPlace; commands: readonly Command[]; close: () => void }) {
  const menu = useRef<HTMLDivElement>(null);
  const ids = place.onItem ? onItem : onBoard;
  const offered = ids.flatMap((id) => commands.filter((command) => command.id === id && (command.when?.() ?? true)));
  useEffect(() => menu.current?.querySelector('button')?.focus(), [place]);
  return (
    <div ref={menu} className={styles['commands']} role="menu" aria-label="Commands" style={insideWindow(place.x, place.y, 220, offered.length * 32 + 12)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') close();
        walk(event);
      }}>
      {offered.map((command) => (
        <button key={command.id} type="button" role="menuitem" onClick={() => {
          close();
          command.run();
        }}>
          {command.label}
          {command.keys[0] && <kbd>{chordText(command.keys[0])}</kbd>}
        </button>
      ))}
    </div>
  );
}
