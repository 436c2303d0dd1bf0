/** A live figure as text, with as many digits as a person can read while it changes. */
import { format } from '../units/format.ts';
import type { Unit } from '../units/unit.ts';

const counted: ReadonlySet<Unit> = new Set<Unit>(['requests', 'items', 'count']);

/** Counts of things have at most two decimals, from ten on one: a thousandth of a waiting request is no request. Shares have two decimals of a per cent. */
function counting(value: number): number {
  const step = Math.abs(value) < 10 ? 100 : 10;
  return Math.round(value * step) / step;
}

/** Less than this is what is left of adding and taking away, in the unit's base: no figure of the page is that small. */
const rounding = 1e-11;

/** `2.41 req`, `59 %`, `14.2 ms`; an en dash where there is nothing to say yet. */
export function figureText(value: number, unit: Unit): string {
  if (Math.abs(value) < rounding) return format(0, unit);
  if (counted.has(unit) && Math.abs(value) < 1000) return format(counting(value), unit, 4);
  if (unit === 'share') return format(Math.abs(value) < 0.01 ? Math.round(value * 1e4) / 1e4 : value, unit, 2);
  return format(value, unit, 3);
}
