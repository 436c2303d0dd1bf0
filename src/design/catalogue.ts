/** Which component kinds and wire parameters a design may speak of; handed in, so that a test can bring kinds of its own. */
import { kindOf } from '../kinds/index.ts';
import { linkParams } from '../kinds/link.ts';
import type { AnyKind } from '../kit/kind.ts';
import type { Params } from '../kit/param.ts';

/** The declarations that a design is checked against. */
export interface Catalogue {
  readonly kindOf: (id: string) => AnyKind | undefined;
  readonly link: Params;
}

/** Every kind there is. */
export const catalogue: Catalogue = { kindOf, link: linkParams };
