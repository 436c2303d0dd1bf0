/** Fleet slicing as the page sees it. */
import { session } from '../session/store.ts';

/** One in how many requests the run under way simulates: settled when it began, whatever the design says since. */
export const useSlice = (): number => session((state) => state.history?.start.run.slice ?? state.design.run.slice);
