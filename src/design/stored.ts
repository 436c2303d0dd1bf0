/** What a design carries when it leaves the program, so that later versions can read it. */
import { catalogue, type Catalogue } from './catalogue.ts';
import type { Design } from './design.ts';

/** The version of each kind's parameters this design was written with; kinds that never changed theirs are left out. */
export function kindVersions(design: Design, book: Catalogue = catalogue): Record<string, number> {
  const versions: Record<string, number> = {};
  for (const { kind } of design.nodes) {
    const version = book.kindOf(kind)?.migrations.length ?? 0;
    if (version > 0) versions[kind] = version;
  }
  return versions;
}
