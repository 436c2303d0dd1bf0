/** Why a call did not get its answer: a closed list, so that every refusal can be counted, charted and explained. */

/** Outcome codes kept with each call; `answered` is success, all others are reasons of failure. */
export const outcomes = [
  'answered',
  'shed',
  'queue full',
  'timed out',
  'rate limited',
  'quota',
  'circuit open',
  'no healthy target',
  'crashed',
  'out of memory',
  'cancelled',
  'deadline passed',
  'lost',
  'invalid',
] as const;

/** One word of the closed list. */
export type Outcome = (typeof outcomes)[number];

/** A reason for failure: any outcome but `answered`. */
export type Reason = Exclude<Outcome, 'answered'>;

/** Outcome codes by name, as small integers for typed arrays. */
export const Code = {
  answered: 0,
  shed: 1,
  queueFull: 2,
  timedOut: 3,
  rateLimited: 4,
  quota: 5,
  circuitOpen: 6,
  noHealthyTarget: 7,
  crashed: 8,
  outOfMemory: 9,
  cancelled: 10,
  deadlinePassed: 11,
  lost: 12,
  /** The request itself is at fault: malformed, too large, from nobody who may ask. As it stands it will never be answered. */
  invalid: 13,
} as const;
