/** Whatever the simulation does, the page stays in hand: under full load, with a design that never ends, and when the worker dies. */
import type { Page } from '@playwright/test';
import { askers, clockOf, expect, inspector, open, select, setField, test, toast, waitUntil } from './board.ts';

/** Far above what a person notices, and above what a busy machine adds by itself. */
const longestAllowedMilliseconds = 1000;

/** Notes the tasks of the page that take longer than 50 ms; the answer tells the longest since the last time it was asked. */
async function noteLongTasks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const tasks: number[] = ((globalThis as { tasks?: number[] }).tasks = []);
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
    setTimeout(() => {
      for (const start = performance.now(); performance.now() < start + 80;);
    });
  });
  const longest = (): Promise<number> => page.evaluate(() => Math.max(0, ...((globalThis as { tasks?: number[] }).tasks ?? []).splice(0)));
  // The one just made on purpose, so that silence later on means something.
  await expect.poll(longest).toBeGreaterThan(60);
  return longest;
}

const crowd = { arrivalRate: 200_000 };
const halls = { serverCount: 4000, serviceTime: { shape: 'exponential', mean: 0.01, cv: 1 }, waitingRoom: 100_000 };

test('under full load at the highest speed the page stays in hand', async ({ page }) => {
  const nodes = [
    { id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0, params: crowd },
    { id: 'service-1', kind: 'service', label: 'Service', x: 320, y: 0, params: halls },
  ];
  await open(page, askers({ nodes, run: { seed: 1, seconds: 86_400, warmupSeconds: 0, speed: 0 } }));
  await waitUntil(page, 1);
  const longest = await noteLongTasks(page);
  await select(page, 'service-1');
  await setField(page, 'Servers', '5000');
  await waitUntil(page, (await clockOf(page)) + 20);
  const milliseconds = await longest();
  test.info().annotations.push({ type: 'longest task of the page', description: `${milliseconds} ms` });
  console.log(`    longest task of the page under full load: ${milliseconds} ms`);
  expect(milliseconds).toBeLessThan(longestAllowedMilliseconds);
});

const instantly = { shape: 'constant', mean: 0, cv: 0 };

test('a design whose calls go round for ever is stopped with a sentence', async ({ page }) => {
  const service = { kind: 'service', y: 0, params: { serviceTime: instantly, serverCount: 1_000_000 } };
  const wire = (from: string, to: string) => ({ from, to, params: { linkLatency: instantly } });
  await open(page, askers({
    nodes: [{ id: 'users-1', kind: 'users', label: 'Users', x: 0, y: 0 }, { ...service, id: 'ping', label: 'Ping', x: 300 }, { ...service, id: 'pong', label: 'Pong', x: 600 }],
    links: [wire('users-1', 'ping'), wire('ping', 'pong'), wire('pong', 'ping')],
  }));
  await expect(page.getByRole('status').filter({ hasText: /^Stopped: .*(circle|calls)/ })).toBeVisible({ timeout: 20_000 });
  await select(page, 'pong');
  await page.keyboard.press('Delete');
  await page.getByRole('button', { name: 'Run again' }).click();
  await waitUntil(page, 1);
});

test('a worker that hangs is replaced, and the page is usable again', async ({ page }) => {
  await open(page, askers());
  await waitUntil(page, 1);
  const worker = page.workers()[0]!;
  await worker.evaluate(() => {
    setTimeout(() => {
      for (;;);
    });
  });
  await expect(toast(page, 'The simulation stopped answering and was restarted.')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Play' }).click();
  await waitUntil(page, 0.5);
  await expect(inspector(page)).toBeVisible();
});
