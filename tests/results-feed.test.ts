/** When the result of the run under way is read: seldom while it goes on, and once more as soon as it stands still. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Frame } from '../src/run/protocol.ts';

/** A worker that takes its time to answer, and says how often it was asked. */
const worker = vi.hoisted(() => ({ asked: 0, takes: 0 }));

vi.mock('../src/session/store.ts', () => ({
  session: {
    subscribe: () => () => undefined,
    getState: () => ({
      history: null,
      result: () => {
        const told = ++worker.asked;
        return new Promise((answer) => setTimeout(() => answer(told), worker.takes));
      },
    }),
  },
}));

const { followResults, results } = await import('../src/session/results.ts');
const { frames } = await import('../src/session/frames.ts');

const show = (state: Frame['state']): void => frames.publish({ state } as Frame);
/** A run that sends ten frames a second. */
async function runs(seconds: number): Promise<void> {
  for (let k = 0; k < 10 * seconds; k++) {
    show('running');
    await vi.advanceTimersByTimeAsync(100);
  }
}

let stop: () => void = () => undefined;
beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(worker, { asked: 0, takes: 0 });
  stop = followResults(() => undefined);
});
afterEach(() => {
  stop();
  frames.clear();
  vi.useRealTimers();
});

it('every other second while the run goes on, and seldom where it takes long', async () => {
  await runs(10);
  expect(worker.asked).toBeGreaterThanOrEqual(4);
  expect(worker.asked).toBeLessThanOrEqual(6);
  worker.takes = 400;
  await runs(20);
  const before = worker.asked;
  await runs(32);
  expect(worker.asked - before).toBeLessThanOrEqual(5);
});

it('at once when it stands still, however long the rest would be', async () => {
  worker.takes = 1000;
  await runs(3);
  const before = worker.asked;
  show('ended');
  await vi.advanceTimersByTimeAsync(1500);
  expect(worker.asked).toBe(before + 1);
  expect(results.latest).toBe(before + 1);
});

it('again when it came to its end while it was being read', async () => {
  worker.takes = 500;
  show('running');
  await vi.advanceTimersByTimeAsync(200);
  expect(worker.asked).toBe(1);
  show('ended');
  await vi.advanceTimersByTimeAsync(2000);
  expect(worker.asked).toBe(2);
  expect(results.latest).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(worker.asked).toBe(2);
});
