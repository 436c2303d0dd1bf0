/**
 * The longer sentences of components and their parameters and measures. The built page keeps them apart from the components, where numbers stand
 * for them (see `vite.config.ts`); importing this file puts them in their places. Whoever shows such a sentence imports it.
 */
import { kinds } from '../kinds/index.ts';
import { linkParams } from '../kinds/link.ts';

/** Filled in by the build; empty where the components still have their own. */
const sentences: readonly string[] = [];

/** Puts the sentences in their places in a declaration, and in all below it. */
function fill(part: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(part)) {
    if (typeof value === 'string' && value.startsWith('§')) part[name] = sentences[Number(value.slice(1))] ?? '';
    else if (typeof value === 'object' && value !== null) fill(value as Record<string, unknown>);
  }
}

for (const declared of [...kinds, linkParams]) fill(declared as unknown as Record<string, unknown>);
