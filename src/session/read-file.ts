/** Files from outside: told apart, held to a size, and read where they do not keep the page waiting. */
import * as Comlink from 'comlink';
import type { Gated } from '../design/design.ts';
import { longestText } from '../design/json.ts';
import { longestTrace, type ParsedTrace } from '../design/trace.ts';
import { startWorker } from './engine.ts';

interface TraceDoor {
  readTrace(name: string, file: Blob): Promise<ParsedTrace>;
}

/** Whether a file is a request trace, by its name and how it begins; anything else is taken for a design. */
export function isTrace(name: string, head: string): boolean {
  return /\.(csv|jsonl|ndjson)$/i.test(name) || /^\W*timestamp\W/i.test(head.slice(0, 200));
}

/** The most bytes that one character of text takes. */
const widest = 3;

/** Whether a file begins as a trace does; reads no more of it than that. */
export const beginsAsTrace = async (file: File): Promise<boolean> => isTrace(file.name, await file.slice(0, 400).text());

/** The text of a design's file, or why there is none. What is far too long is not read at all. */
export async function readText(file: Blob): Promise<Gated<string>> {
  const most = longestText / 2 ** 20;
  if (file.size > widest * longestText) return { ok: false, why: `This is ${Math.round(file.size / 2 ** 20).toLocaleString('en')} MiB of text; at most ${most} MiB are read.` };
  const bytes = await file.arrayBuffer();
  for (const encoding of ['utf-8', ...(wide(bytes) ? ['utf-16le'] : [])]) {
    try {
      const value = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      return value.length <= longestText && value.trim() === '' ? { ok: false, why: 'This file is empty.' } : { ok: true, value, repairs: [] };
    } catch {
      // Not in that encoding; there may be another.
    }
  }
  return { ok: false, why: 'This is not text in UTF-8.' };
}

/** Whether the mark stands in front with which some editors begin text of two bytes a letter. */
function wide(bytes: ArrayBuffer): boolean {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  return first === 0xff && second === 0xfe;
}

/** Reads a trace in a worker of its own, because a million rows take seconds. Rejects where the worker dies over it. */
export async function readTrace(name: string, file: Blob): Promise<ParsedTrace> {
  if (file.size > longestTrace) return { ok: false, why: `A trace may be ${longestTrace / 2 ** 20} MiB long; this one is longer.` };
  const worker = startWorker();
  const died = new Promise<never>((_, reject) => worker.addEventListener('error', () => reject(new Error('The trace could not be read.'))));
  try {
    return await Promise.race([Comlink.wrap<TraceDoor>(worker).readTrace(name, file), died]);
  } finally {
    worker.terminate();
  }
}
