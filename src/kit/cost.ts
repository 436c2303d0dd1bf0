/** Where a price comes from. */

/** The source of a price as declared with its parameter; a price that a person has changed is theirs. */
export const priceSource = (price: number, declared: { readonly default: number }, source: string): string => (price === declared.default ? source : 'price entered on this component');
