/** A handwritten note on the board: double-click (or Enter) to write, Escape to stop. */
import type { Node, NodeProps } from '@xyflow/react';
import { memo, useEffect, useRef, useState } from 'react';
import { limits, type DesignNote } from '../../design/design.ts';
import { setNote } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import styles from './note.module.css';

/** A note as React Flow carries it. */
export type NoteNode = Node<{ readonly note: DesignNote }, 'note'>;

function Writing({ note, done }: { note: DesignNote; done: () => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  const write = (text: string): void => session.getState().edit('Write note', (design) => setNote(design, note.id, text), `note:${note.id}`);
  return (
    <textarea
      ref={area} className={`nodrag nopan nowheel ${styles['writing']}`} aria-label="Note" value={note.text} maxLength={limits.noteCharacters}
      rows={Math.max(2, note.text.split('\n').length)} onChange={(event) => write(event.target.value)} onBlur={done}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') done();
      }}
    />
  );
}

/** A note; a new, empty one opens for writing. */
export const Note = memo(function Note({ data, selected }: NodeProps<NoteNode>) {
  const { note } = data;
  const [writing, setWriting] = useState(note.text === '');
  return (
    <div className={styles['note']} data-selected={selected || undefined} onDoubleClick={(event) => {
      event.stopPropagation();
      setWriting(true);
    }}>
      {writing ? <Writing note={note} done={() => setWriting(false)} /> : note.text || <em>empty note</em>}
      {selected && !writing && <button type="button" className={`nodrag ${styles['write']}`} onClick={() => setWriting(true)}>write</button>}
    </div>
  );
});
