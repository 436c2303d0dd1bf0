/** Tidying: where the layout puts what, what becomes of areas, and whatever happens on the page while it is under way. */
import { describe, expect, it } from 'vitest';
import { emptyDesign, type Design } from '../src/design/design.ts';
import { addGroup, addNode, connect, moveItems, removeItems } from '../src/design/edit.ts';
import { tidied, wiringOf, type Places, type Wiring } from '../src/design/tidy.ts';
import type { SessionState } from '../src/session/session.ts';
import { layOut, tidy } from '../src/session/tidy.ts';
import { layered } from '../workers/layered.ts';

/** Users who ask a service behind a queue and another besides, the queue and its service in an area; all in a heap. */
function heap(): Design {
  const components = ['users', 'queue', 'service', 'service'].reduce((design, kind, i) => addNode(design, kind, 30 * i, 10 * i), emptyDesign);
  const apart = moveItems(components, { 'queue-1': { x: 900, y: 500 }, 'service-1': { x: 1200, y: 520 } });
  const wired = [['users-1', 'queue-1'], ['queue-1', 'service-1'], ['users-1', 'service-2']].reduce((design, [from, to]) => connect(design, from!, to!), apart);
  return addGroup(wired, ['queue-1', 'service-1']);
}

/** What a person would find on the page: one session with a log of its edits. */
function page(design: Design) {
  const [labels, said]: string[][] = [[], []];
  const state = { design, documentId: 'a', canRedo: false };
  const edit: SessionState['edit'] = (label, change) => {
    labels!.push(label);
    state.design = change(state.design);
  };
  return { state, labels: labels!, said: said!, session: () => ({ ...state, edit, say: (text: string) => void said!.push(text) }) as unknown as SessionState };
}

describe('the layout of a board', () => {
  it('leads from left to right along the wires, and keeps what lies in an area together', () => {
    expect(layered(structuredClone(wiringOf(heap())))).toEqual({
      'users-1': { x: 0, y: 92 },
      'queue-1': { x: 317, y: 184 },
      'service-1': { x: 595, y: 184 },
      'service-2': { x: 317, y: 0 },
    });
  });

  it('closes areas around the members they had, and moves nothing twice', () => {
    const wiring = wiringOf(heap());
    const once = tidied(heap(), layered(wiring));
    expect(once.groups[0]).toMatchObject({ x: 289, y: 140, width: 534, height: 192 });
    expect(wiringOf(once)).toEqual(wiring);
    const twice = tidied(once, layered(wiringOf(once)));
    expect([twice.nodes, twice.groups]).toEqual([once.nodes, once.groups]);
    expect(twice.groups).toBe(once.groups);
    expect(twice.nodes).toBe(once.nodes);
  });

  it('leaves an area without members as it is', () => {
    const empty = addGroup(heap(), { x: 3000, y: 3000 });
    expect(tidied(empty, layered(wiringOf(empty))).groups[1]).toBe(empty.groups[1]);
  });
});

describe('tidying while the page lives on', () => {
  const later = () => {
    const open: ((places: Places) => void)[] = [];
    const asked: Wiring[] = [];
    const ask = (wiring: Wiring): Promise<Places> => {
      asked.push(wiring);
      return new Promise((answer) => open.push(answer));
    };
    const answer = async (): Promise<void> => {
      open.shift()!(layered(asked.at(-1)!));
      for (let i = 0; i < 5; i++) await Promise.resolve();
    };
    return { ask, asked, answer };
  };

  it('is one edit', async () => {
    const { state, labels, session } = page(heap());
    expect(await tidy(session, (wiring) => Promise.resolve(layered(wiring)))).toBe(true);
    expect(labels).toEqual(['Tidy']);
    expect(state.design).toEqual(tidied(heap(), layered(wiringOf(heap()))));
  });

  it('asks again for a board that was wired otherwise meanwhile, and keeps what was edited', async () => {
    const { state, labels, session } = page(heap());
    const { ask, asked, answer } = later();
    const done = tidy(session, ask);
    state.design = removeItems(state.design, ['service-2']);
    await answer();
    expect([asked.length, labels]).toEqual([2, []]);
    state.design = moveItems(state.design, { 'users-1': { x: -500, y: -500 } });
    await answer();
    expect(await done).toBe(true);
    expect(labels).toEqual(['Tidy']);
    expect(state.design).toEqual(tidied(removeItems(heap(), ['service-2']), layered(asked[1]!)));
  });

  it('is done once where it is asked for twice', async () => {
    const { labels, session } = page(heap());
    const { ask, asked, answer } = later();
    const both = [tidy(session, ask), tidy(session, ask)];
    await answer();
    expect(await Promise.all(both)).toEqual([true, false]);
    expect([asked.length, labels]).toEqual([1, ['Tidy']]);
  });

  it('is called off by an edit that is taken back meanwhile', async () => {
    const { state, labels, session } = page(heap());
    const { ask, answer } = later();
    const done = tidy(session, ask);
    Object.assign(state, { design: moveItems(state.design, { 'users-1': { x: -500, y: -500 } }), canRedo: true });
    await answer();
    expect([await done, labels]).toEqual([false, []]);
  });

  it('is not called off by what could be redone before, nor by a look elsewhere', async () => {
    const { state, session } = page(heap());
    const { ask, answer } = later();
    state.canRedo = true;
    const done = tidy(session, ask);
    state.design = { ...state.design, view: { x: 1, y: 1, zoom: 0.5 } };
    await answer();
    expect(await done).toBe(true);
  });

  it('lets another document be that was opened meanwhile, which can be tidied itself', async () => {
    const { state, labels, session } = page(heap());
    const [first, second] = [later(), later()];
    const old = tidy(session, first.ask);
    Object.assign(state, { documentId: 'b', design: removeItems(heap(), ['service-2']) });
    const now = tidy(session, second.ask);
    await first.answer();
    expect([await old, labels]).toEqual([false, []]);
    await second.answer();
    expect([await now, labels]).toEqual([true, ['Tidy']]);
  });

  it('says why where it cannot be, changes nothing, and can be asked for again', async () => {
    const { labels, said, session } = page(heap());
    const gone: string[] = [];
    class Dead extends EventTarget {
      postMessage = (): void => void queueMicrotask(() => this.dispatchEvent(new Event('error', { cancelable: true })));
      terminate = (): void => void gone.push('gone');
    }
    expect(await tidy(session, (wiring) => layOut(wiring, () => new Dead() as unknown as Worker))).toBe(false);
    expect([said, labels, gone]).toEqual([['The board could not be laid out.'], [], ['gone']]);
    expect(await tidy(session, (wiring) => Promise.resolve(layered(wiring)))).toBe(true);
  });
});
