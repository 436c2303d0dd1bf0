/** A figure with how sure it is: value and half-width in one unit, and no digit more than the half-width allows. */
import { format } from '../../units/format.ts';
import type { Unit } from '../../units/unit.ts';

interface Written {
  readonly before: string;
  readonly number: number;
  readonly after: string;
}

/** A figure as it is written: what stands before the number, the number, what stands after it. */
function written(value: number, unit: Unit): Written {
  const [, before = '', digits = '0', after = ''] = /^([^\d]*)([\d.,]+)(.*)$/.exec(format(value, unit, 6)) ?? [];
  // Beside a half-width, tens of thousands are plainer written out.
  if (/^[kM]/.test(after) && value < 1e7) return { before, number: value, after: after.slice(1) };
  return { before, number: Number(digits.replaceAll(',', '')), after };
}

const grouped = (value: number, decimals: number): string => value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** Decimals that show so many digits of a number, at most six. */
const decimalsFor = (value: number, digits: number): number => (value > 0 ? Math.min(6, Math.max(0, digits - 1 - Math.floor(Math.log10(value)))) : 0);

/** The most digits that anybody reads. */
const mostDigits = 5;

/** Two digits of the half-width decide, but no figure gets longer than can be read. */
function decimalsOf(value: number, half: number): number {
  const most = decimalsFor(value, mostDigits);
  return half > 0 && value > 0 ? Math.min(decimalsFor(half, 2), most) : decimalsFor(half > 0 ? half : value, 2);
}

/** A half-width that would read as nothing says how small it is. */
const smallAs = (half: number, decimals: number): string => (half > 0 && Number(half.toFixed(decimals)) === 0 ? `<${grouped(10 ** -decimals, decimals)}` : grouped(half, half > 0 ? decimals : 0));

/** A difference with how sure it is, its sign in front; shares differ by points, not by per cent of themselves. */
export const gain = (value: number, half: number | null, unit: Unit): string => (value > 0 ? '+' : '') + plusMinus(value, half, unit).replace(/ %$/, ' points');

/** `36.9 ± 1.2 ms`, `$0.98 ± 0.02/1M tok`. Without a half-width, the figure alone. */
export function plusMinus(value: number, half: number | null, unit: Unit): string {
  const sign = value < 0 ? '−' : '';
  const size = Math.abs(value);
  if (half === null) return sign + format(size, unit);
  // Where the figure is the smaller of the two, the half-width decides how both are written.
  const one = written(Math.max(size, half), unit);
  if (one.number === 0) return `${sign}${format(0, unit)}`;
  const scale = one.number / Math.max(size, half);
  const decimals = decimalsOf(size * scale, half * scale);
  return `${sign}${one.before}${grouped(size * scale, decimals)} ± ${smallAs(half * scale, decimals)}${one.after}`;
}
