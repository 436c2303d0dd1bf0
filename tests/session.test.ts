/** The session: undo over everything without touching the run, autosave that loses nothing, and a worker that may die. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emptyDesign, type Design, type Gated } from '../src/design/design.ts';
import * as edit from '../src/design/edit.ts';
import type { Frame, Layout } from '../src/run/protocol.ts';
import { createAutosave } from '../src/session/autosave.ts';
import { createEngine, type Engine, type EngineEvents } from '../src/session/engine.ts';
import { charts, frames } from '../src/session/frames.ts';
import { createPlayer } from '../src/session/player.ts';
import type { Shelf, WriterLock } from '../src/session/shelf.ts';
import { createSession } from '../src/session/store.ts';
import { anyStep } from './design-arbitrary.ts';

const layout: Layout = { nodes: {}, links: {}, cells: {}, failing: {} };
const none = new Float64Array(0);
const frame = (state: Frame['state'], stopped: string | null = null): Frame => ({ time: 1, state, stopped, events: 0, eventsPerSecond: 0, realTimeFactor: 0, nodes: none, links: none, cells: none, failing: new Uint8Array(0), lasting: [], edits: 0, objectives: none });

/** An engine that notes what it is told and answers at once. */
function toyEngine() {
  const told: string[] = [];
  const designs: Design[] = [];
  let events!: EngineEvents;
  const note = (word: string) => (...rest: readonly unknown[]): Promise<never> => {
    told.push([word, ...rest.filter((one) => typeof one !== 'object')].join(' '));
    if (typeof rest[0] === 'object') designs.push(rest[0] as Design);
    return Promise.resolve(layout as never);
  };
  const engine = { load: note('load'), apply: note('apply'), play: note('play'), pause: note('pause'), step: note('step'), runTo: note('runTo'), result: note('result'), charts: () => new Promise<never>(() => undefined), stop: note('stop') } as unknown as Engine;
  return { told, designs, make: (given: EngineEvents) => ((events = given), engine), say: () => events };
}

function memoryShelf(): Shelf & { readonly kept: Map<string, Design>; broken: Error | null } {
  const kept = new Map<string, Design>();
  return {
    kept,
    broken: null,
    write(id, design) {
      if (this.broken) return Promise.reject(this.broken);
      kept.set(id, design);
      return Promise.resolve();
    },
    setAside: (id, design) => void kept.set(`aside ${id}`, design),
    read: (id) => Promise.resolve<Gated<Design>>(kept.has(id) ? { ok: true, value: kept.get(id)!, repairs: [] } : { ok: false, why: 'gone' }),
    list: () => Promise.resolve([...kept].map(([id, design]) => ({ id, name: design.name, savedAt: 0 }))),
    forget: (id) => Promise.resolve(void kept.delete(id)),
  };
}

function table() {
  const engine = toyEngine();
  const shelf = memoryShelf();
  const held = new Set<string>();
  let [ids, hide] = [0, () => undefined as void];
  const lock = (id: string): Promise<WriterLock | null> => {
    if (held.has(id)) return Promise.resolve(null);
    held.add(id);
    return Promise.resolve({ release: () => held.delete(id) });
  };
  const ground = { shelf, lock, now: () => 0, newId: () => `new-${++ids}`, onHide: (call: () => void) => void (hide = call), crashedWith: () => false };
  const session = createSession({ ...ground, player: (host) => createPlayer(host, engine.make) });
  return { session, engine, shelf, held, ground, hide: () => hide(), state: () => session.getState() };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  frames.clear();
  charts.clear();
});

describe('undo', () => {
  it('takes everything back to the start, and redo everything to the end, whatever was done', () => {
    fc.assert(fc.property(fc.array(anyStep, { minLength: 1, maxLength: 100 }), (steps) => {
      const { state } = table();
      state().open(emptyDesign, 'new');
      for (const step of steps) state().edit(step.name, step.change);
      const end = state().design;
      while (state().canUndo) state().undo();
      expect(state().design).toEqual(emptyDesign);
      while (state().canRedo) state().redo();
      expect(state().design).toEqual(end);
    }), { numRuns: 50 });
  });

  it('hands the restored design to the run and never starts it afresh', async () => {
    const { state, engine } = table();
    state().open(emptyDesign, 'new');
    await settle();
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    await settle();
    state().undo();
    await settle();
    expect(engine.told).toEqual(['load', 'play 1', 'apply Add users', 'apply Undo: Add users']);
    expect(engine.designs.at(-1)!.nodes).toEqual([]);
    expect(state().run.state).toBe('running');
  });

  it('joins edits with one key in a row into one step', () => {
    const { state } = table();
    const move = (x: number): void => state().edit('Move', (d) => edit.moveItems(d, { 'users-1': { x, y: 0 } }), 'move users-1');
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    for (const x of [1, 2, 3]) move(x);
    expect(state().undoLabel).toBe('Move');
    state().undo();
    expect([state().design.nodes[0]!.x, state().undoLabel, state().redoLabel]).toEqual([0, 'Add users', 'Move']);
    move(9);
    expect([state().canRedo, state().design.nodes[0]!.x]).toEqual([false, 9]);
  });

  it('does not take back where one looks, how fast it runs or which seed it has', () => {
    const { state } = table();
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    state().setView({ x: 5, y: 6, zoom: 2 });
    state().setSpeed(10);
    state().restart(42);
    state().undo();
    expect(state().design).toMatchObject({ nodes: [], view: { zoom: 2 }, run: { seed: 42, speed: 10 } });
    expect(state().canUndo).toBe(false);
  });

  it('ignores an edit that changes nothing, and forgets the selection of what is gone', () => {
    const { state } = table();
    state().edit('Nothing', (d) => ({ ...d }));
    expect(state().canUndo).toBe(false);
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    state().select(['users-1']);
    state().undo();
    expect(state().selection.size).toBe(0);
  });
});

