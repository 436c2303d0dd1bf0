/**
 * `npm run accuracy [-- --truth DIR] [--json] [--left-out] [--folds] [--readme] [--fit [--write]]`: how far simulated figures are from measured ones, family by family,
 * over any folder laid out like the reference figures. `--left-out` lists every row that is not used; `--folds` leaves out whole models, GPUs and degrees of
 * tensor parallelism and fits to the rest; `--fit` fits all constants anew and prints them, `--write` puts them into their file. `--readme` puts the tables
 * into the README.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { casesOf, type Case, type LeftOut } from './cases.ts';
import { families } from './families.ts';
import { folds, type Fold } from './folds.ts';
import { kernelsOf, type Kernel } from './micro.ts';
import { noted } from './notes.ts';
import { rendered, writeTable } from './render.ts';
import { replayErrors, replaysOf } from './replays.ts';
import { foldMarkdown, foldTable, groupMarkdown, groupTable, reasonTable, replayTable, streamTable, type Group } from './report.ts';
import { errorsOf } from './runs.ts';
import { fittedTo, type Measurements } from './stages.ts';
import { summed } from './statistics.ts';
import { streamsOf } from './streams.ts';
import { blank, looked, present } from './table.ts';

/** Everything found out about a folder. */
interface Accuracy {
  readonly groups: readonly Group[];
  readonly micro: readonly Group[];
  readonly streams: ReturnType<typeof streamsOf>;
  readonly replays: readonly { readonly name: string; readonly errors: Readonly<Record<string, number>> }[];
  readonly leftOut: readonly LeftOut[];
}

/** Median error a kind of kernel may have. */
const MICRO_BAR = 0.1;

function groupsOf(cases: readonly Case[]): { readonly groups: readonly Group[]; readonly failed: readonly LeftOut[] } {
  const failed: LeftOut[] = [];
  const errors = new Map(cases.map((c) => [c, errorsOf(c, looked(present, c.software, c.setup.gpu.generation))]));
  for (const [c, e] of errors) if (Object.values(e).some((x) => !Number.isFinite(x))) failed.push({ id: c.id, why: 'does not fit into memory as described' });
  const groups = families.map(({ name, figure, of, bar }) => {
    const mine = [...errors].filter(([c]) => of(c)).flatMap(([, e]) => (e[figure] !== undefined && Number.isFinite(e[figure]) ? [e[figure]!] : []));
    return { name, bar, ...summed(mine) };
  });
  return { groups: groups.filter((g) => g.rows > 0), failed };
}

function microOf(kernels: readonly Kernel[]): Group[] {
  const error = (k: Kernel): number => k.seconds(looked(present, undefined, k.gpu.generation)) / k.measuredSeconds - 1;
  const kinds = [...new Set(kernels.map((k) => k.kind))];
  return kinds.map((kind) => ({ name: `kernels: ${kind}`, bar: MICRO_BAR, ...summed(kernels.filter((k) => k.kind === kind).map(error)) }));
}

function accuracyOf(folder: string, m: Measurements, leftOut: readonly LeftOut[]): Accuracy {
  const { groups, failed } = groupsOf(m.cases);
  const replays = m.replays.map((r) => ({ name: r.name, errors: replayErrors(r, looked(present, 'vllm', r.setup.gpu.generation)) }));
  return { groups, micro: microOf(m.kernels), streams: streamsOf(folder), replays, leftOut: [...leftOut, ...failed] };
}

function told(a: Accuracy, all: boolean): string {
  const parts = [groupTable([...a.groups, ...a.micro]), streamTable(a.streams), replayTable(a.replays), all ? a.leftOut.map(({ id, why }) => `left out: ${id}: ${why}`).join('\n') : reasonTable(a.leftOut)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Puts a table between its marks in the README. */
function intoReadme(name: string, block: string): void {
  const text = readFileSync('README.md', 'utf8');
  writeFileSync('README.md', text.replace(new RegExp(`(<!-- ${name}: [^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`), (_, open: string, close: string) => `${open}${block}\n${close}`));
}

function refitted(m: Measurements, write: boolean): void {
  const table = noted(m, fittedTo(m, blank(present), (stage, trials) => process.stderr.write(`${stage}: ${trials} measurements\n`)));
  if (write) writeTable(table);
  else process.stdout.write(rendered(table));
}

function main(words: readonly string[]): void {
  const at = words.indexOf('--truth');
  const folder = at < 0 ? '../shared/truth' : (words[at + 1] ?? '');
  if (!existsSync(folder)) return void process.stdout.write(`There is no folder ${folder}: nothing to compare with. Name one with --truth.\n`);
  const { cases, leftOut } = casesOf(folder);
  const { replays, leftOut: without } = replaysOf(folder);
  const m: Measurements = { cases, replays, kernels: kernelsOf(folder) };
  if (words.includes('--fit')) return refitted(m, words.includes('--write'));
  if (words.includes('--folds')) return crossValidated(m, words);
  const a = accuracyOf(folder, m, [...leftOut, ...without]);
  if (words.includes('--readme')) intoReadme('accuracy', groupMarkdown([...a.groups, ...a.micro]));
  process.stdout.write(words.includes('--json') ? `${JSON.stringify(a)}\n` : `${told(a, words.includes('--left-out'))}\n`);
}

function crossValidated(m: Measurements, words: readonly string[]): void {
  const all: Fold[] = folds(m, blank(present), (fold) => process.stderr.write(`${fold.division} ${fold.left}\n`));
  if (words.includes('--readme')) intoReadme('folds', foldMarkdown(all));
  process.stdout.write(words.includes('--json') ? `${JSON.stringify(all)}\n` : `${foldTable(all)}\n`);
}

main(process.argv.slice(2));
