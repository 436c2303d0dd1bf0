/** The gate for designs from outside: what is refused, in which words, and what is repaired. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../src/design/catalogue.ts';
import { emptyDesign, limits } from '../src/design/design.ts';
import { gateDesign, gateDesignText } from '../src/design/gate.ts';
import { checkParam, fullParams, slimParams } from '../src/design/params.ts';
import { wireRefusal } from '../src/design/wires.ts';
import type { AnyKind } from '../src/kit/kind.ts';
import { choice, distribution, table, text, toggle, whole, type Params } from '../src/kit/param.ts';
import { kindOf } from '../src/kinds/index.ts';
import { anyDesign } from './design-arbitrary.ts';

const poolParams = {
  maxSequences: whole({ label: 'Max sequences', help: '', unit: 'count', default: 32, min: 1, max: 4096 }),
  thinkTime: distribution({ label: 'Think time', help: '', unit: 'seconds', default: { shape: 'exponential', mean: 1, cv: 1 }, min: 0, max: 60 }),
  policy: choice({ label: 'Policy', help: '', options: [{ value: 'fifo', label: 'first come' }, { value: 'lifo', label: 'last come' }], default: 'fifo' }),
  warm: toggle({ label: 'Warm', help: '', default: false }),
  tiers: table({ label: 'Tiers', help: '', default: [], maxRows: 2, columns: { tierName: text({ label: 'Name', help: '', default: 'a', maxLength: 5 }) } }),
};

/** A kind for tests: only what the gate looks at. */
function pretend(id: string, label: string, ports: AnyKind['ports'], params: Params = {}, migrations: AnyKind['migrations'] = []): AnyKind {
  return { id, label, ports, params, migrations } as unknown as AnyKind;
}

const pool = pretend('gpu-pool', 'GPU pool', { in: 'call', out: [{ wire: 'prefix', max: 1 }] }, poolParams, [({ max, ...rest }) => (max === undefined ? rest : { ...rest, maxSequences: max })]);
const cache = pretend('cache', 'Prefix cache', { in: 'prefix', out: [], refusal: 'a prefix cache attaches to GPU pools' });
const source = pretend('users', 'Users', { in: null, out: [{ wire: 'call', max: 2 }], refusal: 'traffic starts there' });
const book: Catalogue = { kindOf: (id) => [pool, cache, source].find((kind) => kind.id === id), link: { weight: whole({ label: 'Weight', help: '', unit: 'count', default: 1, min: 0, max: 10 }) } };

const node = (id: string, kind: string, extra: object = {}) => ({ id, kind, label: id, x: 0, y: 0, ...extra });
const why = (value: unknown): string => {
  const gated = typeof value === 'string' ? gateDesignText(value, book) : gateDesign(value, book);
  return gated.ok ? 'accepted' : gated.why;
};

