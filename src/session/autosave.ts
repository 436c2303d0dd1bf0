/** Keeps the open document on the shelf: a moment after each edit, at once when the page is hidden, and never over another tab's work. */
import type { Design } from '../design/design.ts';
import { lockDocument, type Shelf, type WriterLock } from './shelf.ts';

const quietMilliseconds = 400;

/** What autosave needs to know and may say. */
export interface AutosaveHost {
  readonly shelf: Shelf;
  /** Whether another tab writes the open document: nothing is written here until it is taken over. */
  onElsewhere(elsewhere: boolean): void;
  onFailure(sentence: string): void;
  now(): number;
  newId(): string;
  lock?(id: string, take?: boolean): Promise<WriterLock | null>;
}

/** The one writer of the open document. */
export interface Autosave {
  /** Follows another document from now on; what was still unwritten of the last is written first. */
  follow(id: string): void;
  /** Notes the design as it now stands. */
  note(design: Design): void;
  /** Writes what is unwritten at once. */
  flush(): Promise<void>;
  /** The page may be closing: puts aside what is not known to be written, without waiting, and then writes it; as a copy, where another tab writes the document. */
  leave(): void;
  /** Whether anything noted is not known to be written. */
  readonly unsure: boolean;
  /** Takes the document from the tab that writes it; what is unwritten here is written. */
  takeOver(): Promise<void>;
}

/** A followed document and the leave to write it. */
interface Desk {
  readonly id: string;
  leave: Promise<WriterLock | null>;
  /** Whether leave was given; until then it may be another tab's. */
  mine: boolean;
  /** The newest design not known to be written. */
  unsure: Design | null;
  /** Under what it was put aside while another tab wrote the document. */
  copy: string | null;
}

/** Waits for leave to write a document, and hears when it is taken away. */
function claim(desk: Desk, leave: Promise<WriterLock | null>, tell: (mine: boolean) => void): void {
  const settle = (mine: boolean): void => {
    if (desk.leave !== leave) return;
    desk.mine = mine;
    if (!mine) desk.leave = Promise.resolve(null);
    tell(mine);
  };
  desk.leave = leave;
  void leave.then((held) => {
    settle(held !== null);
    void held?.lost.then(() => settle(false));
  });
}

/** An autosave that follows nothing yet. */
export function createAutosave(host: AutosaveHost): Autosave {
  const lock = host.lock ?? lockDocument;
  let desk: Desk | null = null;
  let unwritten: Design | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let failing = false;

  const ask = (of: Desk, leave: Promise<WriterLock | null>): void => claim(of, leave, (mine) => {
    if (of === desk) host.onElsewhere(!mine);
  });
  const write = async (where: Desk, design: Design): Promise<void> => {
    if ((await where.leave) === null) return;
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
    desk = { id, leave: Promise.resolve(null), mine: false, unsure: null, copy: null };
    ask(desk, left.then(() => lock(id)));
  };
  const note = (design: Design): void => {
    unwritten = design;
    if (desk) desk.unsure = design;
    // Not put off by further edits: during a long drag, too, something is written.
    timer ??= setTimeout(() => void flush(), quietMilliseconds);
  };
  const leave = (): void => {
    if (desk?.unsure) host.shelf.setAside(desk.mine ? desk.id : (desk.copy ??= host.newId()), desk.unsure, host.now());
    void flush();
  };
  const takeOver = async (): Promise<void> => {
    const where = desk;
    if (!where || where.mine) return;
    ask(where, lock(where.id, true));
    if (where.unsure) await write(where, where.unsure).catch(failed);
    if (where.copy !== null && where.unsure === null) await host.shelf.forget(where.copy).then(() => (where.copy = null), () => undefined);
  };
  return { follow, note, flush, leave, takeOver, get unsure() { return desk?.unsure != null; } };
}

function failure(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError') return 'This browser’s storage is full: the design is not being saved here. Save it as a file.';
  return 'This browser does not let the design be saved here. Save it as a file or copy its link.';
}
