/** The whole page: top bar, palette, board, inspector and charts, and what lies over them from time to time. */
import { ChartSpline, CircleHelp, Command as CommandIcon, Map as MapIcon, Moon, Plus, SlidersHorizontal, Sun, X } from 'lucide-react';
import { lazy, Suspense, useEffect, useLayoutEffect } from 'react';
import { session } from '../session/store.ts';
import { Board } from './canvas/board.tsx';
import { listenToClipboard } from './commands/clipboard.ts';
import { commands } from './commands/list.ts';
import { listenToKeys } from './commands/shortcuts.ts';
import { DropFiles } from './drop-files.tsx';
import { openLibrary } from './current.ts';
import { Palette } from './palette/palette.tsx';
import { panels, toggleCharts, toggleSheet } from './panels.ts';
import { Spoken } from './spoken.tsx';
import { flipTheme, useTheme } from './theme.ts';
import { Toasts } from './toasts/toasts.tsx';
import { TopBar } from './top/top-bar.tsx';
import styles from './app.module.css';

// What is not needed to draw the board and start the run comes after it, in parts of its own: the first load stays small.
const ChartDock = lazy(async () => ({ default: (await import('./charts/chart-dock.tsx')).ChartDock }));
const Inspector = lazy(async () => ({ default: (await import('./inspector/inspector.tsx')).Inspector }));
const Library = lazy(async () => ({ default: (await import('./library/library.tsx')).Library }));
const Brief = lazy(async () => ({ default: (await import('./library/brief.tsx')).Brief }));
const CommandBox = lazy(async () => ({ default: (await import('./commands/command-box.tsx')).CommandBox }));
const Why = lazy(async () => ({ default: (await import('./inspector/why.tsx')).Why }));
const Help = lazy(async () => ({ default: (await import('./commands/help.tsx')).Help }));

/** Light or dark, the map, the command box, help: small, out of the way, always there. */
function PaletteFoot() {
  const theme = useTheme();
  const minimap = panels((state) => state.minimap);
  const Icon = theme === 'dark' ? Sun : Moon;
  return (
    <div className={styles['foot']} role="group" aria-label="Page">
      <button type="button" aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'} title="Light or dark" onClick={flipTheme}><Icon size={15} aria-hidden="true" /></button>
      <button type="button" aria-label="Map of the board" aria-pressed={minimap} title="Map of the board (Alt+M)" onClick={() => panels.setState({ minimap: !minimap })}><MapIcon size={15} aria-hidden="true" /></button>
      <button type="button" aria-label="Find a command" title="Find a command (Ctrl+K)" onClick={() => panels.setState({ commandBox: true })}><CommandIcon size={15} aria-hidden="true" /></button>
      <button type="button" aria-label="Keys and gestures" title="Keys and gestures (?)" onClick={() => panels.setState({ help: true })}><CircleHelp size={15} aria-hidden="true" /></button>
    </div>
  );
}

/** What the sheet on a small screen would show: the selected thing, or the design. */
function useSubject(): string {
  return session((state) => {
    const [id] = state.selection;
    if (state.selection.size !== 1 || id === undefined) return 'Inspect';
    return state.design.nodes.find((node) => node.id === id)?.label ?? 'Inspect';
  });
}

/** The bar at the bottom of a small screen, from which the panels open. */
function Tabs() {
  const sheet = panels((state) => state.sheet);
  const dock = panels((state) => state.dock);
  const subject = useSubject();
  return (
    <nav className={styles['tabs']} aria-label="Panels">
      <button type="button" aria-pressed={sheet === 'palette'} onClick={() => toggleSheet('palette')}><Plus size={17} aria-hidden="true" />Add</button>
      <button type="button" aria-pressed={sheet === 'inspector'} onClick={() => toggleSheet('inspector')} data-marked={subject !== 'Inspect' || undefined}><SlidersHorizontal size={17} aria-hidden="true" /><span>{subject}</span></button>
      <button type="button" aria-pressed={dock && sheet === null} onClick={toggleCharts}><ChartSpline size={17} aria-hidden="true" />Charts</button>
    </nav>
  );
}

function SheetClose({ label }: { label: string }) {
  return (
    <button type="button" className={styles['close']} aria-label={`Close ${label}`} onClick={() => panels.setState({ sheet: null })}><X size={17} aria-hidden="true" /></button>
  );
}

// What stands on the page whatever is open. Elements that stay the same are not drawn anew when a panel comes or goes.
const top = <div className={styles['top']}><TopBar /></div>;
const palette = (
  <nav className={styles['palette']} aria-label="Components" data-panel="palette">
    <SheetClose label="components" />
    <Palette />
    <PaletteFoot />
  </nav>
);
const middle = (
  <main className={styles['board']} aria-label="Board">
    <Board commands={commands} openLibrary={openLibrary} />
    <Suspense><Brief /></Suspense>
  </main>
);
const inspector = (
  <aside className={styles['inspector']} aria-label="Inspector" data-panel="inspector">
    <SheetClose label="the inspector" />
    <Suspense><Inspector /></Suspense>
  </aside>
);
const charts = <section className={styles['dock']} aria-label="Charts"><Suspense><ChartDock /></Suspense></section>;
const overlays = <><Suspense><Library /><CommandBox /><Help /></Suspense><Suspense><Why /></Suspense><Toasts /><Spoken /><DropFiles /></>;

/** The page. */
export function App() {
  const sheet = panels((state) => state.sheet);
  const dock = panels((state) => state.dock);
  // Before the page is seen: whoever types at once is heard.
  useLayoutEffect(() => listenToKeys(commands), []);
  useEffect(listenToClipboard, []);
  return (
    <div className={styles['app']} data-sheet={sheet ?? undefined} data-dock={dock || undefined}>
      {top}
      {palette}
      {middle}
      {inspector}
      {dock && charts}
      <Tabs />
      {overlays}
    </div>
  );
}
