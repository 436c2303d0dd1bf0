/** Everything measured in a folder, simulated and compared. */
import { casesOf, type Case } from './cases.ts';
import type { LeftOut } from './csv.ts';
import { families } from './families.ts';
import { kernelsOf, type Kernel } from './micro.ts';
import { replayErrors, replaysOf } from './replays.ts';
import { replayTimes, replayVerdict, streamVerdict, verdict, type Group, type ReplayResult } from './report.ts';
import { errorsOf, type Errors } from './runs.ts';
import type { Measurements } from './stages.ts';
import { summed } from './statistics.ts';
import { streamsOf, type StreamResult } from './streams.ts';
import { looked, present } from './table.ts';

/** Everything found out about a folder. */
export interface Accuracy {
  readonly groups: readonly Group[];
  readonly micro: readonly Group[];
  readonly streams: readonly StreamResult[];
  readonly replays: readonly ReplayResult[];
  readonly leftOut: readonly LeftOut[];
}

/** Median error a kind of kernel may have. */
const MICRO_BAR = 0.1;

/** Errors of cases in groups by family, those without any left away. */
export function groupsOf(errors: readonly (readonly [Case, Errors])[]): Group[] {
  const groups = families.map(({ name, figure, of, bar }) => {
    const mine = errors.filter(([c]) => of(c)).flatMap(([, e]) => (e[figure] !== undefined && Number.isFinite(e[figure]) ? [e[figure]!] : []));
    return { name, bar, ...summed(mine) };
  });
  return groups.filter((g) => g.rows > 0);
}

/** Kernels in groups by their kind. */
export function microOf(kernels: readonly Kernel[]): Group[] {
  const error = (k: Kernel): number => k.seconds(looked(present, undefined, k.gpu.generation)) / k.measuredSeconds - 1;
  const kinds = [...new Set(kernels.map((k) => k.kind))];
  return kinds.map((kind) => ({ name: `kernels: ${kind}`, bar: MICRO_BAR, ...summed(kernels.filter((k) => k.kind === kind).map(error)) }));
}

/** What a folder measures, and what of it is left out. */
export function measuredIn(folder: string): { readonly measurements: Measurements; readonly leftOut: readonly LeftOut[] } {
  const [measured, timed, recorded] = [casesOf(folder), kernelsOf(folder), replaysOf(folder)];
  return { measurements: { cases: measured.cases, kernels: timed.kernels, replays: recorded.replays }, leftOut: [...measured.leftOut, ...recorded.leftOut, ...timed.leftOut] };
}

/** A folder of the project itself, for what nothing in the reference figures measures: figures that others published, each with its address. */
const PUBLISHED = 'tests/accuracy/published';

/** What constants are fitted to: all that a folder measures, and what is published elsewhere. */
export function fittable(folder: string): Measurements {
  const { measurements } = measuredIn(folder);
  return { ...measurements, cases: [...measurements.cases, ...casesOf(PUBLISHED).cases] };
}

/** How close the project's constants come to what a folder measures. */
export function accuracyOf(folder: string): Accuracy {
  const { measurements: m, leftOut } = measuredIn(folder);
  const errors = m.cases.map((c) => [c, errorsOf(c, looked(present, c.software, c.setup.gpu.generation))] as const);
  const failed = errors.flatMap(([c, e]) => (Object.values(e).some((x) => !Number.isFinite(x)) ? [{ id: c.id, why: 'does not fit into memory as described' }] : []));
  const replays = m.replays.map((r) => ({ name: r.name, errors: replayErrors(r, looked(present, 'vllm', r.setup.gpu.generation)) }));
  return { groups: groupsOf(errors), micro: microOf(m.kernels), streams: streamsOf(folder), replays, leftOut: [...leftOut, ...failed] };
}

/** Whether a median, a stream or a replay misses its bar. */
export function misses({ groups, micro, streams, replays }: Accuracy): boolean {
  const all = [...[...groups, ...micro].map(verdict), ...streams.map(streamVerdict), ...replays.flatMap((r) => replayTimes.map((time) => replayVerdict(r.errors, time)))];
  return all.includes('missed');
}
