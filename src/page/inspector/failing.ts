/** Why calls fail at a component, in words: what each reason means, and where on the board it begins. */
import type { Design } from '../../design/design.ts';
import { outcomes, type Reason } from '../../engine/reasons.ts';
import type { Frame, Layout } from '../../run/protocol.ts';
import { failedShare, linkFigure } from '../live.ts';

/** What each reason means, as the end of a sentence. */
export const meanings: Readonly<Record<Reason, string>> = {
  shed: 'turned away on purpose, so that others are served in time',
  'queue full': 'the line was as long as it may be',
  'timed out': 'no answer within the time that the caller waits',
  'rate limited': 'above the rate that a limiter lets through',
  quota: 'above what the class or tenant may use',
  'circuit open': 'a circuit breaker keeps calls away from what kept failing',
  'no healthy target': 'nobody to ask: nothing is wired there, or all of it is down',
  crashed: 'what was asked is down, or went down with the work on it',
  'out of memory': 'it needs more memory than there is',
  cancelled: 'the caller no longer waited for it',
  'deadline passed': 'its deadline passed before anybody came to it',
  lost: 'lost on its way',
  invalid: 'the request itself is at fault',
};

/** A component at which failures begin, and the most frequent reason there. */
export interface Origin {
  readonly id: string;
  readonly label: string;
  readonly reason: Reason | null;
}

/** Where the failures of a component begin at this moment: at those that it calls, directly or through others, over wires that fail, and that no failing wire leaves. */
export function origins(design: Design, frame: Frame, layout: Layout, id: string): readonly Origin[] {
  const found: Origin[] = [];
  const seen = new Set([id]);
  for (const at of seen) {
    const further = design.links.filter((link) => link.from === at && linkFigure(frame, layout, link.id, 'failedShare') > 0 && failedShare(frame, layout, link.to) > 0);
    for (const { to } of further) seen.add(to);
    const node = design.nodes.find((one) => one.id === at);
    if (further.length > 0 || !node || !(failedShare(frame, layout, at) > 0)) continue;
    const reason = outcomes[frame.failing[layout.failing[at] ?? -1] ?? 0] ?? 'answered';
    found.push({ id: at, label: node.label, reason: reason === 'answered' ? null : reason });
  }
  return found;
}
