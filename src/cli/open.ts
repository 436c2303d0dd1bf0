/** Opens what a command was given: a design's file, a scenario's file, or a link. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Design, Gated, TimedEdit } from '../design/design.ts';
import { gateScenarioText, type Scenario } from '../design/scenario.ts';
import { openFile } from '../share/file.ts';
import { isLink, openLink } from '../share/link.ts';
import type { Shared } from '../share/run-form.ts';
import { BadInput } from './failure.ts';

/** A design and the edits its run takes in (links and files may have some), or a scenario with its two designs; `repairs` says what was put right on the way in. */
export type Opened =
  | { readonly form: 'design'; readonly design: Design; readonly edits: readonly TimedEdit[]; readonly repairs: readonly string[] }
  | { readonly form: 'scenario'; readonly scenario: Scenario; readonly repairs: readonly string[] };

/** A file's path as its user means it: npm runs scripts from the project's folder and tells where it was called. */
export function pathOf(file: string): string {
  const calledFrom = process.env['npm_lifecycle_event'] === 'sandtable' ? process.env['INIT_CWD'] : undefined;
  return resolve(calledFrom ?? process.cwd(), file);
}

/** The text of a file; throws `BadInput` where it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(pathOf(file), 'utf8');
  } catch (error) {
    throw new BadInput(`${file} cannot be read: ${reason(error)}.`);
  }
}

/** Why a file operation failed, as the end of a sentence. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission is denied';
  return code ?? String(error);
}

/** Opens a FILE or LINK; throws `BadInput` with the gate's sentence where it is refused. */
export async function open(given: string): Promise<Opened> {
  if (/^https?:/i.test(given) || isLink(given.slice(Math.max(0, given.indexOf('#'))))) return design('The link', await openLink(given));
  const text = readText(given);
  if (!isScenario(text)) return design(given, openFile(text));
  const gated = gateScenarioText(text);
  if (!gated.ok) throw new BadInput(`${given}: ${gated.why}`);
  return { form: 'scenario', scenario: gated.value, repairs: gated.repairs };
}

function design(name: string, gated: Gated<Shared>): Opened {
  if (!gated.ok) throw new BadInput(`${name}: ${gated.why}`);
  return { form: 'design', ...gated.value, repairs: gated.repairs };
}

/** Whether a text means to be a scenario; text that is no JSON at all is left to the gate of designs to refuse. */
function isScenario(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'reference' in value;
  } catch {
    return false;
  }
}
