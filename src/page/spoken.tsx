/** The run in a sentence, for those who hear the page: written at most every ten seconds, and when the run changes its state. */
import { useEffect, useRef } from 'react';
import type { Design } from '../design/design.ts';
import type { Frame, Layout } from '../run/protocol.ts';
import { frames } from '../session/frames.ts';
import { session } from '../session/store.ts';
import { clock, format } from '../units/format.ts';
import { failedShare, nodeFigure } from './live.ts';

const restMilliseconds = 10_000;

function busiest(design: Design, frame: Frame, layout: Layout): string {
  let most = { label: '', share: 0 };
  for (const node of design.nodes) {
    const share = nodeFigure(frame, layout, node.id, 'utilisation');
    if (share > most.share) most = { label: node.label, share };
  }
  return most.label ? `Busiest is ${most.label}, ${format(most.share, 'share', 2)} utilised.` : '';
}

function failing(design: Design, frame: Frame, layout: Layout): string {
  const bad = design.nodes.filter((node) => failedShare(frame, layout, node.id) > 0.001);
  return bad.length === 0 ? 'Nothing fails.' : `Calls fail at ${bad.slice(0, 4).map((node) => `${node.label} (${format(failedShare(frame, layout, node.id), 'share', 2)})`).join(', ')}.`;
}

function summary(design: Design, frame: Frame, layout: Layout): string {
  const judged = design.objectives.map((one, i) => ({ ...one, value: frame.objectives[i] ?? Number.NaN })).filter(({ value }) => !Number.isNaN(value));
  const met = judged.filter(({ relation, limit, value }) => (relation === 'at most' ? value <= limit : value >= limit)).length;
  const objectives = judged.length > 0 ? `${met} of ${judged.length} objectives met.` : '';
  return [`The run is ${frame.state} at ${clock(frame.time)}.`, busiest(design, frame, layout), failing(design, frame, layout), objectives].filter(Boolean).join(' ');
}

/** A live region that only screen readers meet. */
export function Spoken() {
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let last = -restMilliseconds;
    let state = '';
    return frames.subscribe((frame) => {
      const { design, layout } = session.getState();
      const now = performance.now();
      if (!layout || !region.current || (now - last < restMilliseconds && frame.state === state)) return;
      [last, state] = [now, frame.state];
      region.current.textContent = summary(design, frame, layout);
    });
  }, []);
  return <div ref={region} className="visually-hidden" role="status" aria-live="polite" aria-label="Summary of the run" />;
}
