/** The design as a link: one click puts it on the clipboard; where that is refused, a field offers it for copying by hand. */
import { Link2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Design } from '../../design/design.ts';
import { session } from '../../session/store.ts';
import { longestLink, toLink } from '../../share/link.ts';
import { mostEdits } from '../../share/run-form.ts';
import styles from './top.module.css';

interface Made {
  readonly link: string;
  /** What the link holds, as a sentence. */
  readonly holds: string;
}

/** The page's own address with the run in its fragment: the design it began with and what was done to it since, or the present design where that is too much. */
async function linkHere(): Promise<Made> {
  const { design, sharedRun } = session.getState();
  const run = sharedRun();
  const edits = run?.edits.length ?? 0;
  const long = run && edits > 0 && edits <= mostEdits ? await toLink(run.start, run.edits) : null;
  const whole = long !== null && long.length <= longestLink;
  const link = `${location.origin}${location.pathname}${whole ? long : await toLink(design)}`;
  if (edits === 0) return { link, holds: 'It holds the whole design, seed and objectives.' };
  if (whole) return { link, holds: `It holds the whole run: the design it began with, the seed, and ${edits === 1 ? 'the change made since' : `the ${edits} changes made since`}.` };
  return { link, holds: 'It holds the design as it is now, seed and objectives; so many changes were made in this run that it cannot hold them too.' };
}

/** Whether the clipboard took the text. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

const sameBoard = (a: Design, b: Design): boolean => (Object.keys(a) as (keyof Design)[]).every((key) => key === 'view' || a[key] === b[key]);

/** Shows the link as the page's address until the design is no longer what it says: a reload must not bring an old state back. */
function keepInAddress(link: string): void {
  const shared = session.getState().design;
  history.replaceState(history.state, '', link);
  const stop = session.subscribe(({ design }) => {
    if (sameBoard(design, shared)) return;
    stop();
    history.replaceState(history.state, '', location.pathname + location.search);
  });
}

/** Copies the link and puts it in the address bar without a new history entry; answers the link when it has to be copied by hand. */
async function share(): Promise<string | null> {
  const { say } = session.getState();
  try {
    const { link, holds } = await linkHere();
    keepInAddress(link);
    if (!(await copied(link))) return link;
    say(`Link copied. ${holds}`);
  } catch (error) {
    say(`The link could not be made: ${error instanceof Error ? error.message : String(error)}`, 'error');
  }
  return null;
}

function ByHand({ link, close }: { link: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    field.current?.select();
  }, []);
  return (
    <dialog ref={dialog} className={styles['dialog']} onClose={close} aria-labelledby="share-title">
      <h2 id="share-title">Copy this link</h2>
      <p>The browser did not let the page use the clipboard. The link is selected: copy it from here.</p>
      <input ref={field} readOnly value={link} aria-label="Link to this design" onFocus={(event) => event.target.select()} />
      <form method="dialog"><button type="submit" className={styles['button']}>Done</button></form>
    </dialog>
  );
}

/** The page's one primary button. */
export function ShareButton() {
  const [link, setLink] = useState<string | null>(null);
  return (
    <>
      <button type="button" className={`${styles['button']} ${styles['primary']}`} aria-label="Share" title="Copy a link that holds the whole design" onClick={() => void share().then(setLink)}>
        <Link2 size={15} aria-hidden="true" /><span>Share</span>
      </button>
      {link !== null && <ByHand link={link} close={() => setLink(null)} />}
    </>
  );
}