describe('the gate refuses in one sentence', () => {
  it.each<[string, unknown, string]>([
    ['a limit of a parameter', { nodes: [node('llm', 'gpu-pool', { params: { maxSequences: 0 }, x: 1 })], kinds: { 'gpu-pool': 1 } }, 'GPU pool “llm”: max sequences must be between 1 and 4,096 (you gave 0).'],
    ['half a sequence', { nodes: [node('llm', 'gpu-pool', { params: { maxSequences: 1.5 } })] }, 'GPU pool “llm”: max sequences must be a whole number (you gave 1.5).'],
    ['an unknown word', { nodes: [node('llm', 'gpu-pool', { params: { policy: 'best' } })] }, 'GPU pool “llm”: policy must be one of “fifo”, “lifo” (you gave “best”).'],
    ['a distribution out of range', { nodes: [node('llm', 'gpu-pool', { params: { thinkTime: { shape: 'gamma', mean: 90, cv: 1 } } })] }, 'GPU pool “llm”: the mean of think time must be between 0 s and 60 s (you gave 90 s).'],
    ['a stray field of a distribution', { nodes: [node('llm', 'gpu-pool', { params: { thinkTime: { shape: 'gamma', mean: 1, cv: 1, p: 3 } } })] }, 'GPU pool “llm”: think time has no field “p”.'],
    ['a bad cell', { nodes: [node('llm', 'gpu-pool', { params: { tiers: [{ tierName: 'a' }, { tierName: 'far too long' }] } })] }, 'GPU pool “llm”: in row 2 of tiers, name must be at most 5 characters long (you gave 12).'],
    ['an unknown parameter', { nodes: [node('llm', 'gpu-pool', { params: { colour: 'red' } })] }, 'GPU pool “llm”: there is no parameter “colour”.'],
    ['an unknown kind', { nodes: [node('a', 'teapot')] }, '“a” is a “teapot”, a component that is not known here.'],
    ['a kind named after the machinery', { nodes: [node('a', 'constructor')] }, '“a” is a “constructor”, a component that is not known here.'],
    ['a newer kind', { nodes: [node('llm', 'gpu-pool')], kinds: { 'gpu-pool': 2 } }, 'GPU pool: this design was made by a newer version of Sandtable.'],
    ['a newer version', { version: 2 }, 'This design was made by a newer version of Sandtable.'],
    ['a repeated id', { nodes: [node('a', 'users'), node('a', 'users')] }, '“a” is used twice; everything on the board needs a name of its own.'],
    ['a dangling wire', { nodes: [node('u', 'users')], links: [{ from: 'u', to: 'gone' }] }, 'Wire 1: There is no component “gone” to wire.'],
    ['a wire into a source', { nodes: [node('llm', 'gpu-pool'), node('u', 'users')], links: [{ id: 'w', from: 'llm', to: 'u' }] }, 'Wire “w”: No wire can lead to “u” because traffic starts there.'],
    ['a bad wire parameter', { nodes: [node('u', 'users'), node('llm', 'gpu-pool')], links: [{ from: 'u', to: 'llm', params: { weight: -1 } }] }, 'The wire from “u” to “llm”: weight must be between 0 and 10 (you gave -1).'],
    ['an unknown field', { nodes: [node('u', 'users', { onclick: 'x' })] }, 'Component 1 (“u”) has a field “onclick” that is not known here.'],
    ['a field of the wrong type', { nodes: [node('u', 'users', { label: 7 })] }, 'Component 1 (“u”), label must be text.'],
    ['a missing field', { nodes: [{ kind: 'users' }] }, 'Component 1, id is missing.'],
    ['an id with a space', { nodes: [node('a b', 'users')] }, 'Component 1 (“a b”), id must be a short name of letters, digits, - and _.'],
    ['an id named after the machinery', { nodes: [node('toString', 'users')] }, '“toString” cannot be used as a name.'],
    ['too many components', { nodes: Array.from({ length: limits.nodes + 1 }, () => null) }, 'A design holds at most 500 components; this one has 501.'],
    ['a seed with a fraction', { nodes: [], run: { seed: 1.5 } }, 'Run, seed must be a whole number.'],
    ['an endless run', { nodes: [], run: { seconds: Infinity } }, 'Run, seconds must be a number.'],
    ['an objective into the machinery', { nodes: [], objectives: [{ metric: 'latency.constructor', relation: 'at most', limit: 1 }] }, '“latency.constructor” is no figure of a result.'],
    ['some other object', {}, 'This is not a design: it has no list of components (“nodes”).'],
    ['a number', 7, 'This is not a design.'],
    ['a list', '[]', 'This is not a design.'],
    ['half a file', '{"nodes":[', 'This is not JSON: it ends too early.'],
    ['a comma too many', '{"nodes":[\n  {"id": "a", "kind": "users"},\n]}', 'This is not JSON: it cannot be read in line 3, from “]}” on.'],
    ['a comma too few', '{"nodes":[]\n "links":[]}', 'This is not JSON: it cannot be read in line 2, from “"links":[]}” on.'],
    ['no number', '{"nodes":[],\n\n"run":{"seconds":NaN}}', 'This is not JSON: it cannot be read in line 3, from “NaN}}” on.'],
    ['a word without its quotation marks', '{nodes: []}', 'This is not JSON: it cannot be read in line 1, from “nodes: []}” on.'],
    ['a huge number', '{"nodes":[],"run":{"seconds":1e999}}', 'Run, seconds must be a number.'],
    ['a poisoned key', '{"__proto__":{"polluted":1}}', 'The key “__proto__” is not allowed.'],
    ['an escaped poisoned key', '{"nodes":[{"\\u005f_proto__":{}}]}', 'The key “__proto__” is not allowed.'],
    ['a deep poisoned key', '{"a":{"b":{"constructor":{"prototype":{}}}}}', 'The key “constructor” is not allowed.'],
    ['a nesting bomb', '['.repeat(100_000), 'This is nested more than 24 levels deep.'],
    ['a nesting bomb behind a string', `{"a":"\\"[[[","b":${'{"a":'.repeat(50)}`, 'This is nested more than 24 levels deep.'],
    ['a wide bomb', `[${'0,'.repeat(400_000)}0]`, 'This holds more than 150,000 values.'],
    ['too long a text', ' '.repeat(2 * 2 ** 20 + 1), 'This is 3 MiB of text; at most 2 MiB are read.'],
  ])('%s', (_, value, sentence) => expect(why(value)).toBe(sentence));
});

it('says of a fault what it may be and what it is', () => {
  const struck = (fault: Record<string, unknown>): string => {
    const gated = gateDesign({ nodes: [node('desk', 'service')], faults: [{ id: 'f', fault: 'slow', target: 'desk', at: 1, ...fault }] });
    return gated.ok ? '' : gated.why;
  };
  expect(struck({ amount: 0.5 })).toBe('Fault “f”: k of “Slow” must be from 1 to 1,000 (you gave 0.5).');
  expect(struck({ seconds: 60, repeat: 'every', every: 10 })).toBe('Fault “f”: it lasts 60 s and comes back every 10 s; it must be over before it comes back.');
  expect(struck({ target: 'gone' })).toBe('Fault “f”: there is nothing called “gone” on the board.');
});

