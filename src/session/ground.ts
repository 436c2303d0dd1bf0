/** What the session stands on in a browser: storage, clock, names, and the moments a page comes and goes. */
import { toBase64url } from '../share/base64url.ts';
import { browserShelf, lockDocument, type Shelf, type WriterLock } from './shelf.ts';

/** The session's view of the world outside; a plain object in tests. */
export interface Ground {
  readonly shelf: Shelf;
  /** Leave to write a document, taken from another tab where asked; null where another tab has it. */
  lock(id: string, take?: boolean): Promise<WriterLock | null>;
  /** Milliseconds since 1970. */
  now(): number;
  newId(): string;
  /** Calls back whenever the page may be about to go away. */
  onHide(call: () => void): void;
  /** Whether this tab last held that document and ended without saying goodbye; notes that it holds it now. */
  crashedWith(documentId: string): boolean;
}

/** The browser's. Without a window (in a test) nothing is listened to. */
export function browserGround(): Ground {
  return {
    shelf: browserShelf(),
    lock: lockDocument,
    now: () => Date.now(),
    newId: () => `d-${toBase64url(crypto.getRandomValues(new Uint8Array(12)))}`,
    onHide,
    crashedWith: goodbyes(),
  };
}

function onHide(call: () => void): void {
  if (typeof document === 'undefined') return;
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') call();
  });
  window.addEventListener('pagehide', call);
}

const markKey = 'sandtable-open';

/** A mark in the tab's own storage, taken away as the page closes in order: one that is still there tells of a crash. */
function goodbyes(): (documentId: string) => boolean {
  let left = mark(() => sessionStorage.getItem(markKey));
  if (typeof window !== 'undefined') window.addEventListener('pagehide', () => mark(() => sessionStorage.removeItem(markKey)));
  return (documentId) => {
    const crashed = left === documentId;
    left = null;
    mark(() => sessionStorage.setItem(markKey, documentId));
    return crashed;
  };
}

/** Storage may be forbidden altogether; then nothing is remembered. */
function mark<T>(use: () => T): T | null {
  try {
    return use();
  } catch {
    return null;
  }
}
