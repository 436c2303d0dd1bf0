/** How lines are told apart: a colour and a dash pattern each, kept by the same line for as long as it is shown. */

/** A stroke as a CSS colour, and an SVG dash pattern (empty is solid). */
export interface Ink {
  readonly stroke: string;
  readonly dash: string;
}

/** Told apart by people with any colour vision: hues of unlike lightness, each with a pattern of its own. */
const inks: readonly Ink[] = [
  { stroke: 'var(--hot)', dash: '' },
  { stroke: 'var(--accent)', dash: '7 2.5' },
  { stroke: 'var(--compute)', dash: '3 2' },
  { stroke: 'var(--memory)', dash: '9 2 2 2' },
  { stroke: 'var(--traffic)', dash: '1.5 2.5' },
  { stroke: 'var(--safety)', dash: '5 2 1.5 2 1.5 2' },
];

/** The ink of a slot; slots beyond the last begin again. */
export const inkOf = (slot: number): Ink => inks[slot % inks.length]!;

/** Gives each key a slot: one that had a slot keeps it, newcomers take the lowest free ones. Pure. */
export function assignSlots(before: ReadonlyMap<string, number>, keys: readonly string[]): Map<string, number> {
  const kept = new Map(keys.flatMap((key) => (before.has(key) ? [[key, before.get(key)!] as const] : [])));
  const taken = new Set(kept.values());
  for (const key of keys) {
    if (kept.has(key)) continue;
    let slot = 0;
    while (taken.has(slot)) slot++;
    taken.add(slot);
    kept.set(key, slot);
  }
  return kept;
}
