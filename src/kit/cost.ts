/** Where a price comes from. */
import { assumed, type Evidence } from './evidence.ts';

/** The evidence for a price as declared with its parameter; a price that a person has changed is theirs. */
export const priced = (price: number, declared: { readonly default: number }, evidence: Evidence): Evidence => (price === declared.default ? evidence : assumed('price entered on this component'));
