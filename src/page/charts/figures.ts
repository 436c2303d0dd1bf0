/** What can be read off a series of values with gaps (NaN): the latest, the recent mean, the peak, the lowest. */
/** Columns that count as "recent" when series are ranked. */
const recentColumns = 8;

/** The last finite value, or NaN. */
export function latest(values: ArrayLike<number>): number {
  for (let i = values.length - 1; i >= 0; i--) if (Number.isFinite(values[i])) return values[i]!;
  return NaN;
}

/** The column of the last finite value where that is not recent any more; −1 where it is, or there is none. */
export function silentSince(values: ArrayLike<number>): number {
  let at = values.length - 1;
  while (at >= 0 && !Number.isFinite(values[at])) at--;
  return at < values.length - recentColumns ? at : -1;
}

/** Mean of the finite ones among the last few columns, or NaN. */
export function recent(values: ArrayLike<number>): number {
  const tail = Array.from(values).slice(-recentColumns).filter(Number.isFinite);
  return tail.length > 0 ? tail.reduce((sum, value) => sum + value, 0) / tail.length : NaN;
}

/** The largest finite value and its column; null when there is none. */
export function peak(values: ArrayLike<number>): { readonly value: number; readonly at: number } | null {
  let best: { value: number; at: number } | null = null;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (Number.isFinite(value) && (best === null || value > best.value)) best = { value, at };
  }
  return best;
}

/** The smallest finite value, or NaN. */
export function lowest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((least, value) => (Number.isFinite(value) && !(value >= least) ? value : least), NaN);
}

/** Share of the finite values above `limit`, or NaN where there are none. */
export function shareAbove(values: ArrayLike<number>, limit: number): number {
  const finite = Array.from(values).filter(Number.isFinite);
  return finite.length > 0 ? finite.filter((value) => value > limit).length / finite.length : NaN;
}

/** Whether any value is finite. */
export const speaks = (values: ArrayLike<number>): boolean => Number.isFinite(latest(values));
