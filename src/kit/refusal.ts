/** Outcomes sorted by what they say about the component that was asked: it turned the call away, it broke down, or it was too slow. */
import { Code } from '../engine/reasons.ts';

const turningAway: ReadonlySet<number> = new Set([Code.shed, Code.queueFull, Code.rateLimited, Code.quota, Code.circuitOpen, Code.noHealthyTarget]);
const breaking: ReadonlySet<number> = new Set([Code.crashed, Code.outOfMemory, Code.lost]);

/** Whether a call was turned away before any work was done on it. */
export const isRefusal = (code: number): boolean => turningAway.has(code);

/** Whether a call failed in the middle of work. */
export const isBreakdown = (code: number): boolean => breaking.has(code);
