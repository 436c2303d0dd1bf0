/** Back and forth through the edits. */
import { Redo2, Undo2 } from 'lucide-react';
import { session } from '../../session/store.ts';
import styles from './top.module.css';

/** Two buttons that say what they would undo or redo. */
export function UndoRedo() {
  const canUndo = session((state) => state.canUndo);
  const canRedo = session((state) => state.canRedo);
  const undoLabel = session((state) => state.undoLabel);
  const redoLabel = session((state) => state.redoLabel);
  const { undo, redo } = session.getState();
  return (
    <span className={styles['pair']}>
      <button type="button" className={styles['icon']} disabled={!canUndo} aria-label="Undo" title={undoLabel ? `Undo: ${undoLabel}` : 'Nothing to undo'} onClick={() => undo()}>
        <Undo2 size={15} aria-hidden="true" />
      </button>
      <button type="button" className={styles['icon']} disabled={!canRedo} aria-label="Redo" title={redoLabel ? `Redo: ${redoLabel}` : 'Nothing to redo'} onClick={() => redo()}>
        <Redo2 size={15} aria-hidden="true" />
      </button>
    </span>
  );
}
