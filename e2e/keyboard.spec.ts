/** Everything from the keyboard alone: add, wire, run, pause, undo and redo. */
import type { Page } from '@playwright/test';
import { clockOf, expect, inspector, openEmpty, test, waitUntil, wires } from './board.ts';

async function add(page: Page, words: string): Promise<void> {
  await page.keyboard.press('/');
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
}

/** Moves the focus on with Tab until it is where it is wanted. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)) === wanted) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`“${wanted}” cannot be reached with Tab.`);
}

test('a design is built, run and taken back without a mouse', async ({ page }) => {
  await openEmpty(page);
  await add(page, 'users');
  await add(page, 'service');
  await expect(page.locator('.react-flow__node')).toHaveCount(2);

  await page.keyboard.press('Alt+o');
  await expect(inspector(page).getByRole('tab', { name: 'Outline' })).toHaveAttribute('aria-selected', 'true');
  await tabTo(page, 'Connect Users to');
  await page.keyboard.press('ArrowDown');
  await expect(wires(page)).toHaveCount(1);

  expect(await clockOf(page)).toBe(0);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await waitUntil(page, 0.5);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();

  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+z');
  await expect(wires(page)).toHaveCount(0);
  await page.keyboard.press('Control+y');
  await expect(wires(page)).toHaveCount(1);
});

test('the command box finds a command by a few letters', async ({ page }) => {
  await openEmpty(page);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Find a command' })).toBeVisible();
  await page.keyboard.type('add service');
  await page.keyboard.press('Enter');
  await expect(page.locator('.react-flow__node')).toHaveCount(1);
});
