/** Tidies the open design: laid out in a worker of its own, because 300 components take longer than a page may stand still. */
import type { Design } from '../design/design.ts';
import { tidied, wiringOf, type Places, type Wiring } from '../design/tidy.ts';
import { startScript, tidyUrl } from './script.ts';
import type { SessionState } from './session.ts';

const startLayout = (): Worker => startScript(tidyUrl, 'tidy');

/** Where a layout puts each component. Rejects where its worker dies or cannot be started. `start` is replaced in tests. */
export async function layOut(wiring: Wiring, start: () => Worker = startLayout): Promise<Places> {
  const worker = start();
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<Places>) => resolve(data));
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        reject(new Error('The board could not be laid out.'));
      });
      worker.postMessage(wiring);
    });
  } finally {
    worker.terminate();
  }
}

/** The document that is being tidied. */
let underWay: string | null = null;

/**
 * Tidies what is on the board, as one edit. Where it is wired otherwise meanwhile, it is laid out again; where an edit is taken back, or another document is opened,
 * it is let be. Answers whether it was tidied; one that is being tidied is not tidied twice.
 */
export async function tidy(session: () => SessionState, ask: (wiring: Wiring) => Promise<Places> = layOut): Promise<boolean> {
  const { documentId, edit, say } = session();
  if (underWay === documentId) return false;
  underWay = documentId;
  try {
    const places = await placesFor(session, ask);
    if (places) edit('Tidy', (design) => tidied(design, places));
    return places !== null;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), 'error');
    return false;
  } finally {
    if (underWay === documentId) underWay = null;
  }
}

/** Places for what is on the board when they come; null where they are no longer wanted. */
async function placesFor(session: () => SessionState, ask: (wiring: Wiring) => Promise<Places>): Promise<Places | null> {
  for (;;) {
    const { documentId, design } = session();
    const wiring = wiringOf(design);
    const places = await ask(wiring);
    const now = session();
    if (now.documentId !== documentId || wasTakenBack(design, now)) return null;
    if (JSON.stringify(wiringOf(now.design)) === JSON.stringify(wiring)) return places;
  }
}

/** Whether the board came to be as it is by undo or redo: another edit would have left nothing to be redone. */
function wasTakenBack({ nodes, links, groups }: Design, { design, canRedo }: SessionState): boolean {
  return canRedo && (design.nodes !== nodes || design.links !== links || design.groups !== groups);
}
