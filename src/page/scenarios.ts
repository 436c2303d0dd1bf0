/** The scenarios that come with Sandtable, read when they are first wanted, each through the gate. */
import { gateScenario } from '../design/scenario.ts';
import type { Scenario } from '../design/scenario.ts';
import { breath } from './breath.ts';

const files = import.meta.glob<unknown>('/scenarios/*.json', { import: 'default' });

const slugOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.json$/, '');

async function read(load: () => Promise<unknown>): Promise<Scenario> {
  const gated = gateScenario(await load());
  if (!gated.ok) throw new Error(gated.why);
  return gated.value;
}

/** Slug → a way to load that scenario; the promise is rejected with the gate's sentence where the file is not one. */
export function scenarioFiles(): Readonly<Record<string, () => Promise<Scenario>>> {
  return Object.fromEntries(Object.entries(files).map(([path, load]) => [slugOf(path), () => read(load)]));
}

/** A scenario, or why it could not be read. */
export type Shelved = { readonly slug: string } & ({ readonly scenario: Scenario } | { readonly why: string });

let shelf: Promise<readonly Shelved[]> | null = null;

async function shelved(slug: string, load: () => Promise<Scenario>): Promise<Shelved> {
  try {
    return { slug, scenario: await load() };
  } catch (error) {
    return { slug, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Files asked for in one task: to ask for all of them at once would hold up the page. */
const asked = 4;

async function shelvedAll(): Promise<readonly Shelved[]> {
  const all: Promise<Shelved>[] = [];
  for (const [slug, load] of Object.entries(scenarioFiles())) {
    if (all.length % asked === 0) await breath();
    all.push(shelved(slug, load));
  }
  return Promise.all(all);
}

/** All scenarios in the order of their titles, unreadable ones last; loaded once, never rejects. */
export function allScenarios(): Promise<readonly Shelved[]> {
  shelf ??= shelvedAll()
    .then((all) => [...all].sort((a, b) => Number('why' in a) - Number('why' in b) || titleOf(a).localeCompare(titleOf(b))));
  return shelf;
}

const titleOf = (each: Shelved): string => ('scenario' in each ? each.scenario.title : each.slug);
