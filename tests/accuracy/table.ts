/** The table of all constants as one value that can be turned knob by knob, looked up for a case, and printed as it stands in the source. */
import type { Generation } from '../../src/kinds/gpu-pool/catalogue-gpus.ts';
import { constantsOf, kernelFit, kernels, software, type Constants, type Engine, type Kernels, type Software, type SoftwareId } from '../../src/kinds/gpu-pool/constants.ts';

/** All constants. */
export interface Table {
  readonly kernelFit: string;
  readonly kernels: Readonly<Record<Generation, Kernels>>;
  readonly software: Readonly<Record<SoftwareId, Software>>;
}

/** The table as the project has it. */
export const present: Table = { kernelFit, kernels, software };

/** One constant: of a generation's kernels, or of a software anywhere or on a generation. */
export interface Place {
  readonly software?: SoftwareId;
  readonly on?: Generation;
  readonly key: keyof Engine;
}

const nothing: Software = { label: '', vintage: '', ahead: false, fit: '', any: { layer: 0, host: 0, perSequence: 0 }, on: {} };

/** The constants that hold for a generation under a software, or for its kernels alone. */
export function looked(table: Table, by: SoftwareId | undefined, on: Generation): Constants {
  return constantsOf(by === undefined ? nothing : table.software[by], on, table.kernels);
}

/** The table with one constant multiplied. A share never exceeds all but nothing. */
export function turned(table: Table, place: Place, factor: number): Table {
  const at = (now: number): number => Math.min(now * factor, shares.has(place.key) ? ALMOST_ALL : Infinity);
  const { on, key } = place;
  if (place.software === undefined) return { ...table, kernels: { ...table.kernels, [on!]: { ...table.kernels[on!], [key]: at(table.kernels[on!][key as keyof Kernels]) } } };
  const one = table.software[place.software];
  const now = looked(table, place.software, on ?? 'hopper')[key];
  const next: Software = on === undefined ? { ...one, any: { ...one.any, [key]: at(one.any[key] ?? now) } } : { ...one, on: { ...one.on, [on]: { ...one.on[on], [key]: at(now) } } };
  return { ...table, software: { ...table.software, [place.software]: next } };
}

/** A number as the source tells it: three digits. */
export const asWritten = (x: number): number => Number(x.toPrecision(3));

const everyAsWritten = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).map(([key, x]) => [key, asWritten(x as number)])) as T;

/** The table as the source would tell it. */
export function written(table: Table): Table {
  const each = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).map(([key, x]) => [key, everyAsWritten(x as object)])) as T;
  const software = Object.fromEntries(Object.entries(table.software).map(([id, s]) => [id, { ...s, any: everyAsWritten(s.any), on: each(s.on) }])) as unknown as Table['software'];
  return { ...table, kernels: each(table.kernels), software };
}

/** Shares of a peak, which nothing exceeds. */
const shares: ReadonlySet<string> = new Set<keyof Engine>(['burst', 'compute16', 'compute8', 'compute4', 'stream', 'stream4', 'kvRead', 'kvRead8', 'prefill', 'grouped', 'streamExperts', 'always8']);
const ALMOST_ALL = 0.97;

/** Where a fit begins: what a person would guess who has measured nothing. */
const guesses: Readonly<Partial<Record<keyof Engine, number>>> = {
  burst: 0.8,
  launch: 4e-6,
  stream: 0.85,
  stream4: 0.65,
  kvRead: 0.85,
  kvRead8: 0.8,
  attention: 13e-6,
  prefill: 0.6,
  reduceStart: 5e-6,
  compute16: 0.65,
  compute8: 0.55,
  compute4: 0.45,
  layer: 30e-6,
  narrowing: 10e-6,
  host: 1e-3,
  perSequence: 20e-6,
  perStream: 2e-6,
  grouped: 0.5,
  streamExperts: 0.7,
  routing: 40e-6,
  routing4: 10e-6,
  always8: 0.4,
  gather: 40e-6,
  launchLayer: 200e-6,
  launchRank: 1e-3,
  reduceLarge: 80e9,
  launchPrompt: 40e-6,
  launchExperts: 0.5e-3,
  client: 20e-3,
  clientPerSequence: 40e-6,
};

const guessed = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).map(([key, x]) => [key, guesses[key as keyof Engine] ?? x])) as T;

/** What an engine does on a generation otherwise than elsewhere is looked for from there: exchange from that of the kernels, launches from those on other hosts. */
const ownLater: ReadonlySet<string> = new Set<keyof Engine>(['reduceRate', 'reduceStart', 'launchLayer', 'launchRank']);
const withoutOwn = (e: Partial<Engine>): Partial<Engine> => Object.fromEntries(Object.entries(e).filter(([key]) => !ownLater.has(key)));

/** A table of the same shape with every fitted constant guessed; what nothing here measures stays. */
export function blank(table: Table): Table {
  const { cdna3, ...timed } = table.kernels;
  const kernels = { ...Object.fromEntries(Object.entries(timed).map(([on, k]) => [on, guessed(k)])), cdna3 } as Table['kernels'];
  const software = Object.fromEntries(Object.entries(table.software).map(([id, s]) => [id, { ...s, any: guessed(s.any), on: Object.fromEntries(Object.entries(s.on).map(([g, e]) => [g, guessed(withoutOwn(e!))])) }])) as unknown as Table['software'];
  return { ...table, kernels, software };
}
