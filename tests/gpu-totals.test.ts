/** Totals of GPUs are told as replicas × GPUs per replica, so that anybody can check them against the pools, and they are those of the design. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Design } from '../src/design/design.ts';
import { fullParams } from '../src/design/params.ts';
import { gateScenario, type Scenario } from '../src/design/scenario.ts';
import { kindOf } from '../src/kinds/index.ts';

const type = '(H100|H200|B200|A100|L40S|GPU)s?\\b(?!-)';
/** `2 × 4 = 8 H100s`, a sum of such products on its left. */
const sum = new RegExp(`((?:[\\d,]+ [×+] )+[\\d,]+) = ([\\d,]+)(?: on demand| spot)? ?(?:${type})?`, 'g');
const bare = new RegExp(`(?<!(?:=|†) )(?<![\\d,])([\\d,]+) ${type}`, 'g');

const numberOf = (text: string): number => Number(text.replaceAll(',', ''));
const worth = (expression: string): number => expression.split(' + ').reduce((all, product) => all + product.split(' × ').reduce((a, factor) => a * numberOf(factor), 1), 0);

const scenarios = readdirSync(new URL('../scenarios/', import.meta.url)).filter((file) => file.endsWith('.json')).map((file): Scenario => {
  const gated = gateScenario(JSON.parse(readFileSync(new URL(`../scenarios/${file}`, import.meta.url), 'utf8')));
  if (!gated.ok) throw new Error(gated.why);
  return gated.value;
});

/** Pools of a design: how many GPUs of what type, and how many to a replica. */
function pools({ nodes }: Design): readonly { readonly gpu: string; readonly each: number; readonly all: number }[] {
  return nodes.filter(({ kind }) => kind === 'gpu-pool').map(({ kind, params }) => {
    const { gpuType, poolReplicas, tensorParallel, pipelineStages } = fullParams(kindOf(kind)!, params);
    const each = Number(tensorParallel) * Number(pipelineStages);
    return { gpu: String(gpuType).toUpperCase(), each, all: Number(poolReplicas) * each };
  });
}

const labels = ({ groups, notes }: Design): readonly string[] => [...groups.map(({ label }) => label), ...notes.map(({ text }) => text)];

describe.each(scenarios.map((scenario) => [scenario.slug, scenario] as const))('%s', (_, scenario) => {
  it('multiplies rightly', () => {
    for (const text of [scenario.brief, ...scenario.constraints, ...labels(scenario.naive), ...labels(scenario.reference)]) {
      for (const [said, left, right, of] of text.matchAll(sum)) if (of !== undefined) expect(worth(left!), said).toBe(numberOf(right!));
    }
  });

  it.each(['naive', 'reference'] as const)('counts the GPUs of its %s design in its areas and notes, replica by replica', (side) => {
    const own = pools(scenario[side]);
    for (const text of labels(scenario[side])) {
      for (const [said, , total, of] of text.matchAll(sum)) {
        const meant = own.filter(({ gpu }) => of === 'GPU' || gpu === of);
        expect(meant.reduce((all, pool) => all + pool.all, 0), said).toBe(numberOf(total!));
      }
      for (const [said, total, of] of text.matchAll(bare)) {
        const meant = own.filter(({ gpu }) => of === 'GPU' || gpu === of);
        expect(meant.every(({ each }) => each === 1), `${said}: of how many to a replica?`).toBe(true);
        expect(meant.reduce((all, pool) => all + pool.all, 0), said).toBe(numberOf(total!));
      }
    }
  });
});
