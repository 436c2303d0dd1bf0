/** What a component's measures are called, and what they read in a frame. */
import type { AnyKind } from '../../kit/kind.ts';
import { commonMeasureInfo, commonMeasures, type Frame, type Layout } from '../../run/protocol.ts';
import type { Unit } from '../../units/unit.ts';
import { nodeFigure } from '../live.ts';

/** One measure of a component. */
export interface MeasureInfo {
  readonly name: string;
  readonly label: string;
  readonly unit: Unit;
  readonly help: string | undefined;
}

/** All measures of a kind, common ones first. */
export function measuresOf(kind: AnyKind): readonly MeasureInfo[] {
  const common = commonMeasures.map((name) => ({ name, ...commonMeasureInfo[name], help: undefined }));
  const own = Object.entries(kind.measures).map(([name, measure]) => ({ name, label: measure.label, unit: measure.unit, help: measure.help }));
  return [...common, ...own];
}

/** A component's figure in the latest frame; NaN where there is none. */
export function figureIn(frame: Frame | null, layout: Layout | null, id: string, measure: string): number {
  return frame && layout ? nodeFigure(frame, layout, id, measure) : Number.NaN;
}
