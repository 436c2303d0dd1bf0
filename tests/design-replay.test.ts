/** Setting a design to replay a recorded trace. */
import { describe, expect, it } from 'vitest';
import { emptyDesign } from '../src/design/design.ts';
import { gateDesign } from '../src/design/gate.ts';
import { traceName, withTrace } from '../src/design/replay.ts';
import { parseTrace } from '../src/design/trace.ts';
import { toFile } from '../src/share/file.ts';
import { path, people, ran, sketch, station } from './sketch.ts';

const parsed = parseTrace('monday', 'TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\n2,1,1\n7.5,1,1');
if (!parsed.ok) throw new Error(parsed.why);
const { trace } = parsed;

const two = sketch([station('desk', 1), people(5), { ...people(6), id: 'others' }], path('users', 'desk'));

describe('a design with a trace', () => {
  const design = withTrace(two, trace);

  it('replays it from its first source, and only there', () => {
    expect(design.nodes.map((node, index) => node === two.nodes[index])).toEqual([true, false, true]);
    expect(ran(design, { traces: { monday: trace } }).result().requests.answered).toBe(3);
  });

  it('runs a minute longer than the trace lasts', () => {
    expect(design.run).toEqual({ ...two.run, seconds: 67.5 });
  });

  it('passes the gate', () => {
    expect(gateDesign(JSON.parse(toFile(design)))).toMatchObject({ ok: true, repairs: [] });
  });

  it('stays as it is without a source', () => {
    expect(withTrace(emptyDesign, trace)).toBe(emptyDesign);
  });
});

describe('the name of a trace', () => {
  it.each([['/logs/monday.csv', 'monday'], ['C:\\logs\\a.b.jsonl', 'a.b'], ['.csv', 'trace'], [`${'x'.repeat(200)}.csv`, 'x'.repeat(80)]])('%s', (file, name) => {
    expect(traceName(file)).toBe(name);
  });
});
