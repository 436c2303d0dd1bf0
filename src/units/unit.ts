/**
 * Numbers that know what they measure: the units Sandtable speaks, how a person reads them and how a person may write them.
 * Values are always held in the base unit named here (seconds, bytes, tokens, USD); only the page shows prefixes.
 */

/** What a number measures. `share` is 0…1 and shown as a percentage. */
export type Unit =
  | 'seconds'
  | 'bytes'
  | 'bytes/second'
  | 'tokens'
  | 'tokens/second'
  | 'requests'
  | 'requests/second'
  | 'items'
  | 'items/second'
  | 'flop/second'
  | 'watts'
  | 'usd'
  | 'usd/hour'
  | 'usd/million tokens'
  | 'usd/million requests'
  | 'share'
  | 'count'
  | 'ratio';
