/** A file dropped anywhere on the page is opened: a design, or a request trace. */
import { useEffect, useState } from 'react';
import { take } from './files.ts';
import styles from './app.module.css';

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Listens for files over the page, and says what would become of them. */
export function DropFiles() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    addEventListener('dragover', (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    }, { signal });
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), { signal });
    addEventListener('drop', (event) => {
      setOver(false);
      if (!holdsFiles(event)) return;
      event.preventDefault();
      for (const file of event.dataTransfer?.files ?? []) void take(file);
    }, { signal });
    return () => stop.abort();
  }, []);
  return over ? <div className={styles['drop']} aria-hidden="true">Drop a design or a request trace to open it</div> : null;
}
