/** The numbers along a chart's axis: which prefix suits the range, and how a tick is written. */
import type { Unit } from '../../units/unit.ts';

/** How an axis writes its values: `value / divisor` with `before` and `after` around the topmost tick. */
export interface Notation {
  readonly divisor: number;
  readonly before: string;
  readonly after: string;
}

const plain = (divisor: number, after: string, before = ''): Notation => ({ divisor, before, after });

/** From largest to smallest: the first whose divisor is reached by the top of the axis is used, the last one otherwise. */
const secondsNotation = [plain(7200, 'h'), plain(180, 'min'), plain(1, 's'), plain(1e-3, 'ms'), plain(1e-6, 'µs')];
const countNotation = [plain(1e9, 'G'), plain(1e6, 'M'), plain(1e3, 'k'), plain(1, '')];

const divisors: Readonly<Record<string, number>> = { h: 3600, min: 60 };

function reached(list: readonly Notation[], top: number): Notation {
  const found = list.find((each) => top >= each.divisor) ?? list[list.length - 1]!;
  return { ...found, divisor: divisors[found.after] ?? found.divisor };
}

/** The notation for an axis in `unit` (base unit) that reaches up to `top`. */
export function notation(unit: Unit, top: number): Notation {
  if (unit === 'seconds') return reached(secondsNotation, top);
  if (unit === 'share') return plain(0.01, '%');
  const counts = reached(countNotation, top);
  if (unit === 'requests/second') return { ...counts, after: `${counts.after}/s` };
  return unit.startsWith('usd') ? { ...counts, before: '$' } : counts;
}

/** Writes `value` (already divided) with as many decimals as `step` needs, at most six; a true minus sign. */
export function tickText(value: number, step: number): string {
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return value.toFixed(decimals).replace('-', '−');
}

/** Writes a moment of simulated time in seconds, short enough for an axis: `0 s`, `51 s`, `2:05`, `1:02:05`. */
export function timeText(seconds: number): string {
  if (seconds < 60) return `${seconds < 1 ? trimmed(seconds, 2) : trimmed(seconds, seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${pad(whole % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

const trimmed = (value: number, decimals: number): string => String(Number(value.toFixed(decimals)));
