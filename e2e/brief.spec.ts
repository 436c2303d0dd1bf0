/** A scenario's brief can be read and closed whatever else is on the page, and the board shows what its areas and cards say. */
import type { Locator, Page } from '@playwright/test';
import { card, expect, outcome, runToEnd, test } from './board.ts';

const brief = (page: Page): Locator => page.getByRole('complementary', { name: 'Brief' });

async function openFrom(page: Page, title: string, side: 'naive' | 'reference'): Promise<void> {
  await page.goto('./');
  await page.getByRole('button', { name: 'Library' }).click();
  await page.getByRole('article', { name: title, exact: true }).getByRole('button', { name: `Open ${side}` }).click();
}

/** Whether two things on the page share a pixel. */
async function overlap(one: Locator, other: Locator): Promise<boolean> {
  const [a, b] = [(await one.boundingBox())!, (await other.boundingBox())!];
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

test('the ladder of the 70B scenario is a list of rungs, and its paragraphs stay apart', async ({ page }) => {
  await openFrom(page, '30 million requests a day to a 70B model', 'naive');
  await brief(page).getByRole('button', { name: 'Read on' }).click();
  await expect(brief(page).locator('li').filter({ hasText: '†' }).first()).toContainText('bf16, static batches: ');
  await expect(brief(page).locator('p')).toHaveCount(4);
});

test('a lesson’s designs can be opened and run, and what it holds to a limit is among the objectives', async ({ page }) => {
  await openFrom(page, 'Chat and batch jobs on the same GPUs', 'naive');
  await brief(page).getByRole('button', { name: 'Read on' }).click();
  const claim = '… which is within 1.5 s.';
  await brief(page).getByRole('button', { name: `Try it: ${claim}` }).click();
  const promises = page.getByRole('list', { name: 'Objectives' }).getByRole('listitem');
  await expect(promises.first()).toContainText('p99 first token');
  await expect(promises.first()).toContainText('1.5 s');
  await expect(brief(page)).toBeVisible();
  await runToEnd(page);
  await expect(promises.first()).toHaveAttribute('data-state', 'met');
});

for (const { name, ...use } of [
  { name: 'a desk', viewport: { width: 1440, height: 900 } },
  { name: 'a tablet', viewport: { width: 1024, height: 768 } },
  { name: 'a phone', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
]) {
  test.describe(`on ${name}`, () => {
    test.use(use);

    test('the end of a run covers neither the brief’s title nor what opens and closes it', async ({ page }) => {
      await openFrom(page, 'Chat over a stream of tokens', 'naive');
      if (await brief(page).count() === 0) await page.getByRole('button', { name: 'Brief', exact: true }).click();
      await runToEnd(page);
      const notice = outcome(page).locator('p');
      for (const form of [/^Read (on|less)$/, /^Read (on|less)$/]) {
        expect(await overlap(notice, brief(page).getByRole('heading').first())).toBe(false);
        expect(await overlap(notice, brief(page).getByRole('button', { name: 'Close the brief' }))).toBe(false);
        await brief(page).getByRole('button', { name: form }).click();
      }
      await brief(page).getByRole('button', { name: 'Close the brief' }).click();
      expect(await overlap(notice, page.getByRole('button', { name: 'Brief', exact: true }))).toBe(false);
    });

    test('a pool says how many replicas of how many GPUs its figures are of, and areas lie on the paper', async ({ page }) => {
      await openFrom(page, 'Chat over a stream of tokens', 'naive');
      await expect(card(page, 'pool').getByText('6 × 2 H100')).toBeVisible();
      // The paper is opaque: an area below it is not seen.
      const [paper, area] = await page.locator('.react-flow__node-area').first().evaluate((node) =>
        [getComputedStyle(node.closest('.react-flow__viewport')!, '::before').zIndex, getComputedStyle(node).zIndex].map(Number));
      expect(paper).toBeLessThan(area!);
    });
  });
}

test('both parts of a line’s name can be read in the legend of utilisation', async ({ page }) => {
  await openFrom(page, 'Chat over a stream of tokens', 'naive');
  const key = page.getByRole('button', { name: 'Language model · memory bandwidth', exact: true });
  await expect(key).toBeVisible({ timeout: 20_000 });
  for (const part of ['Language model', 'memory bandwidth']) expect(await key.getByText(part, { exact: true }).evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);
});
