/** The parameters of a wire between two components. */
import { jitters } from '../engine/guard.ts';
import { choice, distribution, real, text, toggle, whole, type Values } from '../kit/param.ts';

const retrying = (v: Readonly<Record<string, unknown>>): boolean => Number(v.linkRetries) > 0;
const breaking = (v: Readonly<Record<string, unknown>>): boolean => Number(v.breakerShare) > 0;

/** What can be set on a wire; a wire without settings takes the defaults. */
export const linkParams = {
  linkLatency: distribution({
    label: 'Latency, one way',
    help: 'Time a message takes each way. The default is half of a typical round trip inside one zone (assumed, 0.5 ms).',
    unit: 'seconds',
    default: { shape: 'constant', mean: 0.00025, cv: 0 },
    min: 0,
    max: 60,
  }),
  linkBandwidth: distribution({ label: 'Bandwidth', help: 'Answers come back one after another at this rate; 0 is no limit.', unit: 'bytes/second', default: { shape: 'constant', mean: 0, cv: 0 }, min: 0, max: 1e13 }),
  linkLoss: real({ label: 'Loss', help: 'Share of messages lost, each way. Without a timeout a loss is noticed after 3 s (assumed).', unit: 'share', default: 0, min: 0, max: 1 }),
  linkWeight: real({ label: 'Weight', help: 'Share of traffic this wire gets where its sender chooses by weight.', unit: 'count', default: 1, min: 0, max: 1e6 }),
  linkOrder: whole({ label: 'Order', help: 'Where the sender calls one after another, lower comes first.', unit: 'count', default: 0, min: 0, max: 1000 }),
  linkOnly: text({ label: 'Only for', help: 'Names of classes or tenants, separated by commas, that may take this wire; empty is all.', default: '', maxLength: 200 }),
  fireAndForget: toggle({ label: 'Fire and forget', help: 'The sender does not wait for an answer, and is not told of failures.', default: false }),
  linkTimeout: real({ label: 'Timeout', help: 'Longest wait for the answer to one attempt; 0 is for ever.', section: 'Timeout and retries', unit: 'seconds', default: 0, min: 0, max: 1e5 }),
  linkCancels: toggle({ label: 'Stop work nobody waits for', help: 'When the sender gives up, the work it has asked for stops; otherwise it goes on and its answer is thrown away.', section: 'Timeout and retries', default: false }),
  linkRetries: whole({ label: 'Retries', help: 'Further attempts after a failed one.', section: 'Timeout and retries', unit: 'count', default: 0, min: 0, max: 100 }),
  retryBackoff: real({ label: 'Back-off', help: 'Wait before the first retry; doubled for each further one.', section: 'Timeout and retries', unit: 'seconds', default: 0.1, min: 0, max: 3600, shownWhen: retrying }),
  retryBackoffMost: real({ label: 'Longest back-off', help: 'It is doubled no further than this.', section: 'Timeout and retries', unit: 'seconds', default: 10, min: 0, max: 3600, shownWhen: retrying }),
  retryJitter: choice({
    label: 'Jitter',
    help: 'What part of a back-off is left to chance, so that those who failed together do not come back together.',
    section: 'Timeout and retries',
    options: jitters.map((value) => ({ value, label: { none: 'none', equal: 'half of it', full: 'all of it' }[value] })),
    default: 'full',
    shownWhen: retrying,
  }),
  retryBudget: real({ label: 'Retry budget', help: 'Retries allowed per call, on average: 0.1 bounds the extra load at 10 %. 0 is no bound.', section: 'Timeout and retries', unit: 'ratio', default: 0, min: 0, max: 100, shownWhen: retrying }),
  hedgeDelay: real({ label: 'Hedge after', help: 'Ask a second time beside the first when no answer has come for so long; the first to answer wins. 0 is never.', section: 'Hedging', unit: 'seconds', default: 0, min: 0, max: 1e5 }),
  hedgeQuantile: real({ label: 'Hedge the slowest', help: 'Or when it has taken longer than this share of calls so far, say 0.95. 0 is never.', section: 'Hedging', unit: 'share', default: 0, min: 0, max: 0.9999 }),
  breakerShare: real({ label: 'Opens at', help: 'Share of failures at which the circuit breaker opens; 0 is no breaker.', section: 'Circuit breaker', unit: 'share', default: 0, min: 0, max: 1 }),
  breakerWindow: real({ label: 'Window', help: 'Failures of the last so many seconds count.', section: 'Circuit breaker', unit: 'seconds', default: 10, min: 0.01, max: 3600, shownWhen: breaking }),
  breakerLeast: whole({ label: 'At least', help: 'Attempts in the window before it can open.', section: 'Circuit breaker', unit: 'requests', default: 20, min: 1, max: 1e6, shownWhen: breaking }),
  breakerOpen: real({ label: 'Stays open', help: 'Then a few probes decide.', section: 'Circuit breaker', unit: 'seconds', default: 5, min: 0.001, max: 3600, shownWhen: breaking }),
  breakerProbes: whole({ label: 'Probes', help: 'Calls let through to see whether it may close; all must succeed.', section: 'Circuit breaker', unit: 'requests', default: 3, min: 1, max: 1000, shownWhen: breaking }),
} as const;

/** Values of all of them. */
export type LinkValues = Values<typeof linkParams>;

/** Whether a wire is open to a class of requests of a tenant. */
export function isOpenTo(values: LinkValues, name: string, tenant: string): boolean {
  const only = values.linkOnly.split(',').map((word) => word.trim()).filter((word) => word !== '');
  return only.length === 0 || only.includes(name) || only.includes(tenant);
}

interface Placed {
  readonly id: string;
  readonly values: LinkValues;
}

/** Sorts wires into the order in which their senders try them. */
export const inOrder = (a: Placed, b: Placed): number => a.values.linkOrder - b.values.linkOrder || (a.id < b.id ? -1 : 1);

/** Whether a wire with these settings does more than take time. */
export function isGuarded(v: LinkValues): boolean {
  return v.linkTimeout > 0 || v.linkRetries > 0 || v.hedgeDelay > 0 || v.hedgeQuantile > 0 || v.breakerShare > 0 || v.linkLoss > 0 || v.linkBandwidth.mean > 0;
}
