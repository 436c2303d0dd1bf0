/** Links and files: nothing is lost on the way, everything fits, and nothing from outside gets past the gate. */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../src/design/catalogue.ts';
import { emptyDesign, type Design, type TimedEdit } from '../src/design/design.ts';
import * as edit from '../src/design/edit.ts';
import { faultDefaults } from '../src/design/faults.ts';
import { fromBase64url, toBase64url } from '../src/share/base64url.ts';
import { fileName, fromFile, openFile, toFile } from '../src/share/file.ts';
import { fromLink, isLink, openLink, toLink } from '../src/share/link.ts';
import { pack } from '../src/share/pack.ts';
import { anyDesign } from './design-arbitrary.ts';

const linked = (value: unknown): string => `#s1.${toBase64url(deflateRawSync(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))))}`;
const why = async (link: string): Promise<string> => {
  const gated = await fromLink(link);
  return gated.ok ? 'accepted' : gated.why;
};

/** Fifty components, each set up by hand, in rows as a person lays them out. */
function fifty(): Design {
  let design = edit.addNode(edit.renameDesign(emptyDesign, '70B endpoint, p99 50 ms'), 'users', 0, 0);
  design = edit.setNodeParam(design, 'users-1', 'arrivalRate', 347);
  design = edit.setNodeParam(design, 'users-1', 'inputTokens', { shape: 'lognormal', mean: 1500, cv: 1.2 });
  for (let i = 1; i <= 4; i++) design = edit.connect(edit.addNode(design, 'load-balancer', 300, 140 * i), i === 1 ? 'users-1' : 'load-balancer-1', `load-balancer-${i}`);
  for (let i = 1; i <= 45; i++) {
    const id = `service-${i}`;
    design = edit.addNode(design, 'service', 600 + 260 * ((i - 1) % 9), 140 * Math.floor((i - 1) / 9));
    design = edit.setNodeParam(design, id, 'serverCount', 4 + ((i * 7) % 29));
    design = edit.setNodeParam(design, id, 'serviceTime', { shape: 'lognormal', mean: (5 + ((i * 13) % 40)) / 1000, cv: 1.5 });
    design = edit.setNodeParam(design, id, 'waitingRoom', 16 * (1 + (i % 8)));
    design = edit.connect(design, `load-balancer-${1 + (i % 4)}`, id);
  }
  for (const [index, link] of design.links.entries()) design = edit.setLinkParam(design, link.id, 'linkLatency', { shape: 'gamma', mean: (1 + (index % 3)) / 2000, cv: 0.5 });
  design = edit.addObjective(design, { metric: 'latency.p99', relation: 'at most', limit: 0.05 });
  design = edit.addObjective(design, { metric: 'cost.usdPerHour', relation: 'at most', limit: 120 });
  return { ...edit.setRun(design, { seed: 20_240_117, seconds: 600, warmupSeconds: 30 }), view: { x: -120, y: 44, zoom: 0.825 } };
}

