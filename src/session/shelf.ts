/** The shelf: documents kept in this browser, two generations each with a checksum, and one writer per document. */
import { createStore, del, entries, get, update, type UseStore } from 'idb-keyval';
import type { Design, Gated } from '../design/design.ts';
import { fromFile, toFile } from '../share/file.ts';
import type { SavedDesign } from './session.ts';

interface Generation {
  readonly name: string;
  readonly savedAt: number;
  readonly checksum: number;
  readonly text: string;
}

interface Kept {
  readonly now: Generation;
  readonly before: Generation | null;
}

/** Where documents are kept; replaced by a plain map in tests. Every promise may reject (storage full, or not allowed). */
export interface Shelf {
  write(id: string, design: Design, savedAt: number): Promise<void>;
  /** Puts a design aside at once, for the moment a page closes and nothing can be waited for; the next `write` clears it. */
  setAside(id: string, design: Design, savedAt: number): void;
  /** The newest generation that is whole; `repairs` says when it was not the last. */
  read(id: string): Promise<Gated<Design>>;
  list(): Promise<readonly SavedDesign[]>;
  forget(id: string): Promise<void>;
}

/** FNV-1a over UTF-16 units: enough to notice a torn write. */
export function checksum(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The shelf in this browser's IndexedDB, and in its local storage for what is put aside. */
export function browserShelf(): Shelf {
  let store: UseStore | undefined;
  const db = (): UseStore => (store ??= createStore('sandtable', 'documents'));
  return {
    async write(id, design, savedAt) {
      await update<Kept>(id, (kept) => onTop(kept, generation(design, savedAt)), db());
      aside.clear(id);
    },
    setAside: (id, design, savedAt) => aside.put(id, generation(design, savedAt)),
    read: async (id) => opened(withAside(await get<Kept>(id, db()), aside.get(id))),
    list: async () => listed(await entries<string, Kept>(db())),
    async forget(id) {
      aside.clear(id);
      await del(id, db());
    },
  };
}

function onTop(kept: Kept | undefined, now: Generation): Kept {
  return { now, before: kept && whole(kept.now) ? kept.now : (kept?.before ?? null) };
}

/** What was put aside counts where it is newer than what is kept. */
function withAside(kept: Kept | undefined, put: Generation | null): Kept | undefined {
  return put && (!isKept(kept) || put.savedAt > kept.now.savedAt) ? onTop(kept, put) : kept;
}

function listed(rows: readonly (readonly [string, Kept])[]): readonly SavedDesign[] {
  const kept = new Map(rows);
  for (const id of aside.ids()) {
    const newer = withAside(kept.get(id), aside.get(id));
    if (newer) kept.set(id, newer);
  }
  const sound = [...kept].filter(([, one]) => isKept(one));
  return sound.map(([id, { now }]) => ({ id, name: now.name, savedAt: now.savedAt })).sort((a, b) => b.savedAt - a.savedAt);
}

const asidePrefix = 'sandtable-aside:';

/** Local storage is small but waits for nobody. Where it is full or forbidden, the database has to do. */
const aside = {
  put: (id: string, one: Generation): void => void attempt(() => localStorage.setItem(asidePrefix + id, JSON.stringify(one))),
  clear: (id: string): void => void attempt(() => localStorage.removeItem(asidePrefix + id)),
  get(id: string): Generation | null {
    const one = attempt(() => JSON.parse(localStorage.getItem(asidePrefix + id) ?? 'null') as Generation | null) ?? null;
    return whole(one) && typeof one.savedAt === 'number' && typeof one.name === 'string' ? one : null;
  },
  ids: (): readonly string[] => (attempt(() => Object.keys(localStorage)) ?? []).filter((key) => key.startsWith(asidePrefix)).map((key) => key.slice(asidePrefix.length)),
};

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

function generation(design: Design, savedAt: number): Generation {
  const text = toFile(design);
  return { name: design.name, savedAt, checksum: checksum(text), text };
}

function whole(one: Generation | null | undefined): one is Generation {
  return typeof one?.text === 'string' && checksum(one.text) === one.checksum;
}

function isKept(kept: Kept | undefined): kept is Kept {
  return typeof kept?.now?.name === 'string' && typeof kept.now.savedAt === 'number';
}

/** Storage is outside, too: what comes from it passes the same gate as a file. */
function opened(kept: Kept | undefined): Gated<Design> {
  if (!kept) return { ok: false, why: 'This design is no longer kept in this browser.' };
  const last: Gated<Design> = whole(kept.now) ? fromFile(kept.now.text) : { ok: false, why: 'The saved design is damaged.' };
  if (last.ok || !whole(kept.before)) return last;
  const earlier = fromFile(kept.before.text);
  return earlier.ok ? { ...earlier, repairs: [...earlier.repairs, 'The last saved state was damaged; this is the one before it.'] } : last;
}

/** Leave to write a document, held until `release`; null where another tab holds it. */
export interface WriterLock {
  release(): void;
  /** Settles when another tab has taken the leave away. */
  readonly lost: Promise<void>;
}

const waitMilliseconds = 800;

const never = new Promise<void>(() => undefined);

/**
 * Asks to be the one tab that writes a document. Waits a moment, because a page being reloaded lets go a little late; or takes the leave from whoever has it.
 * Where the browser has no locks, leave is given.
 */
export function lockDocument(id: string, take = false): Promise<WriterLock | null> {
  const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
  if (!locks) return Promise.resolve({ release: () => undefined, lost: never });
  const name = `sandtable:${id}`;
  return new Promise((resolve) => {
    let lose = (): void => {};
    const lost = new Promise<void>((gone) => (lose = gone));
    let held = false;
    const hold = (): Promise<void> => new Promise((release) => {
      held = true;
      resolve({ release: () => release(), lost });
    });
    const tooLate = (): void => {
      if (held) return lose();
      // A browser with much else to do may not have answered in time, though nobody else writes.
      locks.request(name, { ifAvailable: true }, (lock) => (lock === null ? resolve(null) : hold())).catch(() => (held ? lose() : resolve(null)));
    };
    locks.request(name, take ? { steal: true } : { signal: AbortSignal.timeout(waitMilliseconds) }, hold).catch(tooLate);
  });
}
