/**
 * Request traces from outside: CSV as Azure published its LLM inference traces, and JSON lines as Mooncake did. Bad rows are
 * counted and named by line; what is good is replayed.
 */
import type { Trace } from '../engine/trace.ts';

/** Longest trace that is read, in UTF-16 units. */
export const longestTrace = 64 * 1024 * 1024;

/** Tokens one block of a Mooncake trace stands for (their README: “each hash id … a block of 512 tokens”). */
const mooncakeBlockSize = 512;

const mostBadShown = 20;
const mostTokens = 1e9;
const mostBlocks = 1e8;

/** A row that was left out, by its line in the file (the first line is 1). */
export interface BadRow {
  readonly line: number;
  readonly why: string;
}

/** A trace with what had to be left out or put right, or one sentence that says why the text is no trace. */
export type ParsedTrace =
  | { readonly ok: true; readonly trace: Trace; readonly rows: number; readonly bad: readonly BadRow[]; readonly badCount: number; readonly sorted: boolean; readonly notes: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** Growing columns; `order` is not kept because sorting is stable. */
interface Rows {
  readonly seconds: number[];
  readonly input: number[];
  readonly output: number[];
  readonly blocks: (readonly number[])[];
  readonly bad: BadRow[];
  badCount: number;
  blockCount: number;
}

/** One row taken, or why not. */
type RowReader = (line: string, rows: Rows) => string | null;

/** Reads a trace under the name that parameters will know it by. */
export function parseTrace(name: string, text: string): ParsedTrace {
  if (text.length > longestTrace) return { ok: false, why: `A trace may be ${longestTrace / 2 ** 20} MiB long; this one is longer.` };
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const head = firstLine(text, start);
  const json = head.line.startsWith('{');
  const reader = json ? readJsonRow : csvReader(head.line);
  if (!reader) return { ok: false, why: 'This is no trace: the first line must be TIMESTAMP,ContextTokens,GeneratedTokens, or every line a JSON object with timestamp, input_length and output_length.' };
  const rows = readLines(text, json ? start : head.end, json ? 1 : head.number + 1, reader);
  if (rows.seconds.length === 0) return { ok: false, why: noRows(rows) };
  return finished(name, rows, json);
}

function noRows(rows: Rows): string {
  const [first] = rows.bad;
  return first ? `No row of this trace can be used; line ${first.line}: ${first.why}.` : 'This trace has no rows.';
}

/** The first line that is not blank, its number, and where the text after it starts. */
function firstLine(text: string, start: number): { readonly line: string; readonly number: number; readonly end: number } {
  for (let at = start, number = 1; at < text.length; number++) {
    const end = lineEnd(text, at);
    const line = text.slice(at, Math.min(end, at + 1000)).trim();
    if (line !== '') return { line, number, end: end + 1 };
    at = end + 1;
  }
  return { line: '', number: 1, end: text.length };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function readLines(text: string, start: number, firstNumber: number, reader: RowReader): Rows {
  const rows: Rows = { seconds: [], input: [], output: [], blocks: [], bad: [], badCount: 0, blockCount: 0 };
  for (let at = start, number = firstNumber; at < text.length; number++) {
    const end = lineEnd(text, at);
    const line = text.slice(at, end).trim();
    const why = line === '' ? null : reader(line, rows);
    if (why !== null && ++rows.badCount <= mostBadShown) rows.bad.push({ line: number, why });
    at = end + 1;
  }
  return rows;
}

/** A reader for rows under this header, or null where the header names no time and tokens. */
function csvReader(header: string): RowReader | null {
  const names = header.split(',').map((name) => unquoted(name).toLowerCase().replace(/[^a-z]/g, ''));
  const column = (...known: readonly string[]): number => names.findIndex((name) => known.includes(name));
  const time = column('timestamp', 'time', 'arrival');
  const input = column('contexttokens', 'inputtokens', 'inputlength', 'prompttokens');
  const output = column('generatedtokens', 'outputtokens', 'outputlength', 'completiontokens');
  if (time < 0 || input < 0 || output < 0) return null;
  let epoch = NaN;
  return (line, rows) => {
    const cells = line.split(',').map(unquoted);
    if (cells.length < names.length) return `it has ${cells.length} of ${names.length} columns`;
    const [seconds, fraction] = moment(cells[time]!);
    // Counted from the first row on, so that a date's many digits leave room for those behind the point.
    if (Number.isNaN(epoch)) epoch = seconds;
    return take(rows, seconds - epoch + fraction, whole(cells[input]!), whole(cells[output]!), []);
  };
}

function unquoted(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/, '$1').trim();
}

function whole(cell: string): number {
  return /^\d+(\.0*)?$/.test(cell) ? Number(cell) : NaN;
}

const stamp = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:Z|([+-])(\d{2}):?(\d{2}))?$/;

