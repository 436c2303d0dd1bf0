/** The session: the open design with its history, the selection and the state of the run. The page's rooms meet here. */
import { create } from 'zustand';
import { catalogue } from '../design/catalogue.ts';
import { emptyDesign, type Design, type Gated, type RunSettings } from '../design/design.ts';
import { traceName, withTrace } from '../design/replay.ts';
import { parseTrace, type ParsedTrace } from '../design/trace.ts';
import type { Trace } from '../engine/trace.ts';
import { openFile as openShared } from '../share/file.ts';
import { presentOf } from '../share/run-form.ts';
import { createAutosave, type Autosave } from './autosave.ts';
import { frames } from './frames.ts';
import { browserGround, type Ground } from './ground.ts';
import { leftBehind, noHistory, record, rewrite, stepBack, stepForward, travel, type History } from './history.ts';
import { dressed, sameRun } from './looks.ts';
import { createPlayer, type Player, type PlayerHost } from './player.ts';
import { beginsAsTrace, isTrace, readText, readTrace } from './read-file.ts';
import type { SessionState, Toast } from './session.ts';
import { counted } from '../units/format.ts';

/** What the session stands on; replaced in tests. */
export interface SessionGround extends Ground {
  readonly player: (host: PlayerHost) => Player;
}

const mostToasts = 5;

type Write = (change: Partial<SessionState> | ((state: SessionState) => Partial<SessionState>)) => void;

/** What the actions share: the store's two ends, and the parts that are no state of the page. */
interface Room {
  readonly set: Write;
  readonly get: () => SessionState;
  readonly ground: SessionGround;
  readonly player: Player;
  readonly autosave: Autosave;
  readonly traces: Map<string, Trace>;
  history: History;
}

/** A session of its own; the page has one, `session`. */
export function createSession(ground: SessionGround) {
  return create<SessionState>()((set, get) => {
    const tell = (text: string): void => get().say(text, 'error');
    const autosave = createAutosave({
      ...ground,
      onFailure: tell,
      onElsewhere: (elsewhere) => set({ elsewhere }),
    });
    const player = ground.player({
      onRun: (change) => set((state) => ({ run: { ...state.run, ...change } })),
      onLayout: (layout) => set({ layout }),
      onTrouble: tell,
      onHistory: (history) => set({ history }),
      onDesign: (design) => follow(room, design),
      design: () => get().design,
      traces: () => get().loadedTraces(),
    });
    const room: Room = { set, get, ground, player, autosave, traces: new Map(), history: noHistory };
    ground.onHide(() => autosave.leave());
    return { ...start(ground), ...editing(room), ...documents(room), ...running(room), ...toasts(room) };
  });
}

type Fields = { [K in keyof SessionState as SessionState[K] extends (...args: never[]) => unknown ? never : K]: SessionState[K] };
type Actions<K extends keyof SessionState> = Pick<SessionState, K>;

function start(ground: SessionGround): Fields {
  return {
    design: emptyDesign,
    selection: new Set(),
    ...steps(noHistory),
    run: { state: 'loading', speed: emptyDesign.run.speed, notice: null, silent: false, furthest: null },
    layout: null,
    toasts: [],
    documentId: ground.newId(),
    elsewhere: false,
    opened: emptyDesign,
    traces: [],
    history: null,
  };
}

function steps(history: History): Pick<SessionState, 'canUndo' | 'canRedo' | 'undoLabel' | 'redoLabel'> {
  const [back, forward] = [history.past.at(-1), history.future.at(-1)];
  return { canUndo: !!back, canRedo: !!forward, undoLabel: back?.label ?? null, redoLabel: forward?.label ?? null };
}

function editing(room: Room): Actions<'edit' | 'undo' | 'redo' | 'select' | 'setView'> {
  const { set, get } = room;
  const turn = (step: ReturnType<typeof stepBack>, word: string): void => {
    if (!step) return;
    // Where the person looks is no edit: it stays as it is.
    const design = { ...step.design, view: get().design.view };
    if (!sameRun(get().design, design)) forks(room);
    room.history = step.history;
    show(room, design);
    room.player.apply(design, `${word}: ${step.label}`);
  };
  return {
    edit(label, change, merge) {
      const before = get().design;
      const design = change(before);
      if (design === before || !differs(before, design)) return;
      if (!sameRun(before, design)) forks(room);
      room.history = record(room.history, label, before, merge);
      show(room, design);
      room.player.apply(design, label);
    },
    undo: () => turn(stepBack(room.history, get().design), 'Undo'),
    redo: () => turn(stepForward(room.history, get().design), 'Redo'),
    select: (ids) => set({ selection: new Set(ids) }),
    setView(view) {
      set({ design: { ...get().design, view } });
      keep(room);
    },
  };
}

