/** A run can be had again: the same seed gives the same digest, another seed another, and a run that is over starts from the beginning. */
import { askers, clockOf, expect, open, outcome, runToEnd, setSeed, setSpeed, test, waitUntil } from './board.ts';

test.beforeEach(({ page }) => open(page, askers({ run: { seed: 1, seconds: 5, warmupSeconds: 0, speed: 1 } })));

test('the seed decides the digest', async ({ page }) => {
  const first = await runToEnd(page);
  await setSeed(page, 2);
  await expect(outcome(page)).toContainText(/digest [0-9a-f]{16}/);
  await expect(outcome(page)).not.toContainText(first.digest);
  await setSeed(page, 1);
  await expect(outcome(page)).toContainText(first.digest);
});

test('“Run again” starts from the beginning', async ({ page }) => {
  await runToEnd(page);
  await setSpeed(page, 1);
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(outcome(page)).toBeHidden();
  await expect.poll(() => clockOf(page)).toBeLessThan(3);
  await waitUntil(page, 0.2);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();
});
