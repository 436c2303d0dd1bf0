/** Stored parameter values against their declarations: checking, filling in defaults, leaving defaults out. */
import type { AnyKind } from '../kit/kind.ts';
import type { Distribution, DistributionParam, NumberParam, Param, Params, TableParam, Values } from '../kit/param.ts';
import { format } from '../units/format.ts';
import type { Unit } from '../units/unit.ts';

/** A value that fits its parameter, or the end of a sentence that starts with the component's name. */
export type Checked<T = unknown> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** Largest coefficient of variation a random quantity may have. */
export const largestCv = 100;

const longestTraceName = 120;

const fine = <T>(value: T): Checked<T> => ({ ok: true, value });
const wrong = (why: string): { readonly ok: false; readonly why: string } => ({ ok: false, why });

/**
 * Holds a value against its declaration: the value itself, or why not, as in “max sequences must be between 1 and 4,096
 * (you gave 0)”.
 */
export function checkParam(spec: Param, value: unknown): Checked {
  switch (spec.type) {
    case 'number': return checkNumber(spec, value);
    case 'choice': return checkChoice(spec, value);
    case 'toggle': return typeof value === 'boolean' ? fine(value) : wrong(`${named(spec)} must be true or false (you gave ${shown(value)})`);
    case 'text': return checkText(named(spec), spec.maxLength, value);
    case 'trace': return checkText(named(spec), longestTraceName, value);
    case 'distribution': return checkDistribution(spec, value);
    case 'table': return checkTable(spec, value);
  }
}

/** Checks every stored value of a declaration; missing ones are fine, unknown ones are refused by name. */
export function checkParams(params: Params, stored: Readonly<Record<string, unknown>>): Checked<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stored)) {
    if (!Object.hasOwn(params, name)) return wrong(`there is no parameter “${clip(name)}”${alike(params, name)}`);
    const checked = checkParam(params[name]!, value);
    if (!checked.ok) return checked;
    values[name] = checked.value;
  }
  return fine(values);
}

/** The parameter that was perhaps meant, in brackets: one that is called so on the page, or has the word in its name. */
function alike(params: Params, given: string): string {
  const word = given.toLowerCase();
  const meant = Object.keys(params).find((name) => params[name]!.label.toLowerCase() === word || (word.length > 2 && name.toLowerCase().includes(word)));
  return meant === undefined ? '' : ` (perhaps “${meant}”)`;
}

/** Stored values with the declared defaults filled in; what was not declared is left out. */
export function fullValues<P extends Params>(params: P, stored: Readonly<Record<string, unknown>>): Values<P> {
  const entries = Object.entries(params).map(([name, spec]) => [name, Object.hasOwn(stored, name) ? stored[name] : spec.default]);
  return Object.fromEntries(entries) as Values<P>;
}

/** The values a kind is built with: what the design stores, and its declared defaults for the rest. */
export function fullParams(kind: AnyKind, stored: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return fullValues(kind.params as Params, stored);
}

/** Only the values that differ from their declared defaults, in declared order. */
export function slimValues(params: Params, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = Object.keys(params).filter((name) => Object.hasOwn(values, name) && !sameValue(values[name], params[name]!.default));
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

/** A node's values without those that equal its kind's defaults. */
export function slimParams(kind: AnyKind, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return slimValues(kind.params as Params, values);
}

/** Whether two parameter values (plain JSON) say the same, whatever the order of their fields. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

function checkNumber(spec: NumberParam, value: unknown): Checked<number> {
  if (typeof value !== 'number' || Number.isNaN(value)) return wrong(`${named(spec)} must be a number (you gave ${shown(value)})`);
  if (value < spec.min || value > spec.max) return wrong(outOfRange(spec, value));
  if (spec.integer && !Number.isInteger(value)) return wrong(`${named(spec)} must be a whole number (you gave ${value})`);
  return fine(value);
}

function checkChoice(spec: Extract<Param, { type: 'choice' }>, value: unknown): Checked<string> {
  if (spec.options.some((option) => option.value === value)) return fine(value as string);
  const offered = spec.options.map((option) => `“${option.value}”`).join(', ');
  return wrong(`${named(spec)} must be one of ${offered} (you gave ${shown(value)})`);
}

function checkText(name: string, maxLength: number, value: unknown): Checked<string> {
  if (typeof value !== 'string') return wrong(`${name} must be text (you gave ${shown(value)})`);
  if (value.length > maxLength) return wrong(`${name} must be at most ${maxLength} characters long (you gave ${value.length})`);
  return fine(value);
}

function checkDistribution(spec: DistributionParam, value: unknown): Checked<Distribution> {
  if (!isRecord(value)) return wrong(`${named(spec)} must be a random quantity with shape, mean and cv (you gave ${shown(value)})`);
  const stray = Object.keys(value).find((key) => key !== 'shape' && key !== 'mean' && key !== 'cv');
  if (stray !== undefined) return wrong(`${named(spec)} has no field “${clip(stray)}”`);
  const { shape, mean, cv } = { ...spec.default, ...value } as Record<keyof Distribution, unknown>;
  const known = spec.shapes.find((one) => one === shape);
  if (known === undefined) return wrong(`${named(spec)} must be shaped ${spec.shapes.join(', ')} (you gave ${shown(shape)})`);
  if (typeof mean !== 'number' || !(mean >= spec.min && mean <= spec.max)) return wrong(outOfRange(spec, mean, 'the mean of '));
  if (typeof cv !== 'number' || !(cv >= 0 && cv <= largestCv)) return wrong(`the variation of ${named(spec)} must be between 0 and ${largestCv} (you gave ${shown(cv)})`);
  return fine({ shape: known, mean, cv });
}

function checkTable(spec: TableParam, value: unknown): Checked<readonly unknown[]> {
  if (!Array.isArray(value)) return wrong(`${named(spec)} must be a table (you gave ${shown(value)})`);
  if (value.length > spec.maxRows) return wrong(`${named(spec)} must have at most ${spec.maxRows} rows (you gave ${value.length})`);
  const rows: unknown[] = [];
  for (const [index, row] of value.entries()) {
    if (!isRecord(row)) return wrong(`row ${index + 1} of ${named(spec)} must hold its columns by name (you gave ${shown(row)})`);
    const checked = checkParams(spec.columns as Params, row);
    if (!checked.ok) return wrong(`in row ${index + 1} of ${named(spec)}, ${checked.why}`);
    rows.push(fullValues(spec.columns as Params, checked.value));
  }
  return fine(rows);
}

function outOfRange(spec: NumberParam | DistributionParam, value: unknown, of = ''): string {
  const given = typeof value === 'number' ? bound(value, spec.unit) : shown(value);
  return `${of}${named(spec)} must be between ${bound(spec.min, spec.unit)} and ${bound(spec.max, spec.unit)} (you gave ${given})`;
}

/** A limit as a person reads it; counts without a suffix, because 4,096 means more than 4.1k there. */
function bound(value: number, unit: Unit): string {
  const counted = unit === 'count' || unit === 'requests' || unit === 'items';
  if (!counted || !Number.isInteger(value) || Math.abs(value) >= 1e9) return format(value, unit, 4);
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The label as it stands inside a sentence: small initial, unless it is an abbreviation. */
function named(spec: Param): string {
  return /^[A-Z][a-z]/.test(spec.label) ? spec.label.charAt(0).toLowerCase() + spec.label.slice(1) : spec.label;
}

/** A refused value, short enough for a sentence. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `“${clip(value)}”`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : 'an object';
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
