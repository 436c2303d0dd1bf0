/** The built page keeps the sentences of components apart from them: whoever opens an inspector reads every one of them, word for word. */
import { kinds } from '../src/kinds/index.ts';
import { linkParams } from '../src/kinds/link.ts';
import type { Params } from '../src/kit/param.ts';
import { askers, expect, inspector, open, select, test } from './board.ts';

/** Text as it stands in a page, where white space is one space. */
const words = (text: string): string => text.replace(/\s+/g, ' ').trim();

test('every component tells what it is and what its parameters mean, and so does a wire', async ({ page }) => {
  await open(page, askers({ name: 'All kinds', nodes: kinds.map((kind, i) => ({ id: `n-${i}`, kind: kind.id, label: kind.label, x: (i % 9) * 260, y: Math.floor(i / 9) * 240 })), links: [{ from: 'n-0', to: `n-${kinds.findIndex(({ id }) => id === 'service')}` }] }));
  for (const [i, kind] of kinds.entries()) {
    await select(page, `n-${i}`);
    await expect(inspector(page)).toContainText(words(kind.about));
    const shown = words((await inspector(page).textContent()) ?? '');
    expect(shown).not.toContain('§');
    for (const param of Object.values(kind.params as Params)) if (!param.shownWhen && !param.section) expect(shown).toContain(words(param.help));
  }
  await page.locator('.react-flow__edge').first().dispatchEvent('click');
  for (const param of [linkParams.linkLatency, linkParams.linkLoss]) await expect(inspector(page)).toContainText(words(param.help));
});
