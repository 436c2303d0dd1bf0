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
import type { Progress, Replicated } from '../src/session/replications.ts';
import type { Shelf, WriterLock } from '../src/session/shelf.ts';
import { isTrace, readText } from '../src/session/read-file.ts';
import { createSession } from '../src/session/store.ts';
import { createStudy, isStale } from '../src/session/study.ts';
import type { Study } from '../src/run/statistics/replication.ts';
import { anyStep } from './design-arbitrary.ts';

const layout: Layout = { nodes: {}, links: {}, cells: {}, failing: {} };
const none = new Float64Array(0);
const frame = (state: Frame['state'], stopped: string | null = null, more: Partial<Frame> = {}): Frame => ({ time: 1, state, stopped, events: 0, eventsPerSecond: 0, realTimeFactor: 0, nodes: none, links: none, cells: none, failing: new Uint8Array(0), lasting: [], edits: 0, generation: Infinity, objectives: none, ...more });

/** The least that runs by itself. */
const one = edit.addNode(emptyDesign, 'users', 0, 0);

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
  const engine = { load: note('load'), apply: note('apply'), play: note('play'), pause: note('pause'), step: note('step'), runTo: note('runTo'), rewind: note('rewind'), look: note('look'), layout: () => Promise.resolve(layout), result: note('result'), charts: () => new Promise<never>(() => undefined), stop: note('stop') } as unknown as Engine;
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
  const held = new Map<string, () => void>();
  let [ids, hide] = [0, () => undefined as void];
  const lock = (id: string, take = false): Promise<WriterLock | null> => {
    if (held.has(id) && !take) return Promise.resolve(null);
    held.get(id)?.();
    return Promise.resolve({ release: () => void held.delete(id), lost: new Promise<void>((lost) => held.set(id, lost)) });
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
    state().open(one, 'new');
    await settle();
    state().edit('Add service', (d) => edit.addNode(d, 'service', 0, 0));
    await settle();
    state().undo();
    await settle();
    expect(engine.told).toEqual(['load', 'play 1', 'apply Add service', 'apply Undo: Add service']);
    expect(engine.designs.at(-1)!.nodes).toEqual(one.nodes);
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
  it('waits for play on an empty board, and begins with what was drawn until then', async () => {
    const { state, engine } = table();
    state().open(emptyDesign, 'new');
    await settle();
    expect(state().run.state).toBe('paused');
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    await settle();
    state().edit('Add service', (d) => edit.addNode(d, 'service', 0, 0));
    await settle();
    expect([engine.told, engine.designs.at(-1)!.nodes.length, state().history!.edits]).toEqual([['load', 'load', 'load'], 2, []]);
    state().play();
    engine.say().onFrame(frame('running', null, { time: 2 }));
    state().pause();
    state().edit('Add another', (d) => edit.addNode(d, 'service', 0, 0));
    await settle();
    expect(engine.told.slice(3)).toEqual(['play 1', 'pause', 'apply Add another']);
  });

  it('gets edits one at a time, and only the newest of those that waited', async () => {
    const { state, engine } = table();
    state().open(one, 'new');
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
    state().open(one, 'new');
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

describe('a run that says nothing', () => {
  it('is told after two seconds, and no longer when it is heard again', async () => {
    const { state, engine } = table();
    state().open(emptyDesign, 'new');
    await settle();
    await vi.advanceTimersByTimeAsync(1900);
    expect(state().run.silent).toBe(false);
    engine.say().onFrame(frame('running'));
    await vi.advanceTimersByTimeAsync(1900);
    expect(state().run.silent).toBe(false);
    await vi.advanceTimersByTimeAsync(700);
    expect(state().run.silent).toBe(true);
    engine.say().onFrame(frame('running'));
    expect(state().run.silent).toBe(false);
  });

  it('is of no matter while it is paused', async () => {
    const { state } = table();
    state().open(emptyDesign, 'new');
    await settle();
    state().pause();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state().run.silent).toBe(false);
  });

  it('can be started again with the design as it stands, paused', async () => {
    const { state, engine } = table();
    state().open(one, 'new');
    await settle();
    state().edit('Add users', (d) => edit.addNode(d, 'users', 0, 0));
    await vi.advanceTimersByTimeAsync(3000);
    expect(state().run.silent).toBe(true);
    state().revive();
    await settle();
    expect(engine.told.slice(-2)).toEqual(['stop', 'load']);
    expect(engine.designs.at(-1)!.nodes.length).toBe(2);
    expect([state().run.state, state().run.silent]).toEqual(['paused', false]);
  });
});

describe('the history of a run', () => {
  /** Add users at 3 s, a service at 5 s, and go back to 1 s. */
  async function backFrom() {
    const made = table();
    const { state, engine } = made;
    const hear = (time: number, edits: number, now: Frame['state'] = 'running'): void => engine.say().onFrame(frame(now, null, { time, edits }));
    state().open(emptyDesign, 'new', 'doc');
    await settle();
    for (const [time, edits, kind] of [[3, 0, 'users'], [5, 1, 'service']] as const) {
      hear(time, edits);
      state().edit(`Add ${kind}`, (d) => edit.addNode(d, kind, 0, 0));
      hear(time, edits + 1);
      await settle();
    }
    hear(8, 2);
    state().rewind(1);
    hear(1, 0, 'paused');
    await settle();
    return { ...made, hear, newest: state().history!.edits[1]!.design };
  }

  it('holds every edit with its moment', async () => {
    const { state } = await backFrom();
    expect(state().history!.start.nodes).toEqual([]);
    expect(state().history!.edits.map(({ time, label, design }) => [time, label, design.nodes.length])).toEqual([[3, 'Add users', 1], [5, 'Add service', 2]]);
  });

  it('shows the board as it was, remembers how far it was, and goes on by itself', async () => {
    const { state, engine, hear } = await backFrom();
    expect([state().design.nodes.length, state().run.state, state().run.furthest]).toEqual([0, 'paused', 8]);
    expect(engine.told.slice(-2)).toEqual(['pause', 'rewind 1']);
    hear(4, 1);
    await settle();
    hear(6, 2);
    await settle();
    expect([state().design.nodes.length, state().run.furthest]).toEqual([2, 8]);
    hear(8.5, 2);
    expect(state().run.furthest).toBe(null);
  });

  it('goes on to where it was without running it all again', async () => {
    const { state, engine, hear } = await backFrom();
    state().rewind(8);
    hear(8, 2);
    await settle();
    expect(engine.told.at(-1)).toBe('runTo 8');
    expect([state().design.nodes.length, state().run.furthest, state().canUndo, state().undoLabel]).toEqual([2, null, true, 'Add service']);
  });

  it('keeps the newest design safe while an earlier one is shown, and undo brings it back', async () => {
    const { state, shelf, newest } = await backFrom();
    state().setView({ x: 1, y: 2, zoom: 1 });
    await vi.advanceTimersByTimeAsync(500);
    expect(shelf.kept.get('doc')!.nodes).toEqual(newest.nodes);
    state().undo();
    expect(state().design.nodes).toEqual(newest.nodes);
  });

  it('forks where something is edited, says so, and takes the fork back', async () => {
    const { state, engine, hear } = await backFrom();
    state().edit('Rename', (d) => edit.renameDesign(d, 'Only a name'));
    expect(state().toasts).toEqual([]);
    state().edit('Add a cache', (d) => edit.addNode(d, 'response-cache', 0, 0));
    hear(1, 1);
    await settle();
    expect(state().history!.edits.map(({ time, label }) => [time, label])).toEqual([[1, 'Add a cache']]);
    expect(state().toasts.at(-1)!.text).toBe('The run forks here: 2 later edits are no longer part of it.');
    state().toasts.at(-1)!.action!.run();
    await settle();
    expect(state().history!.edits.map(({ label }) => label)).toEqual(['Add users', 'Add service']);
    expect(engine.told.slice(-2)).toEqual(['load', 'runTo 1']);
    expect([state().design.nodes.length, state().design.name]).toEqual([0, 'Only a name']);
  });

  it('is shared looking as the board does now', async () => {
    const { state } = await backFrom();
    state().edit('Rename', (d) => edit.renameDesign(d, 'Named later'));
    const { start, edits } = state().sharedRun()!;
    expect([start, ...edits.map(({ design }) => design)].map(({ name }) => name)).toEqual(['Named later', 'Named later', 'Named later']);
  });

  it('begins anew with the present design where it is restarted, and is played again where that is asked', async () => {
    const { state, engine } = await backFrom();
    state().replay();
    await settle();
    expect([state().history!.edits.length, engine.told.slice(-2)]).toEqual([2, ['load', 'play 1']]);
    state().restart();
    await settle();
    expect(state().history!.edits).toEqual([]);
  });

  it('that came with a design goes on where its last edit was made', async () => {
    const { state, engine } = table();
    const design = edit.addNode(emptyDesign, 'users', 0, 0);
    state().open(design, 'link', 'doc', { start: emptyDesign, edits: [{ time: 7, label: 'Add users', design }] });
    engine.say().onFrame(frame('paused', null, { time: 7, edits: 1 }));
    await settle();
    expect(engine.told).toEqual(['load', 'runTo 7', 'play 1']);
    expect([engine.designs[0], state().design.nodes.length, state().canUndo]).toEqual([emptyDesign, 1, false]);
  });

  it('takes what a slider says a few times a second, and always its last word', async () => {
    const { state, engine } = table();
    state().open(edit.addNode(emptyDesign, 'service', 0, 0), 'new');
    await settle();
    for (let replicas = 2; replicas <= 12; replicas++) {
      state().edit('Turn', (d) => edit.setRun(d, { seconds: 100 + replicas }), 'turn');
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(500);
    expect(engine.told.filter((told) => told === 'apply Turn').length).toBeLessThan(5);
    expect(engine.designs.at(-1)!.run.seconds).toBe(112);
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

  describe('in two tabs', () => {
    const design = (name: string): Design => edit.renameDesign(emptyDesign, name);
    /** A document that another tab has written last and still writes. */
    async function shared() {
      const made = table();
      const { state, shelf, held } = made;
      let lost = false;
      held.set('a', () => (lost = true));
      shelf.kept.set('a', design('Saved'));
      state().open(design('Saved'), 'saved', 'a');
      await settle();
      return { ...made, lost: () => lost };
    }

    it('writes nothing where another tab writes, says so, and keeps what is left unwritten as one copy', async () => {
      const { state, shelf, hide } = await shared();
      expect(state().elsewhere).toBe(true);
      state().edit('Name', (d) => edit.renameDesign(d, 'Second tab'));
      await vi.advanceTimersByTimeAsync(450);
      hide();
      hide();
      await settle();
      expect([...shelf.kept].map(([id, { name }]) => [id, name])).toEqual([['a', 'Saved'], [expect.stringMatching(/^aside new-/), 'Second tab']]);
    });

    it('goes on with what the other tab has made when it is taken over untouched', async () => {
      const { state, shelf, lost } = await shared();
      shelf.kept.set('a', design('Moved on'));
      await state().takeOver();
      await settle();
      expect([lost(), state().elsewhere, state().design.name, state().documentId]).toEqual([true, false, 'Moved on', 'a']);
      state().edit('Name', (d) => edit.renameDesign(d, 'Here now'));
      await vi.advanceTimersByTimeAsync(450);
      expect(shelf.kept.get('a')?.name).toBe('Here now');
    });

    it('keeps the work of both when both have changed it', async () => {
      const { state, shelf, hide } = await shared();
      state().edit('Name', (d) => edit.renameDesign(d, 'Second tab'));
      hide();
      shelf.kept.set('a', design('First tab'));
      await state().takeOver();
      await vi.advanceTimersByTimeAsync(450);
      expect([state().design.name, shelf.kept.get('a')?.name]).toEqual(['Second tab', 'Second tab']);
      expect([...shelf.kept.values()].map(({ name }) => name)).toContain('First tab (other tab)');
      expect(state().toasts.at(-1)?.text).toMatch(/kept as a design of its own/);
    });

    it('stops writing when another tab takes over, and takes back', async () => {
      const { state, shelf, ground } = table();
      state().open(design('Mine'), 'saved', 'a');
      await settle();
      expect(state().elsewhere).toBe(false);
      await ground.lock('a', true);
      await settle();
      expect(state().elsewhere).toBe(true);
      state().edit('Name', (d) => edit.renameDesign(d, 'Unwritten'));
      await vi.advanceTimersByTimeAsync(450);
      expect(shelf.kept.has('a')).toBe(false);
      await state().takeOver();
      expect([state().elsewhere, shelf.kept.get('a')?.name]).toEqual([false, 'Unwritten']);
    });
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
    const autosave = createAutosave({ ...ground, onElsewhere: () => undefined, onFailure: () => undefined });
    autosave.follow('a');
    await settle();
    expect([...held.keys()]).toEqual(['a']);
    autosave.follow('b');
    await settle();
    expect([...held.keys()]).toEqual(['b']);
  });
});

describe('a study', () => {
  /** A study whose runs are done when the test says so. */
  function laid() {
    const { session, state } = table();
    const begun: { study: Study; tell: (progress: Progress) => void; done: (all: readonly Replicated[] | null) => void; fail: (error: Error) => void; cancelled: boolean }[] = [];
    const study = createStudy(session, (asked, tell = () => undefined) => {
      let [done, fail] = [(_: readonly Replicated[] | null): void => undefined, (_: Error): void => undefined];
      const answer = new Promise<readonly Replicated[] | null>((resolve, reject) => ([done, fail] = [resolve, reject]));
      const one = { study: asked, tell, done, fail, cancelled: false };
      begun.push(one);
      return { answer, cancel: () => ((one.cancelled = true), done(null)) };
    });
    const design = edit.addNode(emptyDesign, 'users', 0, 0);
    state().open(design, 'new', 'doc');
    return { state, study, begun, design };
  }
  const replicated = (design: Design): Replicated => ({ design } as Replicated);

  it('runs both designs under the seed, length and warm-up of the present one', () => {
    const { study, begun, design } = laid();
    const rival = { ...emptyDesign, run: { ...emptyDesign.run, seed: 99, seconds: 7 } };
    study.getState().begin({ design, rival: { name: 'empty', design: rival }, count: 10 });
    expect(begun[0]!.study).toMatchObject({ count: 10, designs: [{ nodes: design.nodes, run: design.run }, { nodes: [], run: design.run }] });
    expect(study.getState().progress).toEqual({ done: 0, of: 20, share: 0 });
  });

  it('tells how far it is and what it found, and when the design has moved on', async () => {
    const { state, study, begun, design } = laid();
    study.getState().begin({ design, rival: null, count: 2 });
    begun[0]!.tell({ done: 1, of: 2, share: 0.6 });
    expect(study.getState()).toMatchObject({ state: 'running', progress: { done: 1 }, found: null });
    begun[0]!.done([replicated(design)]);
    await settle();
    expect(study.getState()).toMatchObject({ state: 'done', found: { design }, against: null });
    state().edit('Name', (d) => edit.renameDesign(d, 'Another name'));
    expect(isStale(study.getState(), state().design)).toBe(false);
    state().edit('Add', (d) => edit.addNode(d, 'service', 0, 0));
    expect(isStale(study.getState(), state().design)).toBe(true);
    state().undo();
    expect(isStale(study.getState(), state().design)).toBe(false);
  });

  it('gives its workers back when it is dropped, asked anew, or another document is opened', async () => {
    const { state, study, begun, design } = laid();
    const ask = (): void => study.getState().begin({ design, rival: null, count: 2 });
    ask();
    ask();
    expect(begun.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    begun[0]!.tell({ done: 2, of: 2, share: 1 });
    await settle();
    expect(study.getState()).toMatchObject({ state: 'running', progress: { done: 0 } });
    study.getState().drop();
    ask();
    state().open(emptyDesign, 'new', 'other');
    await settle();
    expect(begun.map(({ cancelled }) => cancelled)).toEqual([true, true, true]);
    expect(study.getState()).toMatchObject({ state: 'none', asked: null, found: null });
  });

  it('says why it failed', async () => {
    const { study, begun, design } = laid();
    study.getState().begin({ design, rival: null, count: 2 });
    begun[0]!.fail(new Error('A replication failed: boom'));
    await settle();
    expect(study.getState()).toMatchObject({ state: 'failed', trouble: 'A replication failed: boom' });
  });
});

describe('the shelf', () => {
  it('that cannot be read says so instead of being empty', async () => {
    const { state, shelf } = table();
    shelf.list = () => Promise.reject(new Error('SecurityError'));
    await expect(state().saved()).rejects.toThrow('this browser keeps nothing for this page.');
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

  it('are read as text whatever an editor put in front, and refused where they are none', async () => {
    const wide = (text: string): Blob => new Blob([new Uint8Array([0xff, 0xfe]), Uint16Array.from(text, (letter) => letter.charCodeAt(0))]);
    expect(await readText(new Blob(['\uFEFF{"name":"é"}']))).toMatchObject({ ok: true, value: '{"name":"é"}' });
    expect(await readText(wide('{"name":"é"}'))).toMatchObject({ ok: true, value: '{"name":"é"}' });
    expect(await readText(new Blob([' \r\n']))).toEqual({ ok: false, why: 'This file is empty.' });
    expect(await readText(new Blob([new Uint8Array([0x7b, 0xe9, 0x7d])]))).toEqual({ ok: false, why: 'This is not text in UTF-8.' });
    expect(await readText({ size: 300 * 2 ** 20 } as Blob)).toEqual({ ok: false, why: 'This is 300 MiB of text; at most 2 MiB are read.' });
    expect([isTrace('a.csv', ''), isTrace('a.txt', 'TIMESTAMP,ContextTokens'), isTrace('a.json', '{"timestamp":0')]).toEqual([true, true, true]);
    expect([isTrace('a.json', '{"nodes":[]}'), isTrace('timestamp.txt', 'hello')]).toEqual([false, false]);
  });

  it('are taken as they are, and their trace with one row is one request', async () => {
    const { state } = table();
    expect(await state().takeFile(new File(['{"name":"Taken","nodes":[]}'], 'x.json'))).toMatchObject({ ok: true, value: 'Opened “Taken”.' });
    expect(state().openFile('one.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1')).toMatchObject({ value: 'Loaded the trace “one” with 1 request.' });
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
  /** A worker that answers so many calls and then hangs. */
  const deaf = (answers = 0) => {
    const listeners = new Map<string, (event: unknown) => void>();
    const fire = (type: string, event: unknown): void => listeners.get(type)?.(event);
    const post = ({ id }: { id: string }): void => {
      if (answers-- > 0) fire('message', { data: { id, type: 'RAW', value: true } });
    };
    const worker = { terminated: false, addEventListener: (type: string, listen: (event: unknown) => void) => void listeners.set(type, listen), removeEventListener: () => undefined, postMessage: post, terminate: () => void (worker.terminated = true) };
    return { worker, fire };
  };

  it('gives up a worker that falls silent for ten seconds and rejects what was asked of it', async () => {
    const lost: string[] = [];
    // The listener and the first heartbeat are answered, nothing after.
    const workers = [deaf(3), deaf()];
    let started = 0;
    const engine = createEngine({ onFrame: () => undefined, onLost: (why) => lost.push(why) }, () => workers[started++]!.worker as unknown as Worker);
    await engine.pause();
    await vi.advanceTimersByTimeAsync(600);
    const asked = engine.result().catch((error: Error) => error.message);
    await vi.advanceTimersByTimeAsync(9000);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await asked).toBe('The simulation stopped answering and was restarted.');
    expect([lost.length, workers[0]!.worker.terminated, started]).toEqual([1, true, 1]);
    void engine.pause().catch(() => undefined);
    expect(started).toBe(2);
    workers[1]!.fire('error', { message: 'boom', preventDefault: () => undefined });
    expect(lost[1]).toBe('The simulation failed: boom');
  });

  it('is patient with a worker that has not begun yet', async () => {
    const lost: string[] = [];
    const engine = createEngine({ onFrame: () => undefined, onLost: (why) => lost.push(why) }, () => deaf().worker as unknown as Worker);
    void engine.pause().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(lost.length).toBe(1);
  });

  it('rejects everything open when it is stopped', async () => {
    const engine = createEngine({ onFrame: () => undefined, onLost: () => undefined }, () => deaf().worker as unknown as Worker);
    const asked = engine.runTo(1e9).catch((error: Error) => error.message);
    engine.stop();
    expect(await asked).toBe('The simulation was stopped.');
  });
});
