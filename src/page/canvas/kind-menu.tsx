/** A small searchable list of component kinds, at a point of the window: what can be added here, or called from here. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { AnyKind } from '../../kit/kind.ts';
import { IconTile } from '../icons.tsx';
import styles from './menu.module.css';

/** Where to open the list, which kinds it offers, and what becomes of the choice. */
export interface KindQuestion {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly kinds: readonly AnyKind[];
  readonly choose: (kind: AnyKind) => void;
}

function found(kinds: readonly AnyKind[], wanted: string): readonly AnyKind[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return kinds.filter((kind) => words.every((word) => `${kind.label} ${kind.doc} ${kind.group}`.toLowerCase().includes(word)));
}

/** Keeps a popup of that size inside the window. */
export function insideWindow(x: number, y: number, width: number, height: number): { left: number; top: number } {
  return { left: Math.max(8, Math.min(x, innerWidth - width - 8)), top: Math.max(8, Math.min(y, innerHeight - height - 8)) };
}

/** The list; closes on a choice, on Escape and on a click elsewhere. */
export function KindMenu({ question, close }: { question: KindQuestion; close: () => void }) {
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = found(question.kinds, wanted);
  useEffect(() => input.current?.focus(), []);
  const choose = (kind: AnyKind | undefined): void => {
    if (!kind) return;
    close();
    question.choose(kind);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter') choose(list[at]);
    else if (event.key === 'ArrowDown') setAt(Math.min(list.length - 1, at + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles['menu']} style={insideWindow(question.x, question.y, 268, 320)} role="dialog" aria-label={question.title} onKeyDown={onKeyDown}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}>
      <input ref={input} value={wanted} placeholder={question.title} aria-label={question.title} role="combobox" aria-expanded aria-controls="kind-menu"
        aria-activedescendant={list[at] ? `kind-menu-${list[at].id}` : undefined} onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }} />
      <ul role="listbox" id="kind-menu" aria-label="Components">
        {list.map((kind, i) => (
          <li key={kind.id} id={`kind-menu-${kind.id}`} role="option" aria-selected={i === at} title={kind.doc}
            onPointerDown={(event) => event.preventDefault()} onPointerEnter={() => setAt(i)} onClick={() => choose(kind)}>
            <IconTile icon={kind.icon} group={kind.group} />
            <span>{kind.label}<small>{kind.doc}</small></span>
          </li>
        ))}
      </ul>
      {list.length === 0 && <p>No component like that.</p>}
    </div>
  );
}