/** Says so where edits that are still to come are about to be dropped, and offers to have them back. */
function forks(room: Room): void {
  const { history, say, design } = room.get();
  const dropped = (history?.edits.length ?? 0) - (frames.latest?.edits ?? 0);
  if (!history || !frames.latest || dropped <= 0) return;
  const [log, at] = [room.history, frames.latest.time];
  const back = (): void => {
    room.history = log;
    show(room, dressed(design, room.get().design));
    room.player.replay(history, false, at);
  };
  say(`The run forks here: ${dropped === 1 ? 'one later edit is' : `${dropped} later edits are`} no longer part of it.`, 'info', { label: 'Take the fork back', run: back });
}

/** The run has come to a moment at which the design was this one. */
function follow(room: Room, then: Design): void {
  const before = room.get().design;
  const design = dressed(then, before);
  room.history = travel(room.history, before, design);
  show(room, design);
}

/** Hands the newest design to autosave: that which was last worked on, while the run shows an earlier one. */
function keep(room: Room): void {
  const { design } = room.get();
  const newest = leftBehind(room.history);
  room.autosave.note(newest ? dressed(newest, design) : design);
}

/** Whether any part of the design is another value than before. */
function differs(before: Design, after: Design): boolean {
  return (Object.keys(after) as (keyof Design)[]).some((key) => after[key] !== before[key]);
}

/** Makes an edited design the present one: state, selection of what is left, autosave. */
function show(room: Room, design: Design): void {
  const there = new Set([...design.nodes, ...design.links, ...design.groups, ...design.notes, ...design.faults].map((item) => item.id));
  const { selection, run } = room.get();
  const kept = [...selection].filter((id) => there.has(id));
  room.set({ design, ...steps(room.history), ...(kept.length < selection.size ? { selection: new Set(kept) } : {}) });
  if (run.speed !== design.run.speed) room.player.setSpeed(design.run.speed);
  keep(room);
}

function documents(room: Room): Actions<'open' | 'openFile' | 'takeFile' | 'saved' | 'openSaved' | 'forgetSaved' | 'takeOver'> {
  const { set, get } = room;
  const { shelf } = room.ground;
  return {
    open(design, origin, documentId = room.ground.newId(), history) {
      room.autosave.follow(documentId);
      room.history = noHistory;
      frames.clear();
      set({ design, documentId, opened: design, selection: new Set(), layout: null, ...steps(noHistory), run: { state: 'loading', speed: design.run.speed, notice: null, silent: false, furthest: null }, elsewhere: false });
      // A scenario can be had again at any time and is kept from its first edit on; these are kept at once.
      if (origin === 'link' || origin === 'file') room.autosave.note(design);
      const crashed = room.ground.crashedWith(documentId);
      if (history && history.edits.length > 0) room.player.replay(history, !crashed, history.edits.at(-1)!.time);
      // An empty board waits for play: whoever draws does not watch requests fail that have nowhere to go yet.
      else room.player.load(!crashed && design.nodes.length > 0);
      if (crashed) set((state) => ({ run: { ...state.run, notice: 'The page was closed unexpectedly. Your design is as you left it; press play to run it.' } }));
    },
    openFile: (name, text) => spoken(room, isTrace(name, text) ? openTrace(room, parseTrace(traceName(name), text)) : openDesign(room, text)),
    async takeFile(file) {
      if (await beginsAsTrace(file)) {
        const parsed = await readTrace(traceName(file.name), file).catch((error: unknown) => ({ ok: false as const, why: String((error as Error).message) }));
        return spoken(room, openTrace(room, parsed));
      }
      const text = await readText(file);
      return text.ok ? spoken(room, openDesign(room, text.value)) : text;
    },
    saved: () => shelf.list().catch(() => Promise.reject(new Error('this browser keeps nothing for this page.'))),
    async openSaved(id) {
      await room.autosave.flush();
      const opened = await shelf.read(id).catch((): Gated<Design> => ({ ok: false, why: 'This browser does not let saved designs be read.' }));
      if (!opened.ok) return get().say(opened.why, 'error');
      get().open(opened.value, 'saved', id);
      for (const repair of opened.repairs) get().say(repair);
    },
    takeOver: () => takeOver(room),
    forgetSaved: (id) => shelf.forget(id).catch(() => get().say('This browser does not let saved designs be removed.', 'error')),
  };
}

/** Whether two designs are the same but for where one looks. */
const sameDocument = (a: Design, b: Design): boolean => JSON.stringify({ ...a, view: null }) === JSON.stringify({ ...b, view: null });

