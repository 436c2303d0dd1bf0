/** The closed list of what can go wrong with a component or a wire, and what the amount of each means. */
import { format } from '../units/format.ts';
import type { Unit } from '../units/unit.ts';

/** What a fault is called, what its amount is, and who brings it about: the network for any component, or the component's own `strike`. */
export interface FaultInfo {
  readonly label: string;
  /** Finishes "While it lasts, …"; its amount stands for `{k}`. */
  readonly doc: string;
  /** Label, unit, default and bounds of the amount; null where there is none. */
  readonly amount: { readonly label: string; readonly unit: Unit; readonly default: number; readonly min: number; readonly max: number } | null;
  readonly by: 'network' | 'component' | 'wire';
  /** Whether it is over the moment it happens. */
  readonly instant: boolean;
}

/** All faults by name. */
export const faultInfo = {
  crash: { label: 'Crash', doc: 'it answers nothing', amount: null, by: 'network', instant: false },
  slow: { label: 'Slow', doc: 'its work takes {k} times as long', amount: { label: 'k', unit: 'ratio', default: 3, min: 1, max: 1000 }, by: 'network', instant: false },
  hang: { label: 'Hang', doc: 'it takes calls in and does nothing', amount: null, by: 'network', instant: false },
  release: { label: 'Bad release', doc: 'it fails {k} of what it is asked', amount: { label: 'share failing', unit: 'share', default: 0.3, min: 0, max: 1 }, by: 'network', instant: false },
  job: { label: 'Scheduled job', doc: 'a job on the same machines makes its work take {k} times as long', amount: { label: 'k', unit: 'ratio', default: 2, min: 1, max: 1000 }, by: 'network', instant: false },
  replicas: { label: 'Lose replicas', doc: 'it loses replicas ({k}) and the work on them; only servers of a service finish what they are at', amount: { label: 'replicas', unit: 'count', default: 1, min: 1, max: 100_000 }, by: 'component', instant: false },
  preemption: { label: 'Spot preemption', doc: 'it is told to give up replicas ({k}): they take nothing new, and what a GPU pool has not finished after two minutes is lost', amount: { label: 'replicas', unit: 'count', default: 1, min: 1, max: 100_000 }, by: 'component', instant: false },
  flush: { label: 'Flush the cache', doc: 'everything kept is forgotten', amount: null, by: 'component', instant: true },
  load: { label: 'More load', doc: '{k} times as many requests come', amount: { label: 'k', unit: 'ratio', default: 3, min: 0, max: 1000 }, by: 'component', instant: false },
  herd: { label: 'Thundering herd', doc: '{k} more requests come at once', amount: { label: 'requests', unit: 'requests', default: 1000, min: 1, max: 1_000_000 }, by: 'component', instant: true },
  hotKey: { label: 'Hot key', doc: '{k} of all requests ask for the same thing', amount: { label: 'share', unit: 'share', default: 0.5, min: 0, max: 1 }, by: 'component', instant: false },
  partition: { label: 'Partition', doc: 'nothing gets through', amount: null, by: 'wire', instant: false },
  loss: { label: 'Packet loss', doc: '{k} of all messages get lost', amount: { label: 'share lost', unit: 'share', default: 0.05, min: 0, max: 1 }, by: 'wire', instant: false },
  delay: { label: 'Delay', doc: 'messages take {k} times as long', amount: { label: 'k', unit: 'ratio', default: 10, min: 1, max: 10_000 }, by: 'wire', instant: false },
} as const satisfies Readonly<Record<string, FaultInfo>>;

/** One word of the closed list. */
export type FaultName = keyof typeof faultInfo;

/** A fault by its name and how strong it is, where it can be more or less: `Slow (3×)`, `Lose replicas (2)`. */
export function faultText(fault: FaultName, given: number): string {
  const { label, amount }: FaultInfo = faultInfo[fault];
  return amount === null ? label : `${label} (${format(given, amount.unit)})`;
}

/** What a fault of that strength does, as the end of "While it lasts, …"; without one, as strong as it is unless told otherwise. */
export function faultDoc(fault: FaultName, given?: number): string {
  const { doc, amount }: FaultInfo = faultInfo[fault];
  if (amount === null) return doc;
  return doc.replace('{k}', format(given ?? amount.default, amount.unit === 'share' ? 'share' : 'count'));
}

/** Faults that any component which serves calls can suffer. */
export const servingFaults = ['crash', 'slow', 'hang', 'release', 'job'] as const satisfies readonly FaultName[];
