/** How a person may write a number: with or without unit, prefix, thousands commas or exponent; answers in the base unit. */
import type { Unit } from './unit.ts';
import { unitSuffix } from './format.ts';

/** A number in the unit's base, or one sentence that says why the text is not one. */
export type Parsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly why: string };

/** Longest text that is looked at. */
export const longestNumber = 64;

type Factors = Readonly<Record<string, number>>;

interface Grammar {
  /** Names of the unit itself, each with what one of it is in the base unit; longest first. */
  readonly names: readonly (readonly [name: string, factor: number])[];
  readonly prefixes: Factors;
  /** Where the unit is per time or per amount: the denominators a person may write, with what they multiply by. */
  readonly per?: Factors;
  readonly example: string;
}

const counts: Factors = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, B: 1e9, bn: 1e9, T: 1e12 };
const metric: Factors = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
const binary: Factors = { ...metric, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 };
/** People write memory in small letters too; nothing else could be meant. */
const memory: Factors = { ...binary, m: 1e6, g: 1e9, t: 1e12, p: 1e15, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 };
const perSecond: Factors = {
  '/s': 1, '/sec': 1, '/second': 1,
  '/m': 1 / 60, '/min': 1 / 60, '/minute': 1 / 60,
  '/h': 1 / 3600, '/hr': 1 / 3600, '/hour': 1 / 3600,
  '/d': 1 / 86_400, '/day': 1 / 86_400,
};
const perHour: Factors = { '/h': 1, '/hr': 1, '/hour': 1, '/d': 1 / 24, '/day': 1 / 24, '/month': 1 / 730, '/s': 3600, '/min': 60 };

const seconds: Factors = {
  '': 1, ns: 1e-9, us: 1e-6, 'µs': 1e-6, 'μs': 1e-6, ms: 1e-3, s: 1, sec: 1, second: 1, seconds: 1,
  m: 60, min: 60, minute: 60, minutes: 60, h: 3600, hr: 3600, hour: 3600, hours: 3600, d: 86_400, day: 86_400, days: 86_400,
};

const named = (...names: readonly string[]): Grammar['names'] => names.map((name) => [name, 1] as const);
const tokens = named('tokens', 'token', 'tok');
const requests = named('requests', 'request', 'reqs', 'req', 'calls');
const items = named('items', 'item');
const perMillion = (what: string): Factors =>
  Object.fromEntries(['1M', 'M', '1m', 'm', 'million'].flatMap((m) => [`/${m}${what}`, `/${m}${what}s`, `/${m}${what.slice(0, 3)}`, `/${m}`]).map((key) => [key, 1]));

const grammars: Readonly<Record<Unit, Grammar>> = {
  seconds: { names: [], prefixes: seconds, example: '10 ms' },
  bytes: { names: named('bytes', 'byte', 'B', 'b'), prefixes: memory, example: '2 GiB' },
  'bytes/second': { names: [['bytes', 1], ['byte', 1], ['B', 1], ['bits', 1 / 8], ['bit', 1 / 8]], prefixes: binary, per: perSecond, example: '10 GB/s' },
  tokens: { names: tokens, prefixes: counts, example: '4k' },
  'tokens/second': { names: tokens, prefixes: counts, per: perSecond, example: '500 tok/s' },
  requests: { names: requests, prefixes: counts, example: '64' },
  'requests/second': { names: requests, prefixes: counts, per: perSecond, example: '167/s' },
  items: { names: items, prefixes: counts, example: '1k' },
  'items/second': { names: items, prefixes: counts, per: perSecond, example: '1k/s' },
  'flop/second': { names: named('FLOPS', 'FLOP', 'flops', 'flop'), prefixes: metric, per: perSecond, example: '989 TFLOP/s' },
  watts: { names: named('watts', 'W'), prefixes: metric, example: '700 W' },
  usd: { names: named('USD', 'usd'), prefixes: counts, example: '$12' },
  'usd/hour': { names: named('USD', 'usd'), prefixes: counts, per: perHour, example: '$2.50/h' },
  'usd/million tokens': { names: named('USD', 'usd'), prefixes: counts, per: perMillion('token'), example: '$0.60/1M tok' },
  'usd/million requests': { names: named('USD', 'usd'), prefixes: counts, per: perMillion('request'), example: '$3/1M req' },
  share: { names: [['%', 0.01], ['percent', 0.01]], prefixes: { '': 1 }, example: '5 %' },
  count: { names: [], prefixes: counts, example: '32' },
  ratio: { names: named('×', 'x'), prefixes: counts, example: '1.5×' },
};

const numeral = /^([-−+]?)(\$?)(\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(e[-+]?\d{1,4})?/i;

/**
 * Reads `text` as a number in `unit`: `10ms`, `1.5k`, `2 GiB`, `5 %`, `10,000/min`, `$2.50/h`; a bare number is in the base
 * unit (seconds, bytes, a share of one …). Always finite.
 */
export function parse(text: string, unit: Unit): Parsed {
  if (text.length > longestNumber) return refuse(`a number has at most ${longestNumber} characters`);
  const written = text.replace(/\s+/g, '');
  if (written === '') return refuse(`write a number, for example ${grammars[unit].example}`);
  const match = numeral.exec(written);
  if (!match) return refuse(`“${text.trim()}” is not a number; write for example ${grammars[unit].example}`);
  const [whole, sign, , digits, exponent] = match;
  const factor = factorOf(written.slice(whole.length), unit);
  if (factor === null) return refuse(`“${written.slice(whole.length)}” is no unit here; write for example ${grammars[unit].example}`);
  const value = Number(`${digits!.replace(/,/g, '')}${exponent ?? ''}`) * factor;
  if (!Number.isFinite(value)) return refuse(`“${text.trim()}” is too large`);
  return { ok: true, value: sign === '-' || sign === '−' ? 0 - value : value };
}

function refuse(why: string): Parsed {
  return { ok: false, why };
}

/** What the letters after the number multiply it by, or null where they mean nothing in this unit. */
function factorOf(tail: string, unit: Unit): number | null {
  const grammar = grammars[unit];
  if (tail === unitSuffix(unit)) return unit === 'share' ? 0.01 : 1;
  const [left, divisor] = withoutPer(tail, grammar);
  for (const [name, factor] of [...grammar.names, ['', 1] as const]) {
    if (!left.endsWith(name)) continue;
    const prefix = left.slice(0, left.length - name.length);
    if (Object.hasOwn(grammar.prefixes, prefix)) return grammar.prefixes[prefix]! * factor * divisor;
  }
  return null;
}

function withoutPer(tail: string, grammar: Grammar): readonly [left: string, factor: number] {
  if (!grammar.per) return [tail, 1];
  const spelled = tail.replace(/^per|(?<=[a-zA-Z])per(?=[a-z])/, '/').replace(/bps$/, 'bit/s');
  const at = spelled.indexOf('/');
  if (at < 0) return [spelled, 1];
  const per = spelled.slice(at);
  return Object.hasOwn(grammar.per, per) ? [spelled.slice(0, at), grammar.per[per]!] : [tail, 1];
}
