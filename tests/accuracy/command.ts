/**
 * `npm run accuracy [-- --truth DIR] [--json] [--left-out] [--folds] [--readme] [--fit [--write]]`: how far simulated figures are from measured ones, family by family,
 * over any folder laid out like the reference figures. `--left-out` lists every row that is not used; `--folds` leaves out whole models, GPUs, degrees of
 * tensor parallelism and quarters of all configurations and fits to the rest; `--fit` fits all constants anew and prints them, `--write` puts them into their file. `--readme` puts the tables
 * into the README.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { accuracyOf, fittable, groupsOf, misses, type Accuracy } from './compared.ts';
import { faultOfFolder, Unusable } from './files.ts';
import { folds, quarters } from './folds.ts';
import { noted } from './notes.ts';
import { optionsOf, type Options } from './options.ts';
import { rendered, writeTable } from './render.ts';
import { foldMarkdown, foldTable, groupMarkdown, groupTable, reasonTable, replayTable, replayTimes, replayVerdict, streamTable, streamVerdict, verdict } from './report.ts';
import { replayBars } from './replays.ts';
import { fittedTo, type Measurements } from './stages.ts';
import { streamBar } from './streams.ts';
import { blank, present } from './table.ts';

/** How the command ends: 0 where all bars are kept, 1 where one is missed, 2 where it cannot do what it is asked; and what it says. */
export interface Answer {
  readonly code: 0 | 1 | 2;
  readonly out: string;
  readonly err: string;
}

/** Hears how far a long run has come. */
type Told = (line: string) => void;

/** Everything for programs, with bars and verdicts. */
function json({ groups, micro, streams, replays, leftOut }: Accuracy): string {
  const judged = (of: Accuracy['groups']): object[] => of.map((g) => ({ ...g, verdict: verdict(g) }));
  return JSON.stringify({
    groups: judged(groups),
    micro: judged(micro),
    streams: streams.map((s) => ({ ...s, bar: streamBar, verdict: streamVerdict(s) })),
    replays: replays.map((r) => ({ ...r, bars: replayBars, verdicts: Object.fromEntries(replayTimes.map((time) => [time, replayVerdict(r.errors, time)])) })),
    leftOut,
  });
}

/** Everything for people; all that is left out line by line, or only how often for which reason. */
function told(a: Accuracy, all: boolean): string {
  const parts = [groupTable([...a.groups, ...a.micro]), streamTable(a.streams), replayTable(a.replays), all ? a.leftOut.map(({ id, why }) => `left out: ${id}: ${why}`).join('\n') : reasonTable(a.leftOut)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Puts a table between its marks in the README. */
function intoReadme(name: string, block: string): void {
  const text = readFileSync('README.md', 'utf8');
  writeFileSync('README.md', text.replace(new RegExp(`(<!-- ${name}: [^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`), (_, open: string, close: string) => `${open}${block}\n${close}`));
}

function refitted(m: Measurements, write: boolean, progress: Told): string {
  const table = noted(m, fittedTo(m, blank(present), (stage, trials) => progress(`${stage}: ${trials} measurements`)));
  if (!write) return rendered(table);
  writeTable(table);
  return '';
}

function crossValidated(m: Measurements, { given }: Options, progress: Told): string {
  const all = folds(m, blank(present), (fold) => progress(`${fold.division} ${fold.left}`));
  const configurations = groupsOf(quarters(m, blank(present), progress));
  if (given.has('--readme')) {
    intoReadme('folds', foldMarkdown(all));
    intoReadme('configurations', groupMarkdown(configurations));
  }
  return `${given.has('--json') ? JSON.stringify({ folds: all, configurations }) : `${foldTable(all)}\n\n${groupTable(configurations)}`}\n`;
}

function compared({ truth, given }: Options): Answer {
  const a = accuracyOf(truth);
  if (given.has('--readme')) intoReadme('accuracy', groupMarkdown([...a.groups, ...a.micro]));
  return { code: misses(a) ? 1 : 0, out: `${given.has('--json') ? json(a) : told(a, given.has('--left-out'))}\n`, err: '' };
}

function done(options: Options, progress: Told): Answer {
  const { truth, given } = options;
  if (given.has('--fit')) return { code: 0, out: refitted(fittable(truth), given.has('--write'), progress), err: '' };
  if (given.has('--folds')) return { code: 0, out: crossValidated(fittable(truth), options, progress), err: '' };
  return compared(options);
}

/** What the command comes to when called with those words. */
export function answered(words: readonly string[], progress: Told = () => {}): Answer {
  const refused = (why: string): Answer => (words.includes('--json') ? { code: 2, out: `${JSON.stringify({ error: why })}\n`, err: '' } : { code: 2, out: '', err: `${why}\n` });
  const options = optionsOf(words);
  if (typeof options === 'string') return refused(options);
  try {
    const fault = faultOfFolder(options.truth);
    return fault === null ? done(options, progress) : refused(fault);
  } catch (error) {
    if (error instanceof Unusable) return refused(error.message);
    throw error;
  }
}
