/** Files of a folder of measurements: what is in them, or a sentence about what is wrong with them. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';

/** Something from outside that cannot be used as it is; the message is a sentence for people. */
export class Unusable extends Error {}

const saying = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');

/** What is made of a file, or a sentence that names the file and what is wrong. */
function attempted<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Unusable(`${file} cannot be read: ${saying(error)}.`);
  }
}

/** The text of a file. */
export const textOf = (file: string): string => attempted(file, () => readFileSync(file, 'utf8'));

/** A value checked against a schema; `name` says where it stands. */
export function checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new Unusable(`${[name, ...path.map(String)].join(': ')}: ${message}.`);
}

/** What a file of JSON says, packed (`.gz`) or not. */
export function jsonOf<T>(file: string, schema: z.ZodType<T>): T {
  const parsed = attempted(file, () => JSON.parse(file.endsWith('.gz') ? gunzipSync(readFileSync(file)).toString() : readFileSync(file, 'utf8')) as unknown);
  return checked(file, schema, parsed);
}

/** Whether a path is a folder. */
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Names of a folder's tables without their ending, in order; none where there is no such folder. */
export const tablesIn = (folder: string): string[] =>
  isFolder(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.csv'))
        .map((name) => name.slice(0, -4))
        .sort()
    : [];

/** Where measurements are looked for in a folder. */
export const places = ['measured.csv', 'micro/*.csv', 'scheduler/*.csv', 'replay/*.csv'] as const;

/** Why a folder cannot be used, as a sentence; null where it has measurements. */
export function faultOfFolder(folder: string): string | null {
  if (!existsSync(folder)) return `There is no folder ${folder}: nothing to compare with. Name one with --truth DIR.`;
  if (!isFolder(folder)) return `${folder} is a file: --truth takes a folder.`;
  const some = existsSync(`${folder}/measured.csv`) || ['micro', 'scheduler', 'replay'].some((at) => tablesIn(`${folder}/${at}`).length > 0);
  return some ? null : `${folder} has no measurements: looked for are ${places.slice(0, -1).join(', ')} and ${places.at(-1)!}.`;
}
