/** How a number reads to a person: prefixes chosen by size, at most a few significant digits, the unit always beside it. */
import type { Unit } from './unit.ts';

type Ladder = readonly (readonly [from: number, one: number, symbol: string])[];

/** Amounts above 10,000 take a suffix; below, the plain number is easier to read. */
const counts: Ladder = [[1e12, 1e12, 'T'], [1e9, 1e9, 'B'], [1e6, 1e6, 'M'], [1e4, 1e3, 'k']];
const metric: Ladder = [1e18, 1e15, 1e12, 1e9, 1e6, 1e3].map((one, i) => [one, one, 'EPTGMk'.charAt(i)] as const);
const times: readonly (readonly [below: number, one: number, symbol: string])[] = [
  [1e-6, 1e-9, 'ns'],
  [1e-3, 1e-6, 'µs'],
  [1, 1e-3, 'ms'],
  [120, 1, 's'],
  [7200, 60, 'min'],
  [172_800, 3600, 'h'],
  [Infinity, 86_400, 'd'],
];

interface Style {
  readonly ladder: Ladder;
  /** Written after the number and its prefix, with the space before it where it needs one. */
  readonly after: string;
  readonly dollars?: boolean;
}

const styles: Readonly<Record<Exclude<Unit, 'seconds' | 'share'>, Style>> = {
  bytes: { ladder: metric, after: 'B' },
  'bytes/second': { ladder: metric, after: 'B/s' },
  tokens: { ladder: counts, after: ' tok' },
  'tokens/second': { ladder: counts, after: ' tok/s' },
  requests: { ladder: counts, after: ' req' },
  'requests/second': { ladder: counts, after: ' /s' },
  items: { ladder: counts, after: ' items' },
  'items/second': { ladder: counts, after: ' items/s' },
  'flop/second': { ladder: metric, after: 'FLOP/s' },
  watts: { ladder: metric, after: 'W' },
  usd: { ladder: counts, after: '', dollars: true },
  'usd/hour': { ladder: counts, after: '/h', dollars: true },
  'usd/million tokens': { ladder: counts, after: '/1M tok', dollars: true },
  'usd/million requests': { ladder: counts, after: '/1M req', dollars: true },
  count: { ladder: counts, after: '' },
  ratio: { ladder: counts, after: '×' },
};

const suffixes: Readonly<Record<Unit, string>> = {
  seconds: 's',
  bytes: 'B',
  'bytes/second': 'B/s',
  tokens: 'tok',
  'tokens/second': 'tok/s',
  requests: 'req',
  'requests/second': '/s',
  items: 'items',
  'items/second': 'items/s',
  'flop/second': 'FLOP/s',
  watts: 'W',
  usd: '$',
  'usd/hour': '$/h',
  'usd/million tokens': '$/1M tok',
  'usd/million requests': '$/1M req',
  share: '%',
  count: '',
  ratio: '×',
};

/** The short symbol of a unit, as it stands beside a field or an axis; empty for bare counts. */
export function unitSuffix(unit: Unit): string {
  return suffixes[unit];
}

/**
 * What a person reads for `value` held in `unit`: `43 ms`, `17.5 GB`, `22.8k tok/s`, `78 %`, `$0.61/1M tok`. At most
 * `digits` significant digits (more between 1,000 and 10,000 and just below 100 %, where they matter); an en dash for NaN.
 */
export function format(value: number, unit: Unit, digits = 3): string {
  if (Number.isNaN(value)) return '–';
  if (value < 0) return `−${format(-value, unit, digits)}`;
  if (unit === 'seconds') return time(value, digits);
  if (unit === 'share') return `${plain(percent(value, digits), 15)} %`;
  return amount(value, styles[unit], digits);
}

/** A moment on the run's clock in minutes, seconds and tenths (`01:24.6`), with hours in front once there are any. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const pair = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(tenths / 36_000);
  const tail = `${pair(Math.floor(tenths / 600) % 60)}:${pair(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

function time(value: number, digits: number): string {
  if (value === 0) return '0 s';
  if (value === Infinity) return '∞ s';
  // Rounded before the step is chosen, so that 0.99996 s reads 1 s and not 1,000 ms.
  const rounded = round(value, digits);
  const [, one, symbol] = times.find(([below]) => rounded < below) ?? times[times.length - 1]!;
  return `${plain(value / one, digits)} ${symbol}`;
}

function percent(value: number, digits: number): number {
  // Availability is read in nines: two digits more just below one.
  return round(value, value > 0.99 && value < 1 ? digits + 2 : digits) * 100;
}

function amount(value: number, style: Style, digits: number): string {
  const rounded = round(value, digits);
  const step = value === Infinity ? undefined : style.ladder.find(([from]) => rounded >= from);
  const scaled = step ? value / step[1] : value;
  if (style.dollars) return `$${(step ? plain : cents)(scaled, digits)}${step?.[2] ?? ''}${style.after}`;
  const number = plain(scaled, digits);
  return style.ladder === metric ? `${number} ${step?.[2] ?? ''}${style.after}` : `${number}${step?.[2] ?? ''}${style.after}`;
}

/** Money between ten cents and a hundred dollars is written with both decimals or none; thousands of it have no cents. */
function cents(value: number, digits: number): string {
  const rounded = round(value, digits);
  const short = rounded >= 0.1 && rounded < 100 && rounded * 10 === Math.round(rounded * 10) && rounded !== Math.round(rounded);
  return short ? rounded.toFixed(2) : plain(value, digits);
}

function round(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}

/** Digits without exponent, thousands set apart by commas. */
function plain(value: number, digits: number): string {
  if (value === Infinity) return '∞';
  const rounded = value >= 1000 ? Math.round(value) : round(value, digits);
  if (rounded >= 1e21) return String(rounded);
  if (rounded < 1e-6 && rounded > 0) return String(rounded);
  const [whole = '', fraction] = String(Number(rounded.toPrecision(15))).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction ? `${grouped}.${fraction}` : grouped;
}

/** So many of a thing, in words: “1 server”, “1,000 servers”; `things` is the plural where an s does not make it. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? thing : things}`;
}
