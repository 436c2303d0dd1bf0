/** The rules of the house, held against the house itself; and small houses with one fault each, which must not pass. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { circles, impurities, longFunctions, nameRefusals, ordinary, pageRefusals, rules, spokenParams, strangeWords, unexplained, unlistedKinds, useRefusals, type Rule, type Tree } from './floors.ts';

const root = new URL('../', import.meta.url);
const readable = /\.(tsx?|mts|mjs|js|css|html|json|md|svg)$/;
const places = ['src', 'workers', 'tests', 'e2e', 'public', 'scenarios'];
const single = ['README.md', 'index.html', 'package.json', 'vite.config.ts', 'playwright.config.ts', 'eslint.config.js', '.ci/run'];

function house(): Tree {
  const inside = places.flatMap((place) => readdirSync(new URL(place, root), { recursive: true, encoding: 'utf8' }).map((file) => `${place}/${file.replaceAll('\\', '/')}`));
  const files = [...inside.filter((path) => readable.test(path)), ...single];
  return new Map(files.map((path) => [path, readFileSync(new URL(path, root), 'utf8')]));
}

describe('the house', () => {
  const tree = house();
  it.each(Object.keys(rules))('keeps its rules: %s', (name) => {
    const wrong = rules[name]!(tree);
    expect(wrong.length, wrong.join('\n')).toBe(0);
  });

  it('excuses no word that needs no excuse', () => {
    const names = [...tree].filter(([path]) => path.startsWith('src/kinds/')).map(([, text]) => text).join('\n');
    for (const word of Object.keys(ordinary)) expect(names).toMatch(new RegExp(`^\\s+${word}: \\w+\\(`, 'm'));
  });
});

/** A file of that many lines of code inside one function. */
const long = (lines: number): string => `/** A. */\nfunction f() {\n${'  g();\n'.repeat(lines - 2)}}\n`;
const kindFile = (param: string): string => `/** A kind. */\nconst params = { ${param}: whole({ min: 1 }) };\n/** K. */\nexport const k = defineKind({ params });\n`;
const index = `/** The list. */\nimport { k } from './a.ts';\n/** All. */\nexport const kinds = [k];\n`;

/** A rule, a tree with one fault, and what the sentence must name. */
const faults: readonly (readonly [what: string, rule: Rule, files: Readonly<Record<string, string>>, names: RegExp])[] = [
  ['an arrow up', useRefusals, { 'src/engine/a.ts': "import { b } from '../units/b.ts';" }, /engine may not use units/],
  ['a type from above', useRefusals, { 'src/kit/a.ts': "import type { B } from '../kinds/b.ts';" }, /kit may not use kinds/],
  ['an arrow sideways', useRefusals, { 'src/share/a.ts': "import { b } from '../run/b.ts';" }, /share may not use run/],
  ['a late import', useRefusals, { 'src/run/a.ts': "const b = await import('../session/b.ts');" }, /run may not use session/],
  ['the page from the session', useRefusals, { 'src/session/a.ts': "import '../page/b.tsx';" }, /session may not use page/],
  ['the command line from the page', useRefusals, { 'src/page/a.ts': "import '../cli/b.ts';" }, /page may not use cli/],
  ['the session from a worker', useRefusals, { 'workers/a.ts': "import '../src/session/b.ts';" }, /workers may not use session/],
  ['a worker as code', useRefusals, { 'src/session/a.ts': "import '../../workers/b.ts';" }, /instead of its address/],
  ['a package in a pure room', useRefusals, { 'src/kinds/a.ts': "import { min } from 'd3-array';" }, /package d3-array/],
  ['Node in the page’s engine', useRefusals, { 'src/run/a.ts': "import { readFileSync } from 'node:fs';" }, /package node/],
  ['a room nobody knows', useRefusals, { 'src/attic/a.ts': '' }, /no room/],
  ['two rooms of the page', pageRefusals, { 'src/page/charts/a.ts': "import { b } from '../canvas/b.ts';" }, /charts may not use its canvas/],
  ['a shared file of the page that knows a room', pageRefusals, { 'src/page/a.ts': "import { b } from './canvas/b.ts';" }, /shared file/],
  ['a circle of two', circles, { 'src/run/a.ts': "import './b.ts';", 'src/run/b.ts': "import './a.ts';" }, /a\.ts → src\/run\/b\.ts → src\/run\/a\.ts/],
  ['a circle of types', circles, { 'src/run/a.ts': "import type { B } from './b.ts';", 'src/run/b.ts': "import './c.ts';", 'src/run/c.ts': "import './a.ts';" }, /circle/],
  ['a barrel', nameRefusals, { 'src/run/index.ts': '' }, /barrel/],
  ['a file that passes on', nameRefusals, { 'src/run/all.ts': "export * from './a.ts';" }, /passes on/],
  ['a name that says nothing', nameRefusals, { 'src/run/time-utils.ts': '' }, /says nothing/],
  ['a default export', nameRefusals, { 'src/run/a.ts': 'export default 1;' }, /by default/],
  ['a default function', nameRefusals, { 'src/run/a.ts': 'export default function f() {}' }, /by default/],
  ['a kind left off the list', unlistedKinds, { 'src/kinds/index.ts': index, 'src/kinds/a.ts': kindFile('one'), 'src/kinds/b/b.ts': kindFile('two') }, /b\/b\.ts declares a kind/],
  ['a parameter spoken of in code', spokenParams, { 'src/kinds/a.ts': kindFile('slotCount'), 'src/page/b.ts': 'node.params.slotCount;' }, /page\/b\.ts:1 speaks of “slotCount”/],
  ['a parameter spoken of as text', spokenParams, { 'src/kinds/a.ts': kindFile('slotCount'), 'src/run/b.ts': "read('nodes.slotCount');" }, /speaks of/],
  ['a parameter of another kind', spokenParams, { 'src/kinds/a.ts': kindFile('slotCount'), 'src/kinds/b.ts': 'v.slotCount;' }, /kinds\/b\.ts:1 speaks of/],
  ['a parameter with two homes', spokenParams, { 'src/kinds/a.ts': kindFile('slotCount'), 'src/kinds/b.ts': kindFile('slotCount') }, /one home/],
  ['chance', impurities, { 'src/kinds/a.ts': 'Math.random();' }, /Math\.random/],
  ['a clock', impurities, { 'src/design/a.ts': 'Date.now();' }, /Date\.now/],
  ['today', impurities, { 'src/design/a.ts': 'new Date();' }, /new Date/],
  ['a logarithm', impurities, { 'src/kit/a.ts': 'Math.log(2);' }, /Math\.log/],
  ['a power', impurities, { 'src/engine/a.ts': 'x ** y;' }, /\*\*/],
  ['a timer', impurities, { 'src/run/a.ts': 'setTimeout(f, 1);' }, /setTimeout/],
  ['the page’s clock', impurities, { 'src/engine/a.ts': 'performance.now();' }, /performance/],
  ['a long function', longFunctions, { 'src/page/a.ts': long(61) }, /61 lines/],
  ['an export without a sentence', unexplained, { 'src/run/a.ts': '/** A. */\nimport "b";\nexport const c = 1;' }, /exports c without/],
  ['an opening taken for a sentence', unexplained, { 'src/run/a.ts': '/** A. */\nexport const c = 1;' }, /exports c without/],
  ['a file that does not say what it is', unexplained, { 'src/run/a.ts': 'const a = 1;' }, /does not open/],
  ['a second block of exports without one', unexplained, { 'src/run/a.ts': '/** A. */\nimport "b";\n\n/** B. */\nexport const b = 1;\nexport const c = 1;\n\nexport const d = 1;' }, /^src\/run\/a\.ts:8 exports d/],
  ['a path of a machine', strangeWords, { 'tests/a.ts': ["read('", 'home', "someone/x')"].join('/') }, /machine/],
  ['a note to self', strangeWords, { 'src/run/a.ts': ['// TO', 'DO later'].join('') }, /undone/],
];

