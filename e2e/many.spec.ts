/** A board of 300 components: nothing that is done to it at once is done to all of them in one frame. */
import { card, expect, open, test, type Sketch } from './board.ts';

/** Rows of users who ask nine services one after the other. */
function crowd(rows: number): Sketch {
  const row = (r: number): Sketch[] => Array.from({ length: 10 }, (_, i) => ({ id: `n-${r}-${i}`, kind: i === 0 ? 'users' : 'service', label: `n-${r}-${i}`, x: i * 260, y: r * 190 }));
  const nodes = Array.from({ length: rows }, (_, r) => row(r));
  return { name: 'Crowd', nodes: nodes.flat(), links: nodes.flatMap((one) => one.slice(1).map((node, i) => ({ from: one[i]!['id'], to: node['id'] }))) };
}

/** The most cards that came or changed their form in one frame since the last time this was asked; runs in the page. */
const mostInAFrame = (): number => {
  const seen = (globalThis as { seen?: { most: number } }).seen!;
  const { most } = seen;
  seen.most = 0;
  return most;
};

test('is put on the board, zoomed and looked at a slice per frame, with figures only where they can be read', async ({ page }) => {
  await page.addInitScript(() => {
    const seen = { most: 0 };
    let cards = new Set<Node>();
    (globalThis as { seen?: { most: number } }).seen = seen;
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        for (const added of addedNodes) if (added instanceof Element && added.classList.contains('react-flow__node')) cards.add(added);
        const turned = target instanceof Element && target.tagName === 'ARTICLE' ? target : null;
        if (turned) cards.add(turned);
      }
      seen.most = Math.max(seen.most, cards.size);
    }).observe(document, { childList: true, subtree: true });
    const next = (): void => {
      cards = new Set();
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await open(page, crowd(30));
  await expect(page.locator('.react-flow__node')).toHaveCount(300);
  await expect(page.locator('.react-flow__edge')).toHaveCount(270);
  expect(await page.evaluate(mostInAFrame), 'put on the board').toBeLessThanOrEqual(45);
  // From afar: names, no figures, and the whole design.
  await expect(page.getByRole('main').getByText('utilisation')).toHaveCount(0);
  await expect(card(page, 'n-29-9')).toBeInViewport();
  await page.evaluate(mostInAFrame);
  await page.getByRole('button', { name: /go to 100 %/ }).click();
  await expect(card(page, 'n-15-5').getByText('utilisation')).toBeVisible();
  await expect(page.locator('[data-plate]')).not.toHaveCount(300);
  expect(await page.locator('[data-part="figure0"]').count(), 'cards with figures').toBeLessThan(60);
  await page.getByRole('button', { name: 'Show everything' }).click();
  await expect(page.locator('[data-part="figure0"]')).toHaveCount(0);
  expect(await page.evaluate(mostInAFrame), 'zoomed').toBeLessThanOrEqual(15);
});

test('can be wired and moved from afar', async ({ page }) => {
  const { nodes, ...rest } = crowd(10) as { nodes: Sketch[]; links: Sketch[] };
  await open(page, { ...rest, name: 'Crowd', nodes: [...nodes, { id: 'lone', kind: 'service', label: 'lone', x: 2700, y: 0 }] });
  await expect(page.locator('.react-flow__node')).toHaveCount(101);
  await card(page, 'lone').click();
  const before = (await card(page, 'lone').boundingBox())!;
  await page.mouse.move(before.x + before.width / 2, before.y + before.height / 2);
  await page.mouse.down();
  await page.mouse.move(before.x + before.width / 2 + 30, before.y + before.height / 2 + 30, { steps: 6 });
  await page.mouse.up();
  expect((await card(page, 'lone').boundingBox())!.x).toBeGreaterThan(before.x + 20);
  await page.keyboard.press('Escape');
  await card(page, 'n-0-9').hover();
  const out = (await card(page, 'n-0-9').locator('[data-handleid="out"]').boundingBox())!;
  const target = (await card(page, 'lone').boundingBox())!;
  await page.mouse.move(out.x + out.width / 2, out.y + out.height / 2);
  await page.mouse.down();
  await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 8 });
  await page.mouse.up();
  await expect(page.locator('.react-flow__edge')).toHaveCount(91);
});

test('its outline comes a few rows per frame, and asks what may be wired to what only where it is wanted', async ({ page }) => {
  await open(page, crowd(30));
  await page.getByRole('tab', { name: 'Outline' }).click();
  const rows = page.getByRole('complementary', { name: 'Inspector' }).locator('select');
  await expect(rows).toHaveCount(300);
  await expect(rows.first().locator('option')).toHaveCount(1);
  await rows.first().focus();
  await expect(rows.first().locator('option')).not.toHaveCount(1);
  await rows.first().selectOption({ label: 'n-3-1' });
  await expect(page.locator('.react-flow__edge')).toHaveCount(271);
});
