/** Design ⇄ link: `#s1.` and the design's short form, deflated and written in base64url. Old links open for ever. */
import { catalogue, type Catalogue } from '../design/catalogue.ts';
import type { Design, Gated, TimedEdit } from '../design/design.ts';
import { longestText, readJson, Refusal } from '../design/json.ts';
import { fromBase64url, toBase64url } from './base64url.ts';
import { packRun, unpackRun, type Shared } from './run-form.ts';

const prefix = '#s1.';

const damage = 'This link is damaged: it was cut short or changed on its way.';

/** Longest link that is read, in characters; the largest honest design stays far below. */
export const longestLink = 256 * 1024;

/** Whether the part of an address after `#` claims to hold a design. */
export function isLink(hash: string): boolean {
  return /^#s\d+\./.test(hash);
}

/** The part of the address that holds the whole design, and the edits made to it as it ran: `#s1.…`. */
export async function toLink(design: Design, edits: readonly TimedEdit[] = [], book: Catalogue = catalogue): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(packRun({ design, edits }, book)));
  return prefix + toBase64url(await collected(through(bytes, new CompressionStream('deflate-raw')), Infinity));
}

/** Without what mail and chat leave behind an address that stood in brackets or at the end of a sentence. */
function trimmed(text: string): string {
  let end = text.length;
  for (;;) {
    if (/^%[0-9a-f]{2}$/i.test(text.slice(Math.max(0, end - 3), end))) end -= 3;
    else if (/^[^A-Za-z0-9_-]$/.test(text.slice(Math.max(0, end - 1), end))) end -= 1;
    else return text.slice(0, end);
  }
}

/** The design in a link (with or without what stands before `#`). Never rejects: what is wrong is said in one sentence. */
export async function fromLink(link: string, book: Catalogue = catalogue): Promise<Gated<Design>> {
  const shared = await openLink(link, book);
  return shared.ok ? { ...shared, value: shared.value.design } : shared;
}

/** The same with the edits that the run takes in as it goes. */
export async function openLink(link: string, book: Catalogue = catalogue): Promise<Gated<Shared>> {
  try {
    return unpackRun(readJson(await contents(link.slice(Math.max(0, link.indexOf('#'))))), book);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, why: error.message };
    return { ok: false, why: damage };
  }
}

async function contents(hash: string): Promise<string> {
  if (hash.length > longestLink) throw new Refusal('This link is too long to be a design.');
  if (!hash.startsWith(prefix)) throw new Refusal(isLink(hash) ? 'This link was made by a newer version of Sandtable.' : 'This link holds no design.');
  const bytes = fromBase64url(trimmed(hash.slice(prefix.length)));
  if (bytes === null) throw new Refusal(damage);
  const inflated = await collected(through(bytes, new DecompressionStream('deflate-raw')), longestText);
  return new TextDecoder('utf-8', { fatal: true }).decode(inflated);
}

/** Bytes that go into a stream at a time: what unpacks a thousandfold is noticed after half a megabyte, and not all at once. */
const slice = 512;

function through(bytes: Uint8Array<ArrayBuffer>, transform: CompressionStream | DecompressionStream): ReadableStream<Uint8Array> {
  let at = 0;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(to) {
      if (at < bytes.length) to.enqueue(bytes.subarray(at, (at += slice)));
      else to.close();
    },
  });
  return source.pipeThrough(transform as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>);
}

/** All bytes of a stream; stops reading, with a `Refusal`, as soon as they are more than `most`. */
async function collected(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > most) {
      await reader.cancel().catch(() => undefined);
      throw new Refusal('This link unpacks to more than a design may hold.');
    }
    chunks.push(next.value);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
