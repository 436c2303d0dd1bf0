/** Light or dark: as the system asks, or as the person chose; kept in this browser and written to `data-theme` on the page. */
import { useSyncExternalStore } from 'react';

/** What a person can choose. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const storageKey = 'sandtable:theme';
const darkQuery = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let choice: ThemeChoice = remembered();

function remembered(): ThemeChoice {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

function remember(next: ThemeChoice): void {
  try {
    localStorage.setItem(storageKey, next);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function resolved(): 'light' | 'dark' {
  if (choice !== 'system') return choice;
  return darkQuery.matches ? 'dark' : 'light';
}

function apply(): void {
  document.documentElement.dataset['theme'] = resolved();
  for (const listener of listeners) listener();
}

/** Keeps the page in step with the system's setting from now on. */
export function startTheme(): void {
  darkQuery.addEventListener('change', apply);
  apply();
}

/** Chooses a theme and remembers it. */
export function chooseTheme(next: ThemeChoice): void {
  choice = next;
  remember(next);
  apply();
}

/** Turns light to dark and back. */
export function flipTheme(): void {
  chooseTheme(resolved() === 'dark' ? 'light' : 'dark');
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme on the page at this moment. */
export function useTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, resolved);
}
