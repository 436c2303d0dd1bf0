/** The study beside the run: a design repeated with seeds of its own, alone or against another, and what came of it. Outside React. */
import { create } from 'zustand';
import type { Design } from '../design/design.ts';
import { sameRun } from './looks.ts';
import { startReplications, type Progress, type Replicated, type Replicating } from './replications.ts';
import { session } from './store.ts';

/** Another design to be held against the present one. */
export interface Rival {
  readonly name: string;
  readonly design: Design;
}

/** What a study is of. */
export interface Asked {
  readonly design: Design;
  readonly rival: Rival | null;
  /** Runs of each design. */
  readonly count: number;
}

/** A study, or that there is none. */
export interface StudyState {
  readonly state: 'none' | 'running' | 'done' | 'failed';
  readonly asked: Asked | null;
  readonly progress: Progress;
  /** What the present design's runs say, and the rival's; null until they are done. */
  readonly found: Replicated | null;
  readonly against: Replicated | null;
  /** Why it failed, in one sentence. */
  readonly trouble: string | null;
  /** Whether its panel is open, and whether the charts show its bands. */
  readonly open: boolean;
  readonly bands: boolean;
  /** Starts a study in workers of its own; one under way is given up. */
  begin(asked: Asked): void;
  /** Gives up a study under way, or forgets what one has found. */
  drop(): void;
}

type Start = typeof startReplications;

/** Columns of the recorded charts: as many as the live ones have. */
const points = 160;

const none = { state: 'none', asked: null, progress: { done: 0, of: 0, share: 0 }, found: null, against: null, trouble: null } as const;

/** The rival under the same seed, length and warm-up, so that the same chances befall both. */
const fair = ({ run }: Design, rival: Design): Design => ({ ...rival, run });

/** A study of its own; the page has one, `study`. `start` is replaced in tests. */
export function createStudy(of: typeof session, start: Start = startReplications) {
  let current: Replicating | null = null;
  const store = create<StudyState>()((set) => ({
    ...none,
    open: false,
    bands: true,
    begin(asked) {
      current?.cancel();
      const { design, rival, count } = asked;
      const designs = rival === null ? [design] : [design, fair(design, rival.design)];
      const mine = (current = start({ designs, traces: of.getState().loadedTraces(), count, points }, (progress) => mine === current && set({ progress })));
      set({ ...none, state: 'running', asked, progress: { done: 0, of: designs.length * count, share: 0 } });
      mine.answer.then(
        (all) => mine === current && all !== null && set({ state: 'done', found: all[0]!, against: all[1] ?? null }),
        (error: unknown) => mine === current && set({ state: 'failed', trouble: error instanceof Error ? error.message : String(error) }),
      );
    },
    drop() {
      current?.cancel();
      current = null;
      set(none);
    },
  }));
  // What was found of one document says nothing about another.
  of.subscribe(({ documentId }, before) => {
    if (documentId !== before.documentId) store.getState().drop();
  });
  return store;
}

/** Whether the design has been changed since the study was asked for in a way that a run would notice. */
export const isStale = ({ asked }: Pick<StudyState, 'asked'>, design: Design): boolean => asked !== null && !sameRun(asked.design, design);

/** The page's one study, as a store and as a hook. */
export const study = createStudy(session);
