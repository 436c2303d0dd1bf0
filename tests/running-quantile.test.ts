/** A quantile that is followed from call to call is the one that is counted anew. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram, RunningQuantile } from '../src/engine/histogram.ts';

const values = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1, max: 1e7, noNaN: true }), fc.constant(0));
const steps = fc.array(fc.record({ value: values, asks: fc.option(fc.double({ min: 0, max: 1, noNaN: true })) }), { maxLength: 300 });

test('a running quantile equals the counted one after any values, whenever and for whatever share it is asked', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const histogram = new Histogram();
      const running = new RunningQuantile(histogram);
      expect(running.at(0.5)).toBeNaN();
      for (const { value, asks } of taken) {
        running.added(value);
        histogram.add(value);
        if (asks !== null) expect(running.at(asks)).toBe(histogram.quantile(asks));
      }
    }),
    { numRuns: 300 },
  );
});
