/** What of the run stands beside the arithmetic: all of it so far, or, where the design was changed on the way, its recent past. */
import { callsAt, wholeFigure } from '../../run/beside.ts';
import { session } from '../../session/store.ts';
import { useCalmFrame } from '../live.ts';
import { figureIn } from '../measures.ts';
import { useResult } from '../sure.ts';

/** Figures of one component, over how many calls they are, and whether they are of the whole run. */
export interface Beside {
  readonly figure: (measure: string) => number;
  readonly calls: number;
  readonly whole: boolean;
}

/** Follows the run for as long as it is shown. Arithmetic knows one design: what came before an edit is of another. */
export function useBeside(id: string): Beside {
  const layout = session((state) => state.layout);
  const frame = useCalmFrame();
  const result = useResult();
  const node = result?.nodes[id];
  if (frame?.edits === 0 && result && node && result.measuredSeconds > 0) {
    return { figure: (measure) => wholeFigure(result, node, measure), calls: callsAt(result, node), whole: true };
  }
  // Figures of the present are of about a second.
  return { figure: (measure) => figureIn(frame, layout, id, measure), calls: figureIn(frame, layout, id, 'arrivals'), whole: false };
}
