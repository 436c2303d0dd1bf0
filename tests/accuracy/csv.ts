/** Tables of comma-separated values, as the reference figures come in. */
import { existsSync } from 'node:fs';
import { textOf, Unusable } from './files.ts';

/** One line, by column name; an empty cell is ''. */
export type Line = Readonly<Record<string, string>>;

/** What a table must have, and which of its columns hold numbers, some of them whole ones (an empty cell is none stated). */
export interface Columns {
  readonly needed: readonly string[];
  readonly numbers: readonly string[];
  readonly whole?: readonly string[];
}

/** One line of a file: its number as worksheets count (the head is 1), and why it cannot be read, null where it can. */
export interface Row {
  readonly at: number;
  readonly line: Line;
  readonly fault: string | null;
}

/** A line that is not used. */
export interface LeftOut {
  readonly id: string;
  readonly why: string;
}

/** Cells of a whole text, quotes taken off (a doubled quote inside stands for one). */
function cells(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/g)) {
    lines.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === '') break;
    if (end !== ',') lines.push([]);
  }
  return lines.filter((line) => line.length > 1 || line[0] !== '');
}

/** The number in a cell; NaN where there is none. */
export const numberIn = (line: Line, name: string): number => (line[name] === undefined || line[name] === '' ? NaN : Number(line[name]));

function faultOf(line: Line, count: number, head: readonly string[], { numbers, whole = [] }: Columns): string | null {
  if (count !== head.length) return `does not parse: ${count < head.length ? 'fewer' : 'more'} cells than columns`;
  const wrong = numbers.find((name) => (line[name] ?? '') !== '' && !(numberIn(line, name) >= 0 && numberIn(line, name) < Infinity));
  if (wrong !== undefined) return `does not parse: ${wrong} is no number from 0 up`;
  const broken = whole.find((name) => (line[name] ?? '') !== '' && !Number.isSafeInteger(numberIn(line, name)));
  return broken === undefined ? null : `does not parse: ${broken} is no whole number`;
}

/** The rows of a table; none where there is no such file. Refuses a table that lacks a column. */
export function rowsOf(file: string, columns: Columns): Row[] {
  if (!existsSync(file)) return [];
  const [head = [], ...lines] = cells(textOf(file).replace(/^\uFEFF/, ''));
  const lacking = columns.needed.filter((name) => !head.includes(name));
  if (lacking.length > 0) throw new Unusable(`${file} lacks the ${lacking.length === 1 ? 'column' : 'columns'} ${lacking.join(', ')}.`);
  return lines.map((found, i) => {
    const line = Object.fromEntries(head.map((name, k) => [name, found[k] ?? '']));
    return { at: i + 2, line, fault: faultOf(line, found.length, head, columns) };
  });
}
