/** The list of components: search, drag onto the board, or press Enter to place one in the middle of the view. */
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { kinds } from '../../kinds/index.ts';
import { groups, type AnyKind, type Group } from '../../kit/kind.ts';
import { board } from '../board-view.ts';
import { IconTile } from '../icons.tsx';
import { panels } from '../panels.ts';
import { useKindDrag, type Dragged } from './drag.ts';
import styles from './palette.module.css';

/** Id of the search field, so that the `/` command finds it. */
export const searchId = 'palette-search';

function found(wanted: string): readonly (readonly [Group, readonly AnyKind[]])[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (kind: AnyKind): boolean => words.every((word) => `${kind.label} ${kind.doc} ${kind.id} ${kind.group}`.toLowerCase().includes(word));
  return groups.map((group) => [group, kinds.filter((kind) => kind.group === group && fits(kind))] as const).filter(([, list]) => list.length > 0);
}

function place(kind: AnyKind): void {
  board.current?.place(kind.id);
  panels.setState({ sheet: null });
}

/** Arrow keys walk the list. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input, button[data-kind]')];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  event.preventDefault();
  stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
}

function Ghost({ dragged }: { dragged: Dragged }) {
  return (
    <div className={styles['ghost']} style={{ transform: `translate(${dragged.x}px, ${dragged.y}px)` }} aria-hidden="true">
      <IconTile icon={dragged.kind.icon} group={dragged.kind.group} />
      {dragged.kind.label}
    </div>
  );
}

/** The palette. */
export function Palette() {
  const [wanted, setWanted] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const { dragged, dragProps } = useKindDrag();
  const list = useMemo(() => found(wanted), [wanted]);
  const onSearchKey = (event: KeyboardEvent): void => {
    const first = list[0]?.[1][0];
    if (event.key === 'Enter' && first) place(first);
    if (event.key === 'Escape') {
      setWanted('');
      search.current?.blur();
    }
  };
  return (
    <div className={styles['palette']} onKeyDown={walk}>
      <div className={styles['search']}>
        <input id={searchId} ref={search} type="search" value={wanted} placeholder="Add a component" aria-label="Search components" autoComplete="off"
          onChange={(event) => setWanted(event.target.value)} onKeyDown={onSearchKey} />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <div className={styles['list']}>
        {list.map(([group, members]) => (
          <section key={group} aria-label={group}>
            <h2>{group}</h2>
            {members.map((kind) => (
              <button key={kind.id} type="button" className={styles['kind']} data-kind={kind.id} title={kind.doc} onClick={() => place(kind)} {...dragProps(kind)}>
                <IconTile icon={kind.icon} group={kind.group} />
                <span>{kind.label}</span>
              </button>
            ))}
          </section>
        ))}
        {list.length === 0 && <p className={styles['none']}>Nothing is called that. Try “queue”, “cache” or “GPU”.</p>}
      </div>
      {dragged && <Ghost dragged={dragged} />}
    </div>
  );
}
