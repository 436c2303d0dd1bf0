/** Tables of comma-separated values, as the reference figures come in. */
import { existsSync, readFileSync } from 'node:fs';

/** One line, by column name; an empty cell is ''. */
export type Line = Readonly<Record<string, string>>;

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

/** The lines of a table; none where there is no such file. */
export function readTable(file: string): Line[] {
  if (!existsSync(file)) return [];
  const [head, ...lines] = cells(readFileSync(file, 'utf8'));
  return head === undefined ? [] : lines.map((line) => Object.fromEntries(head.map((name, i) => [name, line[i] ?? ''])));
}

/** The number in a cell; NaN where there is none. */
export const numberIn = (line: Line, name: string): number => (line[name] === undefined || line[name] === '' ? NaN : Number(line[name]));
