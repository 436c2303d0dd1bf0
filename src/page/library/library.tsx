/** The library: ready scenarios, designs kept in this browser, and ways to begin. */
import { FilePlus2, FolderOpen, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { breath } from '../breath.ts';
import { closeLibrary, current, followDocument } from '../current.ts';
import { newDesign, pickFile } from '../files.ts';
import { useMoreAndMore } from '../many.ts';
import { Dagger } from './brief-text.tsx';
import styles from './library.module.css';
import { SavedDesigns } from './saved-designs.tsx';
import { ScenarioCard } from './scenario-card.tsx';
import { allScenarios } from '../scenarios.ts';
import type { Shelved } from '../scenarios.ts';

function matches(each: Shelved, words: string): boolean {
  const text = 'scenario' in each ? `${each.scenario.title} ${each.scenario.brief} ${each.slug}` : each.slug;
  return words.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word));
}

function Broken({ slug, why }: { slug: string; why: string }) {
  return <div className={styles['card']}><h4>{slug}</h4><p>This scenario cannot be opened. {why}</p></div>;
}

function silence(all: readonly Shelved[] | null): string {
  if (!all) return 'Loading scenarios…';
  return all.length === 0 ? 'No scenario came with this copy.' : 'No scenario matches.';
}

function Scenarios() {
  const [all, setAll] = useState<readonly Shelved[] | null>(null);
  const [words, setWords] = useState('');
  useEffect(() => void breath().then(allScenarios).then(setAll), []);
  const found = all?.filter((each) => matches(each, words)) ?? [];
  const drawn = useMoreAndMore(found.length, 2);
  return (
    <>
      <input className={styles['search']} type="search" placeholder={all ? `Search ${all.length} scenarios` : 'Search scenarios'} aria-label="Search scenarios" value={words}
        onChange={(event) => setWords(event.target.value)} />
      {found.length > 0 && <Dagger />}
      <div className={styles['cards']}>
        {found.slice(0, drawn).map((each) => 'scenario' in each ? <ScenarioCard key={each.slug} scenario={each.scenario} /> : <Broken key={each.slug} slug={each.slug} why={each.why} />)}
      </div>
      {found.length === 0 && <p className={styles['quiet']} role="status">{silence(all)}</p>}
    </>
  );
}

function Begin() {
  const begin = (): void => {
    newDesign();
    closeLibrary();
  };
  return (
    <div className={styles['begin']}>
      <button type="button" className={styles['button']} onClick={begin}><FilePlus2 size={15} aria-hidden="true" />New design</button>
      <button type="button" className={styles['button']} onClick={() => void pickFile().then((taken) => taken && closeLibrary())}><FolderOpen size={15} aria-hidden="true" />Open file</button>
    </div>
  );
}

function LibraryDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // To make all else on the page inert has all of it styled anew: a task of its own.
    void breath().then(() => {
      if (!dialog.current?.isConnected || dialog.current.open) return;
      dialog.current.showModal();
      // On a touch screen the keyboard would cover what there is to choose from.
      if (matchMedia('(pointer: fine)').matches) dialog.current.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
    });
  }, []);
  return (
    <dialog ref={dialog} className={styles['sheet']} aria-labelledby="library-title" onClose={closeLibrary}
      onClick={(event) => event.target === event.currentTarget && closeLibrary()}>
      <div className={styles['inside']}>
        <header>
          <h2 id="library-title">Library</h2>
          <button type="button" className={styles['close']} aria-label="Close the library" onClick={closeLibrary}><X size={16} aria-hidden="true" /></button>
        </header>
        <div className={styles['columns']}>
          <section aria-labelledby="library-scenarios"><h3 id="library-scenarios">Scenarios</h3><Scenarios /></section>
          <section aria-labelledby="library-saved"><h3 id="library-saved">Your designs, in this browser</h3><Begin /><SavedDesigns /></section>
        </div>
      </div>
    </dialog>
  );
}

/** The dialog while it is wanted. */
export function Library() {
  const open = current((state) => state.hasLibrary);
  useEffect(followDocument, []);
  return open ? <LibraryDialog /> : null;
}