describe('the run', () => {
  it('gets edits one at a time, and only the newest of those that waited', async () => {
    const { state, engine } = table();
    state().open(emptyDesign, 'new');
    for (const x of [1, 2, 3]) state().edit(`Add ${x}`, (d) => edit.addNode(d, 'service', x, 0));
    await settle();
    expect(engine.told).toEqual(['load', 'apply Add 3', 'play 1']);
  });

  it('is not told of moves and notes', async () => {
    const { state, engine } = table();
    state().open(edit.addNode(emptyDesign, 'users', 0, 0), 'new');
    await settle();
    state().edit('Move', (d) => edit.moveItems(d, { 'users-1': { x: 50, y: 0 } }));
    state().edit('Note', (d) => edit.addNote(d, 'hello', 0, 0));
    await settle();
    expect(engine.told).toEqual(['load', 'play 1']);
  });

  it('shows its end, and play starts it again', async () => {
    const { state, engine } = table();
    state().open(emptyDesign, 'new');
    await settle();
    engine.say().onFrame(frame('stopped', 'The design is a runaway.'));
    expect(state().run).toMatchObject({ state: 'stopped', notice: 'The design is a runaway.' });
    state().play();
    await settle();
    expect(engine.told.slice(2)).toEqual(['load', 'play 1']);
  });

  it('comes back paused after its worker was lost, with the design as it now stands', async () => {
    const { state, engine } = table();
    state().open(emptyDesign, 'new');
    await settle();
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    engine.say().onLost('The simulation stopped answering and was restarted.');
    await settle();
    expect(engine.designs.at(-1)!.nodes.length).toBe(1);
    expect(state().run).toMatchObject({ state: 'paused', notice: 'The simulation stopped answering and was restarted.' });
    expect(state().toasts.at(-1)).toMatchObject({ tone: 'error' });
    for (let i = 0; i < 3; i++) engine.say().onLost('Again.');
    await settle();
    expect(state().run.state).toBe('crashed');
    state().restart();
    await settle();
    expect(state().run.state).toBe('running');
  });
});

