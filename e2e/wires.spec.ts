/** A wire that makes no sense is refused with its reason, while it is still in the hand and when it is let go. */
import { askers, card, connect, expect, middle, open, test, toast, wires } from './board.ts';

const reason = 'No wire can lead to “More users” because users are where requests start.';

test.beforeEach(async ({ page }) => {
  const more = { id: 'users-2', kind: 'users', label: 'More users', x: 640, y: 200 };
  await open(page, askers({ nodes: [...(askers()['nodes'] as object[]), more] }));
});

test('a wire into users is refused with the reason', async ({ page }) => {
  const from = await middle(card(page, 'service-1').locator('[data-handleid="out"]'));
  const to = await middle(card(page, 'users-2'));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 10 });
  await expect(page.getByRole('main').getByRole('status').filter({ hasText: reason })).toBeVisible();
  await page.mouse.up();
  await expect(toast(page, reason)).toBeVisible();
  await expect(wires(page)).toHaveCount(1);
});

test('a second wire between the same two is refused with the reason', async ({ page }) => {
  await connect(page, 'users-1', 'service-1');
  await expect(toast(page, '“Users” is already wired to “Service”.')).toBeVisible();
  await expect(wires(page)).toHaveCount(1);
});

test('a wire dropped into nothing asks what should be called', async ({ page }) => {
  const from = await middle(card(page, 'service-1').locator('[data-handleid="out"]'));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 130, { steps: 10 });
  await page.mouse.up();
  const question = page.getByRole('dialog', { name: 'What should it call?' });
  await expect(question.getByRole('option', { name: /^Users/ })).toHaveCount(0);
  await page.keyboard.type('database');
  await page.keyboard.press('Enter');
  await expect(wires(page)).toHaveCount(2);
});
