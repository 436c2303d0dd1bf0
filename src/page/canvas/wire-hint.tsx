/** What a wire in the hand would do here: a word beside the pointer, before it is let go. */
import { useConnection } from '@xyflow/react';
import { useEffect, useState } from 'react';
import { insideWindow } from './kind-menu.tsx';
import styles from './board.module.css';
import { refusalAt } from './wiring.ts';

interface Hint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The component under a point of the window, or null. */
export function nodeUnder(x: number, y: number): string | null {
  const node = document.elementFromPoint(x, y)?.closest('.react-flow__node-card');
  return node?.getAttribute('data-id') ?? null;
}

function hintAt(event: PointerEvent, from: string, backwards: boolean, moving: string | undefined): Hint | null {
  const over = nodeUnder(event.clientX, event.clientY);
  if (!over || over === from) return null;
  const text = refusalAt({ node: from, backwards, ...(moving ? { moving } : {}) }, over);
  return text ? { x: event.clientX, y: event.clientY, text } : null;
}

/** The refusal beside the pointer while a wire is being drawn. */
export function WireHint({ moving }: { moving: { readonly current: string | undefined } }) {
  const connection = useConnection((state) => (state.inProgress ? `${state.fromHandle.type === 'target' ? '<' : '>'}${state.fromNode.id}` : null));
  const [hint, setHint] = useState<Hint | null>(null);
  useEffect(() => {
    if (!connection) return setHint(null);
    const follow = (event: PointerEvent): void => setHint(hintAt(event, connection.slice(1), connection.startsWith('<'), moving.current));
    addEventListener('pointermove', follow);
    return () => removeEventListener('pointermove', follow);
  }, [connection, moving]);
  if (!hint) return null;
  return <div className={styles['hint']} role="status" style={insideWindow(hint.x + 14, hint.y + 16, 260, 60)}>{hint.text}</div>;
}