describe('a link', () => {
  it('holds a whole design and gives back the same', async () => {
    await fc.assert(fc.asyncProperty(anyDesign(), async (design) => {
      const link = await toLink(design);
      expect(link).toMatch(/^#s1\.[A-Za-z0-9_-]*$/);
      expect(await fromLink(`https://example.org/app/${link}`)).toEqual({ ok: true, value: design, repairs: [] });
    }), { numRuns: 150 });
  });

  it('holds fifty components with their configuration, seed, view and objectives in 2,000 characters', async () => {
    const design = fifty();
    const link = await toLink(design);
    expect(design.nodes.length).toBe(50);
    expect(design.links.length).toBe(49);
    expect(link.length).toBeLessThanOrEqual(2000);
    expect(await fromLink(link)).toEqual({ ok: true, value: design, repairs: [] });
  });

  it('holds a run: the design it began with and every edit at its moment', async () => {
    const start = fifty();
    const edits = Array.from({ length: 100 }, (_, k) => k).reduce<TimedEdit[]>((made, k) => {
      const before = made.at(-1)?.design ?? start;
      const fault = { ...faultDefaults('crash'), target: before.nodes.at(-1)!.id, at: k };
      const design = k % 3 === 2 ? edit.renameNode(before, before.nodes[k % 50]!.id, `Named at ${k}`) : edit.addFault(before, fault);
      return [...made, { time: k + 0.125, label: `Edit ${k}`, design }];
    }, []);
    const link = await toLink(start, edits);
    expect(await openLink(link)).toEqual({ ok: true, value: { design: start, edits }, repairs: [] });
    expect(await fromLink(link)).toMatchObject({ ok: true, value: start });
    expect(link.length).toBeLessThan(20_000);
    expect(openFile(toFile(edits.at(-1)!.design, { design: start, edits }))).toEqual({ ok: true, value: { design: start, edits }, repairs: [] });
    expect(fromFile(toFile(edits.at(-1)!.design, { design: start, edits }))).toEqual({ ok: true, value: edits.at(-1)!.design, repairs: [] });
  });

  it('holds a run whose edits take things away again', async () => {
    const whole = fifty();
    const edits: readonly TimedEdit[] = [{ time: 1, label: 'Clear', design: { ...emptyDesign, run: whole.run } }, { time: 1, label: 'Put back', design: whole }];
    expect(await openLink(await toLink(whole, edits))).toEqual({ ok: true, value: { design: whole, edits }, repairs: [] });
  });

  it('is refused with a sentence where the edits of its run are no such thing', async () => {
    const design = pack(fifty(), catalogue) as object;
    for (const e of [7, [7], [[]], [['1', 'x', {}]], [[-1, 'x', {}]], [[2, 'x', {}], [1, 'y', {}]], [[1, 'x', []]], [[1, 'x', null]], [[NaN, 'x', {}]]]) {
      expect(await openLink(linked({ ...design, e }))).toEqual({ ok: false, why: 'The edits of this run are damaged.' });
    }
    expect(await openLink(linked({ ...design, e: [[1, 'x', { k: ['no-such-kind'] }]] }))).toMatchObject({ ok: false, why: expect.stringMatching(/^Edit 1 of this run: /) });
    expect(await openLink(linked({ ...design, e: Array.from({ length: 101 }, (_, k) => [k, 'x', {}]) }))).toMatchObject({ ok: false, why: expect.stringMatching(/At most 100 edits/) });
  });

  it('is opened with what mail and chat leave behind it', async () => {
    const link = linked({ n: 'Sent around' });
    for (const behind of ['.', ')', '====', '%20%20', ' >', '…', '%22,', '\n']) expect(await fromLink(`https://example.org/${link}${behind}`), behind).toMatchObject({ ok: true, value: { name: 'Sent around' } });
    expect(await fromLink(`#s1.${'%'.repeat(250_000)}A`)).toMatchObject({ ok: false });
  });

  it('is opened without its run where a file’s run is damaged, and that is said', () => {
    const design = fifty();
    const text = JSON.stringify({ ...JSON.parse(toFile(design)) as object, history: { e: 3 } });
    expect(openFile(text)).toEqual({ ok: true, value: { design, edits: [] }, repairs: ['How its run went could not be read: The edits of this run are damaged.'] });
  });

  it('of an empty board is short', async () => {
    expect(await toLink(emptyDesign)).toBe('#s1.q64FAA');
    expect([isLink('#s1.q64FAA'), isLink('#about'), isLink('')]).toEqual([true, false, false]);
  });

  it('that was made by the first version opens for ever', async () => {
    const golden = '#s1.HY9BasQwDEWvYv5aExQ3mWG8K-0JSqFQ44VJxUxIcAbHk1BCoHfodbrrTXqSYm_El_7TF9oQYPC6TupD5mEGYYCxuM8SczNLXPpO4AgdjLVMtSPLxKXiWeYBRT5wHjXZcYQbjN3gY-wXP774JDBWt-x22kqkxKfpHhKMbdzuCGPJdmRLek5YYTaMfRjepL9cM6ndTrhkED6KP9QgvE9B1CNInzQdGtLtkeqzzvupgGFKUkCvslR_X99q7dNV_f6AaiZdbk2FHX2S0H1Wt_MZxMQVt9mMMPZER6byOhYYW5Mmrlq3_wM';
    expect(await fromLink(golden)).toEqual({ ok: true, repairs: [], value: {
      version: 1,
      name: 'Two desks',
      nodes: [
        { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 40, params: { arrivalRate: 250 } },
        { id: 'service-1', kind: 'service', label: 'Desk', x: 300, y: 40, params: { serverCount: 4 } },
      ],
      links: [{ id: 'link-1', from: 'users-1', to: 'service-1', params: { linkWeight: 2 } }],
      groups: [{ id: 'area-1', label: 'Zone A', x: 272, y: -4, width: 256, height: 192, level: 'area', latency: 0, usdPerGb: 0 }],
      faults: [],
      notes: [{ id: 'note-1', text: 'a note – with ü', x: 10, y: 20 }],
      objectives: [{ metric: 'latency.p99', relation: 'at most', limit: 0.05 }],
      run: { seed: 7, seconds: 60, warmupSeconds: 0, warmup: 'given', speed: 1, slice: 1 },
      view: { x: 1, y: 2, zoom: 0.5 },
    } });
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'This link holds no design.'],
    ['another anchor', '#about', 'This link holds no design.'],
    ['a later version', '#s2.abc', 'This link was made by a newer version of Sandtable.'],
    ['foreign characters', '#s1.q64F!A', 'This link is damaged: it was cut short or changed on its way.'],
    ['an impossible length', '#s1.q64FA', 'This link is damaged: it was cut short or changed on its way.'],
    ['a link cut short', linked({ n: 'x'.repeat(50) }).slice(0, -4), 'This link is damaged: it was cut short or changed on its way.'],
    ['an endless link', `#s1.${'A'.repeat(300_000)}`, 'This link is too long to be a design.'],
    ['a bomb of spaces', linked(' '.repeat(50_000_000)), 'This link unpacks to more than a design may hold.'],
    ['a bomb of brackets', linked('['.repeat(1_000_000)), 'This is nested more than 24 levels deep.'],
    ['a bomb of columns', linked({ k: ['service'], c: [[0]], p: [Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, []]))] }), 'This holds an object of more than 2,000 fields.'],
    ['many columns', linked({ k: ['service'], c: [[0]], p: [Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, []]))] }), 'This link is damaged: its contents are no design.'],
    ['a bomb of components', linked({ k: ['service'], c: [Array.from({ length: 100_000 }, () => 0)] }), 'This link holds more than a design may.'],
    ['a poisoned key', linked('{"__proto__":{"polluted":true}}'), 'The key “__proto__” is not allowed.'],
    ['a poisoned parameter', linked('{"k":["service"],"c":[[0],[0],[0],[0],[0]],"p":[{"constructor":[1]}]}'), 'The key “constructor” is not allowed.'],
    ['a list', linked([]), 'This link is damaged: its contents are no design.'],
    ['a wire from nowhere', linked({ l: [[0], [1], [0]] }), 'This link is damaged: its contents are no design.'],
    ['a kind from nowhere', linked({ k: [], c: [[3], [0], [0], [0], [0]] }), 'This link is damaged: its contents are no design.'],
  ])('with %s is refused', async (_, link, sentence) => {
    expect(await why(link)).toBe(sentence);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

/** Deterministic damage: characters swapped, cut, doubled or put in. */
function damaged(text: string, cuts: readonly (readonly [at: number, kind: number, code: number])[]): string {
  return cuts.reduce((whole, [at, kind, code]) => {
    const i = at % Math.max(1, whole.length);
    const letter = String.fromCharCode(code);
    if (kind === 0) return whole.slice(0, i) + letter + whole.slice(i + 1);
    if (kind === 1) return whole.slice(0, i);
    if (kind === 2) return whole.slice(0, i) + whole.slice(i, i + 40) + whole.slice(i);
    return whole.slice(0, i) + letter + whole.slice(i);
  }, text);
}

const anyDamage = fc.array(fc.tuple(fc.nat(100_000), fc.nat(3), fc.integer({ min: 32, max: 126 })), { minLength: 1, maxLength: 4 });

describe('the largest', () => {
  it('design there may be goes through link and file', async () => {
    const nodes = Array.from({ length: 500 }, (_, i) => ({ id: `service-${i + 1}`, kind: 'service', x: i, y: i, params: { serverCount: 1 + i } }));
    const links = Array.from({ length: 2000 }, (_, i) => ({ from: `service-${(i % 500) + 1}`, to: `service-${((i + 1 + Math.floor(i / 500)) % 500) + 1}` }));
    const opened = fromFile(JSON.stringify({ nodes, links }));
    if (!opened.ok) throw new Error(opened.why);
    const link = await toLink(opened.value);
    expect(await fromLink(link)).toEqual(opened);
  });
});

describe('damage', () => {
  it('to a link is survived within the cap', async () => {
    const link = await toLink(fifty());
    let worst = 0;
    await fc.assert(fc.asyncProperty(anyDamage, async (cuts) => {
      const began = performance.now();
      const gated = await fromLink(damaged(link, cuts));
      worst = Math.max(worst, performance.now() - began);
      expect(gated.ok || gated.why.length > 0).toBe(true);
    }), { numRuns: 15_000 });
    // Printed, not held: machines are shared. What bounds the time are the caps on length and output.
    console.info(`worst of 15,000 damaged links: ${worst.toFixed(0)} ms`);
  });

  it('to what a link holds, and to a file, is survived within the cap', async () => {
    const design = fifty();
    const packed = Buffer.from(fromBase64url((await toLink(design)).slice(4))!);
    const { inflateRawSync } = await import('node:zlib');
    const inner = inflateRawSync(packed).toString();
    const file = toFile(design);
    await fc.assert(fc.asyncProperty(anyDamage, async (cuts) => {
      const [link, text] = [await fromLink(linked(damaged(inner, cuts))), fromFile(damaged(file, cuts))];
      expect([link.ok || link.why.length > 0, text.ok || text.why.length > 0]).toEqual([true, true]);
    }), { numRuns: 7500 });
  });

  it('of any JSON in any place is survived', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.constantFrom('n', 'k', 'm', 'c', 'p', 'l', 'w', 'g', 't', 'o', 'r', 'v', 'z'), fc.jsonValue()), async (value) => {
      const gated = await fromLink(linked(value));
      expect(gated.ok || gated.why.length > 0).toBe(true);
    }), { numRuns: 1000 });
  });
});

describe('a file', () => {
  it('gives back the same design', () => {
    fc.assert(fc.property(anyDesign(), (design) => {
      expect(fromFile(toFile(design))).toEqual({ ok: true, value: design, repairs: [] });
    }), { numRuns: 60 });
  });

  it('is named after its design', () => {
    expect(fileName({ ...emptyDesign, name: '70B endpoint: p99 < 50 ms' })).toBe('70b-endpoint-p99-50-ms.sandtable.json');
    expect(fileName({ ...emptyDesign, name: '…/..' }, 'svg')).toBe('design.sandtable.svg');
  });
});

describe('base64url', () => {
  it('agrees with Node’s', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
    }), { numRuns: 300 });
  });
});
