/** A design built by hand runs at once, answers every turn of a parameter, and every edit can be taken back. */
import { card, clockOf, connect, expect, inspector, measured, openEmpty, place, select, setField, test, waitUntil, wires } from './board.ts';

test.beforeEach(async ({ page }) => {
  await openEmpty(page);
  await place(page, 'users', 0.15, 0.5);
  await place(page, 'load-balancer', 0.45, 0.5);
  await place(page, 'service', 0.8, 0.5);
  await connect(page, 'users-1', 'load-balancer-1');
  await connect(page, 'load-balancer-1', 'service-1');
  await expect(wires(page)).toHaveCount(2);
  // Nothing has happened while it was drawn.
  expect(await clockOf(page)).toBe(0);
  await page.getByRole('button', { name: 'Play' }).click();
});

test('a design drawn with the mouse runs, and its charts move', async ({ page }) => {
  const latency = page.locator('[data-chart="latency"]');
  await expect(latency.locator('header span[title^="p99 "]')).toHaveText(/^p99 [\d.]+ ms$/);
  const line = latency.locator('svg path[d^="M"]').last();
  const before = await line.getAttribute('d');
  await expect.poll(() => line.getAttribute('d')).not.toBe(before);
  await expect(card(page, 'service-1')).toContainText(/[\d.]+ (req\/s|%)/);
  await expect(card(page, 'users-1')).not.toContainText('no healthy target');
  await expect(latency.locator('text.moment')).toHaveCount(0);
});

test('a parameter turned while it runs shows in the figures', async ({ page }) => {
  await select(page, 'service-1');
  await waitUntil(page, 1);
  await expect(measured(page, 'utilisation')).toHaveText(/^1\d(\.\d+)? %$/);
  await setField(page, 'Servers', '1');
  await expect(measured(page, 'utilisation')).toHaveText(/^(9\d(\.\d+)?|100) %$/);
});

test('undo and redo leave the clock of the run alone', async ({ page }) => {
  await select(page, 'service-1');
  await setField(page, 'Servers', '3');
  await waitUntil(page, 2);
  const before = await clockOf(page);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(inspector(page).getByRole('textbox', { name: 'Servers', exact: true })).toHaveValue('8');
  expect(await clockOf(page)).toBeGreaterThanOrEqual(before);
  await page.getByRole('button', { name: 'Redo' }).click();
  await expect(inspector(page).getByRole('textbox', { name: 'Servers', exact: true })).toHaveValue('3');
  await waitUntil(page, before);
});

test('what was deleted comes back with its wires', async ({ page }) => {
  await card(page, 'load-balancer-1').locator('header').click();
  await page.keyboard.press('Delete');
  await expect(card(page, 'load-balancer-1')).toHaveCount(0);
  await expect(wires(page)).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await expect(wires(page)).toHaveCount(2);
  await page.keyboard.press('Control+Shift+z');
  await expect(card(page, 'load-balancer-1')).toHaveCount(0);
});
