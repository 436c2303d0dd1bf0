/** What a first visit fetches before anything runs. */
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';

test('the first simulation waits for no more than 250 kB of script', async ({ request }) => {
  const text = async (path: string): Promise<string> => (await request.get(path)).text();
  const page = await text('.');
  const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map(([, path]) => path!);
  const scripts = await Promise.all(named.map(text));
  const worker = scripts.join('').match(/simulation\.worker-[\w-]+\.js/)![0];
  const sizes = [...scripts, await text(`assets/${worker}`)].map((script) => gzipSync(script).length);
  expect(named.length).toBeGreaterThan(2);
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(250_000);
});
