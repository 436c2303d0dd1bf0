/** No state of the page has a fault that axe can find, in either theme, on a desk and on a phone. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { askers, expect, open, openEmpty, outcome, select, setSpeed, test, waitUntil } from './board.ts';

async function faultless(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const faults = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} – ${node.failureSummary ?? ''}`));
  expect.soft(faults, state).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('a ready design, the outline, the help and the end of a run', async ({ page }) => {
      await page.goto('./');
      await page.locator('.react-flow__node-card').last().locator('header').click();
      await waitUntil(page, 1);
      await faultless(page, 'a ready design, running');
      await page.getByRole('tab', { name: 'Outline' }).click();
      await faultless(page, 'outline');
      await setSpeed(page, 0);
      await expect(outcome(page)).toBeVisible();
      await faultless(page, 'end of a run');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: 'Keys and gestures' })).toBeVisible();
      await faultless(page, 'help');
    });

    test('on a desk', async ({ page }) => {
      await openEmpty(page);
      await faultless(page, 'empty board');
      await open(page, askers({ objectives: [{ metric: 'latency.p99', relation: 'at most', limit: 0.02 }] }));
      await select(page, 'service-1');
      await waitUntil(page, 1);
      await faultless(page, 'running, with a component selected');
      await page.getByRole('button', { name: 'Library' }).click();
      await expect(page.getByRole('dialog').getByRole('article').first()).toBeVisible();
      await faultless(page, 'library');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog', { name: 'Find a command' })).toBeVisible();
      await faultless(page, 'command box');
    });

    test('on a phone', async ({ page }) => {
      await page.setViewportSize({ width: 390, height: 844 });
      await open(page, askers());
      await waitUntil(page, 1);
      await faultless(page, 'running');
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await expect(page.getByLabel('Search components')).toBeVisible();
      await faultless(page, 'list of components');
    });
  });
}
