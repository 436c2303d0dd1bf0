/** What a constant rests on: every one says whether it was measured, published or assumed, and by whom. */
import type { Unit } from '../units/unit.ts';

/** How far a constant can be trusted. */
export type Tag = 'measured' | 'published' | 'assumed';

/** A tag with the source behind it: who measured or listed it, and when; or what the assumption is. */
export interface Evidence {
  readonly tag: Tag;
  readonly source: string;
}

/** A value that goes into a figure, in its unit or in words. */
export interface Constant extends Evidence {
  readonly label: string;
  readonly value: number | string;
  readonly unit: Unit;
}

/** Somebody measured it, or it is fitted to measurements. */
export const measured = (source: string): Evidence => ({ tag: 'measured', source });

/** A maker, an operator or a paper states it. */
export const published = (source: string): Evidence => ({ tag: 'published', source });

/** Taken for granted. */
export const assumed = (source: string): Evidence => ({ tag: 'assumed', source });

/** The evidence of a source that says itself when it is none (`assumed: as its neighbour, 2026`). */
export function evidenceIn(source: string): Evidence {
  const [, rest] = /^assumed(?:[:,] )?(.*)$/.exec(source) ?? [];
  return rest === undefined ? published(source) : assumed(rest === '' ? 'taken for granted' : rest);
}