/** Whole seconds and their fraction, of a date and time or of a plain number of seconds; NaN where it is neither. */
function moment(cell: string): readonly [seconds: number, fraction: number] {
  const match = stamp.exec(cell);
  if (!match) return [/^\d+(\.\d+)?$/.test(cell) ? Number(cell) : NaN, 0];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return [NaN, 0];
  const zone = match[8] ? (Number(match[9]) * 60 + Number(match[10])) * 60 * (match[8] === '-' ? -1 : 1) : 0;
  return [Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - zone, Number(`0${match[7] ?? '.0'}`)];
}

function readJsonRow(line: string, rows: Rows): string | null {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return 'it is not JSON';
  }
  if (typeof row !== 'object' || row === null) return 'it is no object';
  const { timestamp, input_length, output_length, hash_ids } = row as Record<string, unknown>;
  const blocks = hash_ids ?? [];
  if (!Array.isArray(blocks) || !blocks.every((one) => Number.isInteger(one) && one >= 0 && one < 2 ** 31)) return 'hash_ids is no list of whole numbers';
  return take(rows, typeof timestamp === 'number' ? timestamp / 1000 : NaN, asNumber(input_length), asNumber(output_length), blocks as number[]);
}

function asNumber(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : NaN;
}

function take(rows: Rows, seconds: number, input: number, output: number, blocks: readonly number[]): string | null {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 1e12) return 'its time cannot be read';
  if (!(input >= 0 && input <= mostTokens)) return 'its input tokens are no whole number';
  if (!(output >= 0 && output <= mostTokens)) return 'its output tokens are no whole number';
  if (rows.blockCount + blocks.length > mostBlocks) return 'it holds too many blocks';
  rows.seconds.push(seconds);
  rows.input.push(input);
  rows.output.push(output);
  rows.blocks.push(blocks);
  rows.blockCount += blocks.length;
  return null;
}

function finished(name: string, rows: Rows, json: boolean): ParsedTrace {
  const count = rows.seconds.length;
  const order = Array.from({ length: count }, (_, index) => index);
  const sorted = rows.seconds.some((seconds, index) => index > 0 && seconds < rows.seconds[index - 1]!);
  if (sorted) order.sort((a, b) => rows.seconds[a]! - rows.seconds[b]!);
  const trace = { name, ...columns(rows, order), ...blockColumns(rows, order), blockSize: json && rows.blockCount > 0 ? mooncakeBlockSize : 0 };
  return { ok: true, trace, rows: count, bad: rows.bad, badCount: rows.badCount, sorted, notes: notesOn(rows, sorted) };
}

function columns(rows: Rows, order: readonly number[]): Pick<Trace, 'arrival' | 'input' | 'output'> {
  const first = rows.seconds[order[0]!]!;
  // Rounded to nanoseconds: differences of times carry noise in their last digits.
  const arrival = Float64Array.from(order, (row) => Math.round((rows.seconds[row]! - first) * 1e9) / 1e9);
  return { arrival, input: Float64Array.from(order, (row) => rows.input[row]!), output: Float64Array.from(order, (row) => rows.output[row]!) };
}

function blockColumns(rows: Rows, order: readonly number[]): Pick<Trace, 'blockStart' | 'blocks'> {
  if (rows.blockCount === 0) return { blockStart: new Int32Array(0), blocks: new Int32Array(0) };
  const blockStart = new Int32Array(order.length + 1);
  const blocks = new Int32Array(rows.blockCount);
  order.forEach((row, index) => {
    blocks.set(rows.blocks[row]!, blockStart[index]!);
    blockStart[index + 1] = blockStart[index]! + rows.blocks[row]!.length;
  });
  return { blockStart, blocks };
}

/** Bad rows named in a note; the parsed trace lists more. */
const namedRows = 5;

function notesOn(rows: Rows, sorted: boolean): readonly string[] {
  const notes: string[] = [];
  if (sorted) notes.push('The rows were not in order of time and were sorted.');
  if (rows.badCount === 0) return notes;
  const named = rows.bad.slice(0, namedRows).map(({ line, why }) => `line ${line}: ${why}`);
  const more = rows.badCount - named.length;
  if (more > 0) named.push(`and ${more.toLocaleString('en')} more`);
  notes.push(`${rows.badCount.toLocaleString('en')} ${rows.badCount === 1 ? 'row was' : 'rows were'} left out; ${named.join('; ')}.`);
  return notes;
}
