/** What a component's figures are called, and what they read in a frame. */
import type { AnyKind } from '../kit/kind.ts';
import { commonMeasureInfo, commonMeasures, type Frame, type Layout } from '../run/protocol.ts';
import type { Unit } from '../units/unit.ts';
import { failedShare, nodeFigure } from './live.ts';

/** One figure of a component. */
export interface MeasureInfo {
  readonly name: string;
  readonly label: string;
  readonly unit: Unit;
  readonly help: string | undefined;
}

const failed: MeasureInfo = { name: 'failedShare', label: 'failed share', unit: 'share', help: 'calls that failed, of those that came to an end' };

/** All measures of a kind; those that go by calls, the common ones and the share that fails, only where calls come or start. */
export function measuresOf(kind: AnyKind): readonly MeasureInfo[] {
  const common = commonMeasures.map((name) => ({ name, ...commonMeasureInfo[name], help: undefined }));
  const own = Object.entries(kind.measures).map(([name, measure]) => ({ name, label: measure.label, unit: measure.unit, help: measure.help }));
  return kind.ports.in === 'call' || kind.offers ? [...common, ...own, failed] : own;
}

/** What a measure of a kind, own or common, is called and measured in. */
export function measureOf(kind: AnyKind, name: string): MeasureInfo {
  return measuresOf(kind).find((measure) => measure.name === name) ?? { name, label: name, unit: 'count', help: undefined };
}

/** A component's figure in the latest frame; NaN where there is none. */
export function figureIn(frame: Frame | null, layout: Layout | null, id: string, measure: string): number {
  if (!frame || !layout) return Number.NaN;
  return measure === failed.name ? failedShare(frame, layout, id) : nodeFigure(frame, layout, id, measure);
}
