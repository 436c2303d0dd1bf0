/** Designs kept in this browser: open one, or forget it for good after asking once more. */
import { useCallback, useEffect, useState } from 'react';
import type { SavedDesign } from '../../session/session.ts';
import { session } from '../../session/store.ts';
import { closeLibrary } from '../current.ts';
import styles from './library.module.css';

type Listing = { readonly state: 'loading' } | { readonly state: 'failed'; readonly why: string } | { readonly state: 'ready'; readonly all: readonly SavedDesign[] };

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function useSaved() {
  const [listing, setListing] = useState<Listing>({ state: 'loading' });
  const refresh = useCallback(() => {
    session.getState().saved().then(
      (all) => setListing({ state: 'ready', all }),
      (error: unknown) => setListing({ state: 'failed', why: whyOf(error) }),
    );
  }, []);
  useEffect(refresh, [refresh]);
  return { listing, refresh };
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

function attempt(work: Promise<void>, done: () => void): void {
  work.then(done, (error: unknown) => session.getState().say(whyOf(error), 'error'));
}

function Saved({ saved, open, refresh }: { saved: SavedDesign; open: boolean; refresh: () => void }) {
  const [asking, ask] = useState(false);
  const { openSaved, forgetSaved } = session.getState();
  return (
    <li>
      <span>{saved.name || 'Untitled design'}<small>{open ? 'open now' : day.format(saved.savedAt)}</small></span>
      {asking ? (
        <>
          <button type="button" className={`${styles['button']} ${styles['danger']}`} autoFocus onClick={() => attempt(forgetSaved(saved.id), refresh)}>Forget for good</button>
          <button type="button" className={styles['button']} onClick={() => ask(false)}>Keep</button>
        </>
      ) : (
        <>
          <button type="button" className={styles['button']} disabled={open} aria-label={`Open ${saved.name}`} onClick={() => attempt(openSaved(saved.id), closeLibrary)}>Open</button>
          <button type="button" className={styles['button']} disabled={open} aria-label={`Forget ${saved.name}`} onClick={() => ask(true)}>Forget</button>
        </>
      )}
    </li>
  );
}

/** The list, or why it cannot be shown. */
export function SavedDesigns() {
  const { listing, refresh } = useSaved();
  const documentId = session((state) => state.documentId);
  if (listing.state === 'loading') return <p className={styles['quiet']}>Looking…</p>;
  if (listing.state === 'failed') return <p className={styles['quiet']} role="alert">Saved designs cannot be read: {listing.why}</p>;
  if (listing.all.length === 0) return <p className={styles['quiet']}>Nothing yet. Every design you work on is kept here by itself.</p>;
  return <ul className={styles['saved']}>{listing.all.map((saved) => <Saved key={saved.id} saved={saved} open={saved.id === documentId} refresh={refresh} />)}</ul>;
}
