/** Tidying the board: laid out beside the page, under its security policy, as one step that can be taken back. */
import { card, expect, open, test, type Sketch } from './board.ts';

/** A chain of services, each above the one it asks. */
function tower(height: number): Sketch {
  const id = (i: number): string => `n-${i}`;
  const nodes = Array.from({ length: height }, (_, i) => ({ id: id(i), kind: i === 0 ? 'users' : 'service', label: id(i), x: 0, y: i * 190 }));
  return { name: 'Tower', nodes, links: nodes.slice(1).map((node, i) => ({ from: id(i), to: node.id })) };
}

const boxes = (page: Parameters<typeof card>[0], ids: readonly string[]) => Promise.all(ids.map(async (id) => (await card(page, id).boundingBox())!));

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('lays the board out along its wires, shows all of it, and is taken back in one step', async ({ page }) => {
  await open(page, tower(5));
  const ids = ['n-0', 'n-1', 'n-2', 'n-3', 'n-4'];
  const places = (): Promise<(string | null)[]> => Promise.all(ids.map((id) => card(page, id).evaluate((node: HTMLElement) => node.style.transform)));
  const [before, undo] = [await places(), page.getByRole('button', { name: 'Undo' })];
  await expect(undo).toBeDisabled();
  // Twice in a row, as a hand does that saw nothing happen at once.
  await page.keyboard.press('Shift+T');
  await page.keyboard.press('Shift+T');
  await expect(undo).toBeEnabled();
  await expect(card(page, 'n-4')).toBeInViewport({ ratio: 1 });
  const row = await boxes(page, ids);
  for (const [i, box] of row.slice(1).entries()) expect(box.x).toBeGreaterThan(row[i]!.x + row[i]!.width);
  await page.keyboard.press('Shift+T');
  await page.keyboard.press('Control+z');
  await expect.poll(places).toEqual(before);
  await expect(undo).toBeDisabled();
});

test('the board is shown whole at once where less motion is asked for', async ({ page }) => {
  await open(page, tower(4));
  await page.getByRole('button', { name: /go to 100 %/ }).click();
  const moves = await page.evaluate(async () => {
    const seen = new Set<string>();
    const viewport = document.querySelector<HTMLElement>('.react-flow__viewport')!;
    new MutationObserver(() => seen.add(viewport.style.transform)).observe(viewport, { attributes: true, attributeFilter: ['style'] });
    document.querySelector<HTMLElement>('[aria-label="Show everything"], [title^="Show everything"]')!.click();
    await new Promise((go) => setTimeout(go, 500));
    return seen.size;
  });
  expect(moves).toBe(1);
});