describe('the gate repairs the harmless', () => {
  it('and says so', () => {
    const gated = gateDesign({ nodes: [node('u', 'users', { x: null, y: NaN })], groups: [{ id: 'z', label: 'Zone', x: 0, y: 0 }], view: { x: 0, zoom: 1 }, run: { seconds: 10, warmupSeconds: 20 } }, book);
    expect(gated.ok && gated.repairs).toEqual([
      'The position of “u” was unreadable; it was placed anew.',
      'The size of area “Zone” was unreadable and is now 480 × 320.',
      'The warm-up was longer than the run and was dropped.',
      'The stored view was unreadable; the whole board is shown.',
    ]);
    expect(gated.ok && gated.value.nodes[0]).toEqual({ id: 'u', kind: 'users', label: 'u', x: 0, y: 0, params: {} });
  });

  it('fills in what may be missing without a word', () => {
    expect(gateDesign({ nodes: [] }, book)).toEqual({ ok: true, value: emptyDesign, repairs: [] });
    const gated = gateDesign({ nodes: [{ id: 'u', kind: 'users', x: 0, y: 0 }, { id: 'llm', kind: 'gpu-pool', x: 0, y: 0 }], links: [{ from: 'u', to: 'llm' }] }, book);
    expect(gated.ok && [gated.value.nodes[0]!.label, gated.value.links[0]!.id, gated.repairs]).toEqual(['Users', 'link-1', []]);
  });

  it('takes parameters up their migrations, and only from the version they were written in', () => {
    const old = gateDesign({ nodes: [node('llm', 'gpu-pool', { params: { max: 8 } })] }, book);
    expect(old.ok && old.value.nodes[0]!.params).toEqual({ maxSequences: 8 });
    expect(why({ nodes: [node('llm', 'gpu-pool', { params: { max: 8 } })], kinds: { 'gpu-pool': 1 } })).toBe('GPU pool “llm”: there is no parameter “max” (perhaps “maxSequences”).');
  });

  it('keeps what it took: any design passes unchanged, and never pollutes a prototype', () => {
    fc.assert(fc.property(anyDesign(), (design) => {
      expect(gateDesign(JSON.parse(JSON.stringify(design)))).toEqual({ ok: true, value: design, repairs: [] });
    }), { numRuns: 150 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('wires', () => {
  const gated = gateDesign({ nodes: [node('u', 'users'), node('a', 'gpu-pool'), node('b', 'gpu-pool'), node('c', 'gpu-pool'), node('kv', 'cache')], links: [{ id: 'w1', from: 'u', to: 'a' }, { from: 'u', to: 'b' }, { from: 'a', to: 'kv' }] }, book);
  if (!gated.ok) throw new Error(gated.why);
  const refusal = (from: string, to: string, except?: string): string | null => wireRefusal(gated.value, from, to, except, book);

  it('are refused with a reason', () => {
    expect(refusal('a', 'a')).toBe('“a” cannot be wired to itself.');
    expect(refusal('u', 'a')).toBe('“u” is already wired to “a”.');
    expect(refusal('u', 'kv')).toBe('“u” cannot be wired to “kv” because a prefix cache attaches to GPU pools.');
    expect(refusal('kv', 'a')).toBe('No wire can start at “kv” because a prefix cache attaches to GPU pools.');
    expect(refusal('u', 'c')).toBe('“u” takes 2 such wires and has 2.');
    expect(refusal('u', 'c', 'w1')).toBeNull();
    expect(refusal('b', 'kv')).toBeNull();
  });
});

describe('parameters', () => {
  it('fill in defaults and leave them out again', () => {
    const stored = { maxSequences: 64, thinkTime: { cv: 1, mean: 1, shape: 'exponential' } };
    expect(slimParams(pool, stored)).toEqual({ maxSequences: 64 });
    expect(fullParams(pool, { maxSequences: 64 })).toEqual({ maxSequences: 64, thinkTime: poolParams.thinkTime.default, policy: 'fifo', warm: false, tiers: [] });
  });

  it('never throw, whatever they are given', () => {
    const users = kindOf('users');
    const specs = [...Object.values(poolParams), ...Object.values((users?.params ?? {}) as Params)];
    fc.assert(fc.property(fc.constantFrom(...specs), fc.anything({ withNullPrototype: true, withBigInt: false }), (spec, value) => {
      const checked = checkParam(spec, value);
      expect(checked.ok || checked.why.length > 0).toBe(true);
    }), { numRuns: 1000 });
  });
});
