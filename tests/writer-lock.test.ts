/** Leave to write a document: given to one tab, and not refused by a browser that only had no time to answer. */
import { afterEach, expect, it, vi } from 'vitest';
import { lockDocument } from '../src/session/shelf.ts';

type Granted = (lock: object | null) => unknown;

/** Locks of a browser that answers no request which is to be given up after a while, and all others by `free`. */
function busyBrowser(free: boolean): void {
  vi.stubGlobal('navigator', {
    locks: {
      request: async (_: string, { signal }: { signal?: AbortSignal }, granted: Granted): Promise<unknown> => {
        if (signal !== undefined) throw new DOMException('too late', 'TimeoutError');
        return granted(free ? {} : null);
      },
    },
  });
}

afterEach(() => vi.unstubAllGlobals());

it('is given where nobody else has it, however late the browser answers', async () => {
  busyBrowser(true);
  expect(await lockDocument('late')).not.toBeNull();
});

it('is not given where another tab has it', async () => {
  busyBrowser(false);
  expect(await lockDocument('held')).toBeNull();
});
