/** Which scenario is open, and whether the library or its brief is on the page. */
import { create } from 'zustand';
import type { Design } from '../design/design.ts';
import type { Scenario } from '../design/scenario.ts';
import { session } from '../session/store.ts';
import { allScenarios } from './scenarios.ts';

/** How much of a brief is on the page: nothing but a button, its beginning beside the board, or all of it. */
export type BriefForm = 'closed' | 'short' | 'full';

/** The two designs of a scenario. */
export type Side = 'naive' | 'reference';

/** The open scenario belongs to one document; another document has another, or none. */
export interface Current {
  readonly scenario: Scenario | null;
  /** Which of its designs is open; null where only the name tells, and it does not. */
  readonly side: Side | null;
  readonly documentId: string | null;
  /** Whether the library is shown. */
  readonly hasLibrary: boolean;
  readonly brief: BriefForm;
}

/** The state as a hook. */
export const current = create<Current>(() => ({ scenario: null, side: null, documentId: null, hasLibrary: false, brief: 'closed' }));

/** Shows the library. */
export const openLibrary = (): void => current.setState({ hasLibrary: true });

/** Hides the library. */
export const closeLibrary = (): void => current.setState({ hasLibrary: false });

/** Shows more or less of the open scenario's brief. */
export const showBrief = (brief: BriefForm): void => current.setState({ brief });

/** A small screen has no room beside the board: there the brief waits until it is asked for. */
const narrow = (): boolean => matchMedia('(max-width: 760px)').matches;

/** Opens one of a scenario's designs, or what a lesson makes of it, as a document of its own, with as much of its brief as is asked for. */
export function openScenario(scenario: Scenario, side: Side, design: Design = scenario[side], brief: BriefForm = 'short'): void {
  session.getState().open(design, 'scenario');
  current.setState({ scenario, side, documentId: session.getState().documentId, hasLibrary: false, brief: narrow() ? 'closed' : brief });
}

const named = (scenario: Scenario, name: string): boolean => scenario.naive.name === name || scenario.reference.name === name;

function sideOf({ naive, reference }: Scenario, name: string): Side | null {
  if (naive.name === reference.name) return null;
  return naive.name === name ? 'naive' : 'reference';
}

/** Finds the scenario of a document that was opened before (autosave, link): the one whose design has its name. */
async function recognise(): Promise<void> {
  const { documentId, design } = session.getState();
  if (current.getState().documentId === documentId) return;
  const found = (await allScenarios()).find((each) => 'scenario' in each && named(each.scenario, design.name));
  if (session.getState().documentId !== documentId) return;
  const scenario = found && 'scenario' in found ? found.scenario : null;
  current.setState({ documentId, scenario, side: scenario && sideOf(scenario, design.name), brief: 'closed' });
}

/** Keeps the open scenario in step with the open document from now on; returns how to stop. */
export function followDocument(): () => void {
  const look = (): void => void recognise();
  const timer = window.setTimeout(look, 1500);
  const stop = session.subscribe((state, before) => {
    if (state.documentId !== before.documentId) queueMicrotask(look);
  });
  return () => {
    window.clearTimeout(timer);
    stop();
  };
}