describe('a fault is named', () => {
  it.each(faults)('%s', (_, rule, files, names) => {
    const found = rule(new Map(Object.entries(files)));
    expect(found.join('\n')).toMatch(names);
  });
});

/** What looks like a fault and is none. */
const fine: readonly (readonly [what: string, rule: Rule, files: Readonly<Record<string, string>>])[] = [
  ['arrows down', useRefusals, { 'src/page/charts/a.tsx': "import React from 'react';\nimport { b } from '../../session/b.ts';", 'src/design/a.ts': "import * as z from 'zod/mini';\nimport '../kinds/index.ts';" }],
  ['a worker by its address', useRefusals, { 'src/session/a.ts': "import url from '../../workers/b.ts?worker&url';" }],
  ['a shared file in a room', pageRefusals, { 'src/page/charts/a.ts': "import { live } from '../live.ts';\nimport './b.css';" }],
  ['the app in all rooms', pageRefusals, { 'src/page/app.tsx': "import { b } from './canvas/b.ts';" }],
  ['a diamond', circles, { 'src/run/a.ts': "import './b.ts';\nimport './c.ts';", 'src/run/b.ts': "import './d.ts';", 'src/run/c.ts': "import './d.ts';", 'src/run/d.ts': '' }],
  ['a parameter at home, and in a comment', spokenParams, { 'src/kinds/a/a.ts': kindFile('slotCount'), 'src/kinds/a/more.ts': 'v.slotCount;', 'src/run/b.ts': '// slotCount\nsay("a slotCount of three");' }],
  ['a kind on the list', unlistedKinds, { 'src/kinds/index.ts': index, 'src/kinds/a.ts': kindFile('one') }],
  ['roots and constants', impurities, { 'src/engine/a.ts': 'Math.sqrt(2 ** 32); node.process; clock.performance;' }],
  ['a clock on the page', impurities, { 'src/page/a.ts': 'performance.now();' }],
  ['a block under one sentence, and a file’s namesake', unexplained, { 'src/run/two-lanes.ts': '/** A. */\nimport "b";\n\n/** B. */\nexport const b = 1;\nexport const c = 1;\n\nexport class TwoLanes {}' }],
  ['sixty lines with comments and gaps', longFunctions, { 'src/page/a.ts': long(60).replace('g();', '// why\n\n  g();') }],
];

describe('what is right passes', () => {
  it.each(fine)('%s', (_, rule, files) => {
    expect(rule(new Map(Object.entries(files)))).toEqual([]);
  });
});
