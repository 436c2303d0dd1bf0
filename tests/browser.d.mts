/** Types of `browser.mjs`, which runs before anything is compiled. */
export const flags: readonly string[];
export const advice: string;
export function findChromium(): string | null;
export function ensureChromium(): string | null;
