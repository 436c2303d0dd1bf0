/** What is not seen or not wanted is not made: the page stays light enough for a slow phone. */
import { askers, expect, inspector, open, test } from './board.ts';

const promising = askers({ objectives: [{ metric: 'latency.p99', relation: 'at most', limit: 0.5 }] });

test('the metrics to choose from are made when they are wanted, and can be chosen', async ({ page }) => {
  await open(page, promising);
  const choice = inspector(page).getByLabel('Metric of objective 1');
  await expect(choice).toHaveValue('latency.p99');
  await expect(choice.locator('option')).toHaveCount(1);
  await choice.focus();
  await expect.poll(() => choice.locator('option').count()).toBeGreaterThan(10);
  await choice.selectOption('latency.p50');
  await expect(choice).toHaveValue('latency.p50');
});

test('the lessons of a scenario are on the page once they are asked for', async ({ page }) => {
  await open(page, askers());
  await page.getByRole('button', { name: 'Library' }).click();
  const library = page.getByRole('dialog', { name: 'Library' });
  const lessons = library.getByRole('article').first().locator('details');
  await expect(lessons).toBeVisible();
  await expect(library.locator('details li')).toHaveCount(0);
  await lessons.locator('summary').click();
  await expect(lessons.getByRole('listitem').first()).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('a closed sheet is neither styled nor laid out, and an open one is', async ({ page }) => {
    await open(page, promising);
    const metric = page.getByLabel('Metric of objective 1');
    const isLaidOut = (): Promise<boolean> => metric.evaluate((element) => element.checkVisibility());
    await expect(metric).toBeAttached();
    expect(await isLaidOut()).toBe(false);
    const tab = page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Inspect' });
    await tab.tap();
    await expect.poll(isLaidOut).toBe(true);
    await expect(metric).toBeInViewport();
    await tab.tap();
    await expect.poll(isLaidOut).toBe(false);
  });
});