describe('autosave', () => {
  it('writes a moment after an edit, at once when the page is hidden, and again elsewhere', async () => {
    const { state, shelf, hide } = table();
    state().open(emptyDesign, 'scenario', 'a');
    await vi.advanceTimersByTimeAsync(1000);
    expect(shelf.kept.size).toBe(0);
    state().edit('Name', (d) => edit.renameDesign(d, 'Mine'));
    await vi.advanceTimersByTimeAsync(450);
    expect(shelf.kept.get('a')?.name).toBe('Mine');
    state().edit('Name', (d) => edit.renameDesign(d, 'Still mine'));
    hide();
    expect(shelf.kept.get('aside a')?.name).toBe('Still mine');
    await settle();
    expect(shelf.kept.get('a')?.name).toBe('Still mine');
    shelf.kept.delete('aside a');
    hide();
    expect(shelf.kept.has('aside a')).toBe(false);
    state().edit('Name', (d) => edit.renameDesign(d, 'Left in haste'));
    state().open({ ...emptyDesign, name: 'Other' }, 'link', 'b');
    await vi.advanceTimersByTimeAsync(450);
    expect([shelf.kept.get('a')?.name, shelf.kept.get('b')?.name]).toEqual(['Left in haste', 'Other']);
    await state().openSaved('a');
    expect([state().design.name, state().documentId, state().canUndo]).toEqual(['Left in haste', 'a', false]);
  });

  it('keeps a copy where another tab writes the document', async () => {
    const { state, shelf, held } = table();
    held.add('a');
    state().open(emptyDesign, 'saved', 'a');
    state().edit('Name', (d) => edit.renameDesign(d, 'Second tab'));
    await vi.advanceTimersByTimeAsync(450);
    expect(shelf.kept.has('a')).toBe(false);
    expect(shelf.kept.get(state().documentId)?.name).toBe('Second tab');
    expect(state().toasts.at(-1)?.text).toMatch(/open in another tab/);
    state().edit('Name', (d) => edit.renameDesign(d, 'Second tab, still'));
    await vi.advanceTimersByTimeAsync(450);
    expect(shelf.kept.size).toBe(1);
  });

  it('says once that storage is full, and saves again when it is not', async () => {
    const { state, shelf } = table();
    shelf.broken = Object.assign(new Error(), { name: 'QuotaExceededError' });
    state().open(emptyDesign, 'new', 'a');
    for (const name of ['One', 'Two']) {
      state().edit('Name', (d) => edit.renameDesign(d, name));
      await vi.advanceTimersByTimeAsync(450);
    }
    expect(state().toasts.filter((toast) => /storage is full/.test(toast.text)).length).toBe(1);
    shelf.broken = null;
    state().edit('Name', (d) => edit.renameDesign(d, 'Three'));
    await vi.advanceTimersByTimeAsync(450);
    expect(shelf.kept.get('a')?.name).toBe('Three');
  });

  it('lets a document go when another is followed', async () => {
    const { ground, held } = table();
    const autosave = createAutosave({ ...ground, onCopy: () => undefined, onFailure: () => undefined });
    autosave.follow('a');
    await settle();
    expect([...held]).toEqual(['a']);
    autosave.follow('b');
    await settle();
    expect([...held]).toEqual(['b']);
  });
});

describe('files', () => {
  it('open as designs or traces, or say why not', async () => {
    const { state, engine } = table();
    expect(state().openFile('x.json', '{"name":"From a file","nodes":[]}')).toMatchObject({ ok: true, value: 'Opened “From a file”.' });
    expect(state().design.name).toBe('From a file');
    expect(state().openFile('conv.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\n1,1,1\nx,1,1')).toMatchObject({ ok: true, value: 'Loaded the trace “conv” with 2 requests.', repairs: [expect.stringContaining('line 4'), 'Nothing on the board replays it yet: add Users.'] });
    expect(state().traces).toEqual(['conv']);
    expect(state().openFile('x.json', 'hello')).toEqual({ ok: false, why: 'This is not JSON.' });
    await settle();
    expect(engine.told.filter((word) => word === 'load').length).toBe(2);
  });

  it('sets the open design to replay a dropped trace, as one step that can be undone', () => {
    const { state } = table();
    state().openFile('x.json', '{"nodes":[{"id":"users","kind":"users","label":"Users","x":0,"y":0}]}');
    const before = state().design;
    state().openFile('conv.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\n1,1,1');
    expect(state().design.run.seconds).toBe(61);
    expect(state().undoLabel).toBe('Replay “conv”');
    state().undo();
    expect(state().design.nodes).toBe(before.nodes);
    expect(state().design.run).toBe(before.run);
  });
});

describe('the engine', () => {
  /** A worker that never answers, as one that hangs. */
  const deaf = () => {
    const listeners = new Map<string, (event: unknown) => void>();
    const worker = { terminated: false, addEventListener: (type: string, listen: (event: unknown) => void) => void listeners.set(type, listen), removeEventListener: () => undefined, postMessage: () => undefined, terminate: () => void (worker.terminated = true) };
    return { worker, fire: (type: string, event: unknown) => listeners.get(type)?.(event) };
  };

  it('gives up a silent worker within a few seconds and rejects what was asked of it', async () => {
    const lost: string[] = [];
    const workers = [deaf(), deaf()];
    let started = 0;
    const engine = createEngine({ onFrame: () => undefined, onLost: (why) => lost.push(why) }, () => workers[started++]!.worker as unknown as Worker);
    const asked = engine.load(emptyDesign, {}).catch((error: Error) => error.message);
    await vi.advanceTimersByTimeAsync(5100);
    expect(await asked).toBe('The simulation stopped answering and was restarted.');
    expect([lost.length, workers[0]!.worker.terminated, started]).toEqual([1, true, 1]);
    void engine.pause().catch(() => undefined);
    expect(started).toBe(2);
    workers[1]!.fire('error', { message: 'boom', preventDefault: () => undefined });
    expect(lost[1]).toBe('The simulation failed: boom');
  });

  it('rejects everything open when it is stopped', async () => {
    const engine = createEngine({ onFrame: () => undefined, onLost: () => undefined }, () => deaf().worker as unknown as Worker);
    const asked = engine.runTo(1e9).catch((error: Error) => error.message);
    engine.stop();
    expect(await asked).toBe('The simulation was stopped.');
  });
});
