/** Text in columns, for a terminal. */

/** Rows of cells, each column as wide as its widest cell; the first `left` columns are set to the left, the others to the right. */
export function inColumns(rows: readonly (readonly string[])[], left = 1): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, c) => (widths[c] = Math.max(widths[c] ?? 0, cell.length)));
  const line = (row: readonly string[]): string => row.map((cell, c) => (c < left ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
