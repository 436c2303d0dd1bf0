/** The name of the open design, changed where it stands. */
import { useRef } from 'react';
import { limits } from '../../design/design.ts';
import { renameDesign } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import styles from './top.module.css';

/** A field that looks like a title until it is used; an empty name is not taken. */
export function DesignName() {
  const name = session((state) => state.design.name);
  const field = useRef<HTMLInputElement>(null);
  const commit = (): void => {
    const next = field.current?.value.trim() ?? '';
    if (next === '' && field.current) field.current.value = name;
    else if (next !== name) session.getState().edit('Rename design', (design) => renameDesign(design, next));
  };
  const keys = (key: string): void => {
    if (key === 'Escape' && field.current) field.current.value = name;
    if (key === 'Enter' || key === 'Escape') field.current?.blur();
  };
  return (
    <input ref={field} key={name} className={styles['name']} aria-label="Name of the design" title={name} defaultValue={name} maxLength={limits.nameCharacters}
      spellCheck={false} onBlur={commit} onKeyDown={(event) => { event.stopPropagation(); keys(event.key); }} />
  );
}
