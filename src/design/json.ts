/** The first door for anything from outside: text to plain JSON values, with length, depth, size and key names held to limits. */

/** Longest text that is read, in UTF-16 units; nothing of a sensible size comes near it. */
export const longestText = 2 * 1024 * 1024;

const deepest = 24;
const mostValues = 150_000;
const mostKeys = 2000;

/** Names that reach into JavaScript's own machinery when used as keys of an object. */
const forbidden: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype).concat('prototype'));

/** Something from outside that is not taken, and the sentence that says why; caught at the gate it was thrown behind. */
export class Refusal extends Error {}

/** Whether a name is safe as the key of an object (`__proto__`, `constructor`, `prototype`, `toString` … are not). */
export function safeName(name: string): boolean {
  return !forbidden.has(name);
}

/** Parses JSON from outside. Throws a `Refusal` where it is too long, too deep, too large, malformed or carries forbidden keys. */
export function readJson(text: string): unknown {
  if (text.length > longestText) throw new Refusal(`This is ${mebibytes(text.length)} of text; at most ${mebibytes(longestText)} are read.`);
  if (nesting(text) > deepest) throw new Refusal(`This is nested more than ${deepest} levels deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    throw new Refusal(`This is not JSON${broken(text)}.`);
  }
  inspect(value);
  return value;
}

const token = /\s*(?:([{}[\],:])|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/y;
const ends: ReadonlySet<string> = new Set(['}', ']', 'value']);

/** Where a text that begins as JSON does stops being any, as the end of a sentence; browsers do not agree on whether they say so. Empty for other texts. */
function broken(text: string): string {
  if (!/^\s*[{[]/.test(text)) return '';
  let [at, last, depth] = [0, '', 0];
  for (token.lastIndex = 0; ; at = token.lastIndex) {
    const found = token.exec(text);
    if (found === null) break;
    const now = found[1] ?? 'value';
    const closes = now === '}' || now === ']';
    const opens = now === '{' || now === '[';
    if (closes ? last === ',' : (opens || now === 'value') && ends.has(last)) break;
    depth += opens ? 1 : closes ? -1 : 0;
    last = now;
  }
  const rest = text.slice(at).trim();
  if (rest === '') return depth > 0 ? ': it ends too early' : '';
  return `: it cannot be read in line ${text.slice(0, at + text.slice(at).indexOf(rest)).split('\n').length}, from “${rest.slice(0, 20).split('\n')[0]}” on`;
}

/** Walks a parsed value with a list of its own (no recursion): throws a `Refusal` on forbidden keys, depth or size. */
export function inspect(value: unknown): void {
  let level: unknown[] = [value];
  let seen = 0;
  for (let depth = 0; level.length > 0; depth++) {
    seen += level.length;
    if (depth > deepest) throw new Refusal(`This is nested more than ${deepest} levels deep.`);
    if (seen > mostValues) throw new Refusal(`This holds more than ${mostValues.toLocaleString('en')} values.`);
    level = inside(level);
  }
}

function inside(level: readonly unknown[]): unknown[] {
  const next: unknown[] = [];
  for (const value of level) {
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) for (const one of value) next.push(one);
    else for (const key of keysOf(value)) next.push(member(value, key));
  }
  return next;
}

function keysOf(value: object): readonly string[] {
  const keys = Object.keys(value);
  if (keys.length > mostKeys) throw new Refusal(`This holds an object of more than ${mostKeys.toLocaleString('en')} fields.`);
  return keys;
}

function member(value: object, key: string): unknown {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') throw new Refusal(`The key “${key}” is not allowed.`);
  return (value as Record<string, unknown>)[key];
}

/** Deepest nesting of brackets outside strings; read from the text, because parsing a bomb is what it guards against. */
function nesting(text: string): number {
  let [depth, most, quoted] = [0, 0, false];
  for (let i = 0; i < text.length && most <= deepest; i++) {
    const code = text.charCodeAt(i);
    if (quoted && code === 0x5c) i++;
    else if (code === 0x22) quoted = !quoted;
    else if (!quoted && (code === 0x5b || code === 0x7b)) most = Math.max(most, ++depth);
    else if (!quoted && (code === 0x5d || code === 0x7d)) depth--;
  }
  return most;
}

function mebibytes(length: number): string {
  return `${Math.ceil(length / 2 ** 20)} MiB`;
}
