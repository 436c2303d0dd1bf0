/** A button that opens a short list of things to do, as a native popover with the keys of a menu. */
import { ChevronDown } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import styles from './top.module.css';

/** One entry; `note` is a second line in small type. */
export interface Entry {
  readonly label: string;
  readonly note?: string;
  readonly icon?: ReactNode;
  readonly keys?: string;
  readonly disabled?: boolean;
  readonly run: () => void;
}

/** Puts a popover under its button, or as near as the window allows. */
export function place(popover: HTMLElement, button: HTMLElement): void {
  const anchor = button.getBoundingClientRect();
  const room = document.documentElement.clientWidth - popover.offsetWidth - 8;
  popover.style.top = `${anchor.bottom + 6}px`;
  popover.style.left = `${Math.max(8, Math.min(anchor.left, room))}px`;
}

const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

function walk(event: KeyboardEvent<HTMLElement>): void {
  event.stopPropagation();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]:not(:disabled)')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { Home: 0, End: items.length - 1 }[event.key] ?? (event.key in steps ? (at + steps[event.key]! + items.length) % items.length : null);
  if (to === null) return;
  event.preventDefault();
  items[to]?.focus();
}

/** The button and its list, whose entries are made when it opens. */
export function Menu({ label, icon, entries, className }: { label: string; icon?: ReactNode; entries: () => readonly Entry[]; className?: string | undefined }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const toggled = (open: boolean): void => {
    button.current?.setAttribute('aria-expanded', String(open));
    if (!open || !popover.current || !button.current) return;
    place(popover.current, button.current);
    popover.current.querySelector<HTMLElement>('[role="menuitem"]:not(:disabled)')?.focus();
  };
  return (
    <>
      <button ref={button} type="button" className={`${styles['button']} ${className ?? ''}`} popoverTarget={id} title={label} aria-label={label} aria-haspopup="menu" aria-expanded="false">
        {icon}<span>{label}</span><ChevronDown size={13} aria-hidden="true" />
      </button>
      <div ref={popover} id={id} popover="auto" role="menu" aria-label={label} className={styles['menu']} onKeyDown={walk}
        onBeforeToggle={(event) => setOpen(event.newState === 'open')} onToggle={(event) => toggled(event.newState === 'open')}>
        {isOpen && entries().map((entry) => <Item key={entry.label} entry={entry} close={() => popover.current?.hidePopover()} />)}
      </div>
    </>
  );
}

function Item({ entry, close }: { entry: Entry; close: () => void }) {
  const act = (): void => {
    close();
    entry.run();
  };
  return (
    <button type="button" role="menuitem" tabIndex={-1} disabled={entry.disabled} onClick={act}>
      {entry.icon}
      <span>{entry.label}{entry.note && <small>{entry.note}</small>}</span>
      {entry.keys && <kbd>{entry.keys}</kbd>}
    </button>
  );
}
