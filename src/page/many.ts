/** Where a design becomes too large for all of it to be drawn, or thought over, in one go. */
import { useEffect, useState } from 'react';

/** Up to so many components, everything is done at once. */
export const manyNodes = 80;

/** How many of so many rows are drawn: soon all of them, `step` more with every frame. */
export function useMoreAndMore(total: number, step: number): number {
  const [drawn, setDrawn] = useState(step);
  useEffect(() => {
    if (drawn >= total) return;
    const frame = requestAnimationFrame(() => setDrawn(drawn + step));
    return () => cancelAnimationFrame(frame);
  }, [drawn, total, step]);
  return Math.min(drawn, total);
}
