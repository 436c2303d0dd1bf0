/** What a fit comes to, in words that stand beside the constants. */
import type { SoftwareId } from '../../src/kinds/gpu-pool/constants.ts';
import type { Figure } from './cases.ts';
import { errorsOf } from './runs.ts';
import type { Measurements } from './stages.ts';
import { summed } from './statistics.ts';
import { looked, type Table } from './table.ts';

const words: Readonly<Record<Figure, string>> = { throughput: 'throughput', ttft: 'first token', tpot: 'per token', e2e: 'end to end' };

const said = (name: string, errors: readonly number[]): string => `${name} ${(100 * summed(errors).median).toFixed(1)} % of ${errors.length}`;

function softwareNote(m: Measurements, table: Table, id: SoftwareId): string {
  const errors = m.cases.filter((c) => c.software === id && !c.family.startsWith('MLPerf')).map((c) => errorsOf(c, looked(table, id, c.setup.gpu.generation)));
  return (Object.keys(words) as Figure[])
    .map((figure) => [figure, errors.flatMap((e) => (e[figure] !== undefined && Number.isFinite(e[figure]) ? [e[figure]!] : []))] as const)
    .filter(([, of]) => of.length > 0)
    .map(([figure, of]) => said(words[figure], of))
    .join(', ');
}

function kernelNote(m: Measurements, table: Table): string {
  const kinds = [...new Set(m.kernels.map((k) => k.kind))];
  return kinds.map((kind) => said(kind, m.kernels.filter((k) => k.kind === kind).map((k) => k.seconds(looked(table, undefined, k.gpu.generation)) / k.measuredSeconds - 1))).join(', ');
}

/** The table with the medians of its errors told beside the constants. */
export function noted(m: Measurements, table: Table): Table {
  const software = Object.fromEntries(Object.entries(table.software).map(([id, s]) => [id, { ...s, fit: softwareNote(m, table, id as SoftwareId) }])) as unknown as Table['software'];
  return { ...table, software, kernelFit: kernelNote(m, table) };
}