/**
 * The document becomes this tab's. Where nothing was changed here, it goes on with what the other tab has kept; otherwise what was changed here is kept from now
 * on, and what the other tab had kept besides becomes a document of its own: nobody's work is lost.
 */
async function takeOver(room: Room): Promise<void> {
  const { get, autosave, ground } = room;
  const { documentId, opened, design, open, say } = get();
  const theirs = await ground.shelf.read(documentId).catch((): Gated<Design> => ({ ok: false, why: '' }));
  const moved = theirs.ok && !sameDocument(theirs.value, opened);
  const own = autosave.unsure && !(theirs.ok && sameDocument(theirs.value, design));
  if (moved && own) {
    await ground.shelf.write(ground.newId(), { ...theirs.value, name: `${theirs.value.name} (other tab)` }, ground.now()).catch(() => undefined);
    say('What the other tab had made of it is kept as a design of its own, in the library.');
  }
  await autosave.takeOver();
  if (moved && !own && !sameDocument(theirs.value, get().design)) open(theirs.value, 'saved', documentId);
}

/** Says what was put right in a file that was opened. */
function spoken(room: Room, opened: Gated<string>): Gated<string> {
  if (opened.ok) for (const repair of opened.repairs) room.get().say(repair);
  return opened;
}

function openDesign(room: Room, text: string): Gated<string> {
  const read = openShared(text);
  if (!read.ok) return read;
  const present = presentOf(read.value);
  room.get().open(present, 'file', undefined, { start: read.value.design, edits: read.value.edits });
  return { ok: true, value: `Opened “${present.name}”.`, repairs: read.repairs };
}

function openTrace(room: Room, parsed: ParsedTrace): Gated<string> {
  if (!parsed.ok) return parsed;
  const { name } = parsed.trace;
  room.traces.set(name, parsed.trace);
  room.set({ traces: [...room.traces.keys()] });
  room.get().edit(`Replay “${name}”`, (design) => withTrace(design, parsed.trace));
  // The worker takes traces only as it loads a design.
  room.player.load(room.get().run.state !== 'paused');
  const replayed = room.get().design.nodes.some((node) => catalogue.kindOf(node.kind)?.replays !== undefined);
  const notes = replayed ? parsed.notes : [...parsed.notes, 'Nothing on the board replays it yet: add Users.'];
  return { ok: true, value: `Loaded the trace “${name}” with ${counted(parsed.rows, 'request')}.`, repairs: notes };
}

function running(room: Room): Actions<'play' | 'pause' | 'step' | 'restart' | 'revive' | 'replay' | 'rewind' | 'look' | 'sharedRun' | 'setSpeed' | 'result' | 'loadedTraces'> {
  const { get, player } = room;
  return {
    play: () => player.play(),
    pause: () => player.pause(),
    step: () => player.step(),
    restart(seed) {
      forks(room);
      if (seed !== undefined) adjust(room, { seed });
      player.load(get().run.state !== 'paused');
    },
    revive: () => player.revive(),
    replay() {
      const { history, design } = get();
      if (!history) return;
      follow(room, history.start);
      player.replay({ start: dressed(history.start, design), edits: history.edits }, true);
    },
    rewind: (time) => player.rewind(time),
    look: (time) => player.look(time),
    sharedRun() {
      const { history, design } = get();
      return history && { start: dressed(history.start, design), edits: history.edits.map((edit) => ({ ...edit, design: dressed(edit.design, design) })) };
    },
    setSpeed(speed) {
      adjust(room, { speed });
      player.setSpeed(speed);
    },
    result: () => player.result(),
    loadedTraces: () => Object.fromEntries(room.traces),
  };
}

/** Changes a run setting that is no edit: the whole history goes along, so that undo does not take it back. */
function adjust(room: Room, change: Partial<RunSettings>): void {
  const adjusted = (design: Design): Design => ({ ...design, run: { ...design.run, ...change } });
  const design = adjusted(room.get().design);
  room.history = rewrite(room.history, adjusted);
  room.set({ design });
  keep(room);
}

function toasts(room: Room): Actions<'say' | 'dismiss'> {
  let last = 0;
  return {
    say(text, tone = 'info', action) {
      const toast: Toast = { id: ++last, text, tone, action: action ?? null };
      room.set((state) => ({ toasts: [...state.toasts.filter((one) => one.text !== text), toast].slice(-mostToasts) }));
    },
    dismiss: (id) => room.set((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) })),
  };
}

/** The page's one session, as a store and as a hook: `session((state) => state.design)`. */
export const session = createSession({ ...browserGround(), player: createPlayer });
