/** The table of constants as it stands in the source, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { asWritten, type Table } from './table.ts';

const file = 'src/kinds/gpu-pool/constants.ts';
const BEGIN = '// fitted: begin\n';
const END = '// fitted: end\n';

/** A number in the power of ten that people use for it. */
function said(x: number): string {
  if (x === 0) return '0';
  const [scale, mark] = x < 1e-3 ? [1e-6, 'e-6'] : x >= 1e9 ? [1e9, 'e9'] : x < 0.1 ? [1e-3, 'e-3'] : [1, ''];
  return `${asWritten(x / scale)}${mark}`;
}

const quoted = (key: string): string => (/^\w+$/.test(key) ? key : `'${key}'`);
const record = (of: object): string => (Object.keys(of).length === 0 ? '{}' : `{ ${Object.entries(of as Record<string, number>).map(([key, x]) => `${quoted(key)}: ${said(x)}`).join(', ')} }`);

/** The text between the marks. */
export function rendered(table: Table): string {
  const kernels = Object.entries(table.kernels).map(([id, k]) => `  ${id}: ${record(k)},`);
  const software = Object.entries(table.software).map(([id, s]) =>
    [`  ${quoted(id)}: {`, `    label: '${s.label}',`, `    vintage: '${s.vintage}',`, `    ahead: ${String(s.ahead)},`, `    fit: '${s.fit}',`, `    any: ${record(s.any)},`, '    on: {', ...Object.entries(s.on).map(([g, e]) => `      ${g}: ${record(e!)},`), '    },', '  },'].join('\n'),
  );
  return [
    '/** Of each generation. Where kernels were timed alone, what whole engines tell may move them by about a tenth. */',
    'export const kernels: Readonly<Record<Generation, Kernels>> = {',
    ...kernels,
    '};',
    '',
    '/** Median size of the errors of kernels timed alone, and of how many. */',
    `export const kernelFit = '${table.kernelFit}';`,
    '',
    '/** The serving software known. */',
    'export const software = {',
    ...software,
    '} as const satisfies Readonly<Record<string, Software>>;',
    '',
  ].join('\n');
}

/** Puts the table into the source. */
export function writeTable(table: Table): void {
  const text = readFileSync(file, 'utf8');
  const [head, rest] = text.split(BEGIN);
  const tail = rest!.split(END)[1]!;
  writeFileSync(file, `${head!}${BEGIN}${rendered(table)}${END}${tail}`);
}
