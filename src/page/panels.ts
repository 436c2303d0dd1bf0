/** Which panels are open: what a person has folded away, remembered in this browser, and the sheet on top on a small screen. */
import { create } from 'zustand';

export interface Panels {
  /** The sheet over the board on a small screen. */
  readonly sheet: 'palette' | 'inspector' | null;
  readonly dock: boolean;
  readonly minimap: boolean;
  /** Whether the wheel pans (as in design tools) instead of zooming (as on maps). */
  readonly wheelPans: boolean;
  /** Whether every parameter has its explanation below it; without, it comes with the pointer on the label. */
  readonly explain: boolean;
  readonly tab: 'inspect' | 'outline';
  readonly commandBox: boolean;
  readonly help: boolean;
}

const storageKey = 'sandtable:panels';
const kept = ['dock', 'minimap', 'wheelPans', 'explain'] as const;
/** Phones, and tablets held upright: there the panels are sheets over the board, as `app.module.css` has it. */
export const smallScreen = '(max-width: 900px)';
/** Where there is little room the board comes first; its charts are one tap away. */
const roomy = !matchMedia('(max-width: 760px), (max-width: 900px) and (max-height: 820px)').matches;
const initial: Panels = { sheet: null, dock: roomy, minimap: false, wheelPans: false, explain: false, tab: 'inspect', commandBox: false, help: false };

function remembered(): Partial<Panels> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(Object.entries(stored).filter(([name, value]) => kept.some((k) => k === name) && typeof value === 'boolean'));
  } catch {
    return {};
  }
}

/** The panels' state as a hook. */
export const panels = create<Panels>(() => ({ ...initial, ...remembered() }));

panels.subscribe((state) => {
  try {
    localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(kept.map((name) => [name, state[name]]))));
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
});

/** Shows the charts of a small screen, which lie below a sheet: that one gives way; hides them where they are seen. */
export function toggleCharts(): void {
  panels.setState((state) => ({ sheet: null, dock: state.sheet !== null || !state.dock }));
}

/** Opens a sheet, or closes it if it is open. */
export function toggleSheet(sheet: 'palette' | 'inspector'): void {
  panels.setState((state) => ({ sheet: state.sheet === sheet ? null : sheet }));
}
