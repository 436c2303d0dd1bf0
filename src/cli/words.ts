/** The words of a command line: what follows the command's name, told apart into names and options. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { parse } from '../units/parse.ts';
import { BadUsage } from './failure.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Values of the options by name, and the words that belong to no option. */
export interface Words {
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  /** Every value of an option that may be given more than once. */
  readonly texts: (name: string) => readonly string[];
  readonly rest: readonly string[];
}

/** Reads the words of a command that knows these options; throws `BadUsage` at any other. */
export function readWords(args: readonly string[], options: Options): Words {
  const { values, positionals } = parsed(args, options);
  return {
    flag: (name) => values[name] === true,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    texts: (name) => [values[name] ?? []].flat().filter((value) => typeof value === 'string'),
    rest: positionals,
  };
}

function parsed(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BadUsage(complaint(String(error instanceof Error ? error.message : error), options));
  }
}

/** What Node has to say about an option, in the words of the other complaints. */
function complaint(message: string, options: Options): string {
  const option = /'(-[^\s'=]+)/.exec(message)?.[1] ?? '';
  if (message.includes('ambiguous')) return `${option} needs a value, and none begins with a dash.`;
  if (message.includes('argument missing')) return `${option} needs a value.`;
  if (message.includes('does not take an argument')) return `${option} takes no value.`;
  const known = Object.keys(options).map((name) => `--${name}`).join(', ');
  return message.startsWith('Unknown option') ? `There is no option ${option}${known === '' ? '' : `; there are ${known}`}.` : `${message.split('. ')[0]!.replace(/\.$/, '')}.`;
}

/** A length of time as a person writes it (`600`, `10 min`), in seconds; throws `BadUsage` where it is none. */
export function readSeconds(option: string, text: string): number {
  const read = parse(text, 'seconds');
  if (!read.ok) throw new BadUsage(`${option}: ${read.why}.`);
  if (!(read.value > 0 && read.value <= 1e8)) throw new BadUsage(`${option} must be more than 0 and at most 100,000,000 seconds (you gave ${text}).`);
  return read.value;
}

/** A seed: a whole number from 0 to 2³² − 1; throws `BadUsage` where it is none. */
export function readSeed(option: string, text: string): number {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(seed < 4_294_967_296)) throw new BadUsage(`${option} must be a whole number from 0 to 4294967295 (you gave ${text}).`);
  return seed;
}

/** A number of things, from 1 to `most`; throws `BadUsage` where it is none. */
export function readCount(option: string, text: string, most: number): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(count >= 1 && count <= most)) throw new BadUsage(`${option} must be a whole number from 1 to ${most} (you gave ${text}).`);
  return count;
}
