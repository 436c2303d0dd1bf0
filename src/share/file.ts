/** Design ⇄ file: pretty JSON that a person can read and a version control system can compare. */
import { gateDesignText } from '../design/gate.ts';
import { catalogue, type Catalogue } from '../design/catalogue.ts';
import type { Design, Gated } from '../design/design.ts';
import { kindVersions } from '../design/stored.ts';

/** The text of a design's file: two spaces deep, with a newline at the end. */
export function toFile(design: Design, book: Catalogue = catalogue): string {
  const versions = kindVersions(design, book);
  const whole = Object.keys(versions).length > 0 ? { ...design, kinds: versions } : design;
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** Reads a design's file; repairs are said, the rest refused in one sentence. */
export function fromFile(text: string, book: Catalogue = catalogue): Gated<Design> {
  return gateDesignText(text, book);
}

/** A name for the file: the design's own, without what file systems mind. */
export function fileName(design: Design, extension = 'json'): string {
  const stem = design.name.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').toLowerCase().slice(0, 60);
  return `${stem || 'design'}.sandtable.${extension}`;
}
