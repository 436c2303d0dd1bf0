/** The parameters of a wire between two components. */
import { distribution, real, toggle, whole } from '../kit/param.ts';

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
  linkWeight: real({ label: 'Weight', help: 'Share of traffic this wire gets where its sender chooses by weight.', unit: 'count', default: 1, min: 0, max: 1e6 }),
  linkOrder: whole({ label: 'Order', help: 'Where the sender calls one after another, lower comes first.', unit: 'count', default: 0, min: 0, max: 1000 }),
  fireAndForget: toggle({ label: 'Fire and forget', help: 'The sender does not wait for an answer, and is not told of failures.', default: false }),
} as const;
