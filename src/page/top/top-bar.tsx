/** The bar on top of the page: the design's name and promises, the run, and what can be done with the design. */
import { FilePlus2, FileText, FolderOpen, LibraryBig, Save } from 'lucide-react';
import { openLibrary } from '../current.ts';
import { newDesign, pickFile, saveFile } from '../files.ts';
import { BreakMenu } from './break-menu.tsx';
import { DesignName } from './design-name.tsx';
import { Menu } from './menu.tsx';
import { Objectives } from './objectives.tsx';
import { RunBar } from './run-bar.tsx';
import { RunNotice } from './run-notice.tsx';
import { ShareButton } from './share.tsx';
import styles from './top.module.css';
import { UndoRedo } from './undo-redo.tsx';
import { WhatIfMenu } from './what-if-menu.tsx';

const fileEntries = [
  { label: 'New design', icon: <FilePlus2 size={15} aria-hidden="true" />, run: newDesign },
  { label: 'Open file …', note: 'a design, or a request trace', icon: <FolderOpen size={15} aria-hidden="true" />, run: () => void pickFile() },
  { label: 'Save file', icon: <Save size={15} aria-hidden="true" />, run: saveFile },
];

function Actions() {
  return (
    <div className={styles['last']}>
      <BreakMenu />
      <WhatIfMenu />
      <button type="button" className={`${styles['button']} ${styles['shy']}`} title="Scenarios and saved designs" aria-label="Library" onClick={openLibrary}>
        <LibraryBig size={15} aria-hidden="true" /><span>Library</span>
      </button>
      <Menu label="File" icon={<FileText size={15} aria-hidden="true" />} entries={() => fileEntries} className={styles['shy']} />
      <ShareButton />
    </div>
  );
}

/** The whole bar, with the line about the run that hangs below it. */
export function TopBar() {
  return (
    <header className={styles['bar']}>
      <div className={styles['row']}>
        <div className={styles['first']}>
          <h1 className={styles['brand']}>Sandtable</h1>
          <DesignName />
        </div>
        <div className={styles['second']}>
          <UndoRedo />
          <Objectives />
          <RunBar />
        </div>
        <Actions />
      </div>
      <RunNotice />
    </header>
  );
}
