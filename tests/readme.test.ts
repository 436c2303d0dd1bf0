/** The README against the program: its tables are written from the code, its commands and links exist. `UPDATE_README=1` rewrites the tables. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kindsTable } from '../src/cli/kinds.ts';
import { gateScenarioText } from '../src/design/scenario.ts';
import { kinds } from '../src/kinds/index.ts';

const root = new URL('../', import.meta.url);
const file = new URL('README.md', root);
const scenarios = new URL('scenarios/', root);

/** One line per scenario: its title, linked, and the first sentence of its brief. */
function scenarioList(): string {
  const names = existsSync(scenarios) ? readdirSync(scenarios).filter((name) => name.endsWith('.json')).sort() : [];
  return names.map((name) => scenarioLine(name)).join('\n');
}

function scenarioLine(name: string): string {
  const gated = gateScenarioText(readFileSync(new URL(name, scenarios), 'utf8'));
  if (!gated.ok) throw new Error(`${name}: ${gated.why}`);
  const [first] = /^.*?[.!?](?=\s|$)/s.exec(gated.value.brief) ?? [gated.value.brief];
  return `- [${gated.value.title}](scenarios/${name}): ${first.replaceAll('\n', ' ')}`;
}

/** The text with what stands between the markers of that name replaced. */
function withBlock(text: string, name: string, block: string): string {
  const between = new RegExp(`(<!-- ${name}: [^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!between.test(text)) throw new Error(`The README has no markers for ${name}.`);
  return text.replace(between, (_, open: string, close: string) => `${open}${block}\n${close}`);
}

describe('the README', () => {
  const written = (text: string): string => withBlock(withBlock(text, 'kinds', kindsTable(kinds)), 'scenarios', scenarioList());
  if (process.env['UPDATE_README']) writeFileSync(file, written(readFileSync(file, 'utf8')));
  const text = readFileSync(file, 'utf8');

  it('has the tables that the code makes (UPDATE_README=1 npx vitest run tests/readme.test.ts writes them)', () => {
    expect(text).toBe(written(text));
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path]) => path!);
    expect(links.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { readonly scripts: Record<string, string>; readonly dependencies: Record<string, string> };

  it('speaks of scripts that exist', () => {
    const spoken = new Set([...text.matchAll(/npm (?:run (?:-s )?)?(start|test|[a-z]+)(?=[\s`])/g)].map(([, name]) => name!).filter((name) => name !== 'install' && name !== 'run'));
    expect([...spoken].filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  });

  it('gives a reason for every dependency', () => {
    const table = text.slice(text.indexOf('| Package | Why |'));
    expect(Object.keys(manifest.dependencies).filter((name) => !new RegExp(`[|,] ${name}[, ]`).test(table))).toEqual([]);
  });
});
