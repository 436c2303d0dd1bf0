/** Keeps the open document on the shelf: a moment after each edit, at once when the page is hidden, and never over another tab's work. */
import type { Design } from '../design/design.ts';
import { lockDocument, type Shelf, type WriterLock } from './shelf.ts';

const quietMilliseconds = 400;

/** What autosave needs to know and may say. */
export interface AutosaveHost {
  readonly shelf: Shelf;
  /** Another tab writes this document: from now on this tab's is a copy under the new id. */
  onCopy(id: string): void;
  onFailure(sentence: string): void;
  now(): number;
  newId(): string;
  lock?(id: string): Promise<WriterLock | null>;
}

/** The one writer of the open document. */
export interface Autosave {
  /** Follows another document from now on; what was still unwritten of the last is written first. */
  follow(id: string): void;
  /** Notes the design as it now stands. */
  note(design: Design): void;
  /** Writes what is unwritten at once. */
  flush(): Promise<void>;
  /** The page may be closing: puts aside what is not known to be written, without waiting, and then writes it. */
  leave(): void;
}

/** A followed document: the id it is kept under and the leave to write there. Both change when it becomes a copy. */
interface Desk {
  id: string;
  leave: Promise<WriterLock | null>;
  /** Whether leave was given; until then it may be another tab's. */
  mine: boolean;
  /** The newest design not known to be written. */
  unsure: Design | null;
}

function deskFor(id: string, leave: Promise<WriterLock | null>): Desk {
  const desk: Desk = { id, leave, mine: false, unsure: null };
  void leave.then((held) => (desk.mine = held !== null));
  return desk;
}

/** An autosave that follows nothing yet. */
export function createAutosave(host: AutosaveHost): Autosave {
  const lock = host.lock ?? lockDocument;
  let desk: Desk | null = null;
  let unwritten: Design | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let failing = false;

  const write = async (where: Desk, design: Design): Promise<void> => {
    if ((await where.leave) === null) {
      where.id = host.newId();
      where.leave = lock(where.id);
      where.mine = true;
      if (where === desk) host.onCopy(where.id);
    }
    await host.shelf.write(where.id, design, host.now());
    if (where.unsure === design) where.unsure = null;
    failing = false;
  };
  const failed = (error: unknown): void => {
    if (!failing) host.onFailure(failure(error));
    failing = true;
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const [where, design] = [desk, unwritten];
    unwritten = null;
    if (where && design) writing = writing.then(() => write(where, design)).catch(failed);
    return writing;
  };
  const follow = (id: string): void => {
    const [last, done] = [desk, flush()];
    const left = done.then(async () => (await last?.leave)?.release());
    desk = deskFor(id, left.then(() => lock(id)));
  };
  const note = (design: Design): void => {
    unwritten = design;
    if (desk) desk.unsure = design;
    // Not put off by further edits: during a long drag, too, something is written.
    timer ??= setTimeout(() => void flush(), quietMilliseconds);
  };
  const leave = (): void => {
    if (desk?.unsure) host.shelf.setAside(desk.mine ? desk.id : host.newId(), desk.unsure, host.now());
    void flush();
  };
  return { follow, note, flush, leave };
}

function failure(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError') return 'This browser’s storage is full: the design is not being saved here. Save it as a file.';
  return 'This browser does not let the design be saved here. Save it as a file or copy its link.';
}
