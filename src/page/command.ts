/** A command as a value: menus, shortcuts, the command box and the help all follow from one list of these. */

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly section: 'Edit' | 'View' | 'Run' | 'File' | 'Help';
  /** Key chords such as `Mod+Z` or `Shift+1`; `Mod` is ⌘ on Apple machines and Ctrl elsewhere. */
  readonly keys: readonly string[];
  /** The browser itself reacts to these keys (copy, cut, paste); the shortcut is only shown. */
  readonly native?: boolean;
  /** Works while a person types in a field, too. */
  readonly whileTyping?: boolean;
  readonly when?: () => boolean;
  readonly run: () => void;
}

const apple = /Mac|iPhone|iPad/.test(navigator.platform);
const appleNames: Readonly<Record<string, string>> = { Mod: '⌘', Shift: '⇧', Alt: '⌥' };
const names: Readonly<Record<string, string>> = {
  Mod: 'Ctrl', ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', Delete: 'Del', Backspace: '⌫',
};

/** A chord as a person reads it on this machine. */
export function chordText(chord: string): string {
  const parts = chord.split('+').map((part) => (apple ? (appleNames[part] ?? names[part]) : names[part]) ?? part);
  return parts.join(apple ? '' : '+');
}

/** Whether a key press is that chord; letters and digits go by their place on the keyboard when Shift or Alt changes them. */
export function matches(chord: string, event: KeyboardEvent): boolean {
  const parts = chord.split('+');
  const key = parts.at(-1) || '+';
  const wants = (name: string): boolean => parts.slice(0, -1).includes(name);
  const mod = apple ? event.metaKey : event.ctrlKey;
  if (mod !== wants('Mod') || event.altKey !== wants('Alt')) return false;
  if (apple ? event.ctrlKey : event.metaKey) return false;
  return sameKey(key, event, wants('Shift'));
}

function sameKey(key: string, event: KeyboardEvent, shift: boolean): boolean {
  if (!/^[A-Z0-9]$/.test(key)) return event.key === key && (key.length === 1 || event.shiftKey === shift);
  const code = /\d/.test(key) ? `Digit${key}` : `Key${key}`;
  return event.shiftKey === shift && (event.key.toUpperCase() === key || ((shift || event.altKey) && event.code === code));
}

/** Whether a person is typing, so that letters are letters. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable=""], [contenteditable="true"]') !== null;
}
