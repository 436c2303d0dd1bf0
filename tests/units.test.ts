/** Numbers as a person reads and writes them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../src/kinds/index.ts';
import { defaults } from '../src/kit/param.ts';
import { clock, counted, format, unitSuffix } from '../src/units/format.ts';
import { parse } from '../src/units/parse.ts';
import type { Unit } from '../src/units/unit.ts';

const units: readonly Unit[] = [
  'seconds', 'bytes', 'bytes/second', 'tokens', 'tokens/second', 'requests', 'requests/second', 'items', 'items/second',
  'flop/second', 'watts', 'usd', 'usd/hour', 'usd/million tokens', 'usd/million requests', 'share', 'count', 'ratio',
];

describe('format', () => {
  it.each<[number, Unit, string]>([
    [0.043, 'seconds', '43 ms'],
    [0, 'seconds', '0 s'],
    [0.99996, 'seconds', '1 s'],
    [2.5e-6, 'seconds', '2.5 µs'],
    [300, 'seconds', '5 min'],
    [17.5e9, 'bytes', '17.5 GB'],
    [512, 'bytes', '512 B'],
    [22_800, 'tokens/second', '22.8k tok/s'],
    [8192, 'tokens', '8,192 tok'],
    [167, 'requests/second', '167 /s'],
    [0.78, 'share', '78 %'],
    [0.024, 'share', '2.4 %'],
    [0.9995, 'share', '99.95 %'],
    [112, 'usd/hour', '$112/h'],
    [0.61, 'usd/million tokens', '$0.61/1M tok'],
    [12.5, 'usd', '$12.50'],
    [2_040_000, 'usd', '$2.04M'],
    [25_500, 'usd/hour', '$25.5k/h'],
    [1_900_000, 'usd', '$1.9M'],
    [-5, 'usd', '−$5'],
    [1.06, 'ratio', '1.06×'],
    [989e12, 'flop/second', '989 TFLOP/s'],
    [214.4, 'requests', '214 req'],
    [NaN, 'bytes', '–'],
    [Infinity, 'requests', '∞ req'],
  ])('%d %s reads %s', (value, unit, text) => expect(format(value, unit)).toBe(text));

  it('reads the clock', () => {
    expect(clock(84.6)).toBe('01:24.6');
    expect(clock(0)).toBe('00:00.0');
    expect(clock(3725.05)).toBe('1:02:05.0');
    expect(clock(NaN)).toBe('–');
  });
});

describe('parse', () => {
  it.each<[string, Unit, number]>([
    ['10ms', 'seconds', 0.01],
    ['10 ms', 'seconds', 0.01],
    ['5m', 'seconds', 300],
    ['1.5k', 'count', 1500],
    ['2 GiB', 'bytes', 2 * 2 ** 30],
    ['40gb', 'bytes', 40e9],
    ['100 Gbit/s', 'bytes/second', 12.5e9],
    ['100Gbps', 'bytes/second', 12.5e9],
    ['5 %', 'share', 0.05],
    ['0.05', 'share', 0.05],
    ['1/s', 'requests/second', 1],
    ['10,000 requests/min', 'requests/second', 10_000 / 60],
    ['10k req per min', 'requests/second', 10_000 / 60],
    ['$2.50/h', 'usd/hour', 2.5],
    ['$0.61/1M tok', 'usd/million tokens', 0.61],
    ['1e-3', 'seconds', 0.001],
    ['-5', 'count', -5],
    ['3x', 'ratio', 3],
    ['989 TFLOPS', 'flop/second', 989e12],
  ])('“%s” in %s is %d', (text, unit, value) => {
    const parsed = parse(text, unit);
    expect(parsed.ok && parsed.value).toBeCloseTo(value, 9);
  });

  it.each<[string, Unit, RegExp]>([
    ['', 'seconds', /write a number, for example 10 ms/],
    ['abc', 'count', /“abc” is not a number/],
    ['10 ms', 'bytes', /“ms” is no unit here; write for example 2 GiB/],
    ['1,5', 'count', /“,5” is no unit here/],
    ['1e999', 'seconds', /too large/],
    ['100 Gb/s', 'bytes/second', /no unit here/],
    ['5__proto__', 'seconds', /no unit here/],
    ['1'.repeat(65), 'count', /at most 64 characters/],
    ['Infinity', 'count', /not a number/],
    ['NaN', 'count', /not a number/],
  ])('“%s” in %s is refused', (text, unit, why) => {
    const parsed = parse(text, unit);
    expect(parsed.ok ? '' : parsed.why).toMatch(why);
  });

  it('reads back what it wrote, to the digits shown', () => {
    const figure = fc.double({ min: 1e-9, max: 1e15, noNaN: true });
    fc.assert(fc.property(figure, fc.constantFrom(...units), fc.boolean(), (value, unit, negative) => {
      const signed = negative ? -value : value;
      const parsed = parse(format(signed, unit), unit);
      expect(parsed.ok && Math.abs(parsed.value - signed) <= 0.0051 * value).toBe(true);
    }), { numRuns: 3000 });
  });

  it('accepts its own suffix after a number, and never throws', () => {
    for (const unit of units) expect(parse(`1 ${unitSuffix(unit).replace('$', '')}`, unit).ok).toBe(true);
    fc.assert(fc.property(fc.string({ maxLength: 70 }), fc.constantFrom(...units), (text, unit) => {
      const parsed = parse(text, unit);
      expect(parsed.ok ? Number.isFinite(parsed.value) : parsed.why.length > 0).toBe(true);
    }), { numRuns: 1000 });
  });
});

describe('counted things', () => {
  it('are one, or several with thousands apart', () => {
    expect([counted(1, 'server'), counted(0, 'server'), counted(1000, 'server'), counted(2, 'prefix', 'prefixes')]).toEqual(['1 server', '0 servers', '1,000 servers', '2 prefixes']);
  });

  it('are one of everything on the cards and bills of components that have one of everything', () => {
    for (const kind of kinds) {
      const values = Object.fromEntries(Object.entries(defaults(kind.params)).map(([name, value]) => [name, kind.params[name]!.type === 'number' ? 1 : value]));
      for (const text of [kind.subtitle?.(values) ?? '', ...kind.cost(values).map((row) => row.label)]) expect(text, kind.id).not.toMatch(/(^|, )1 (?!ms)[a-z]+s\b(?!\/)/);
    }
  });
});
