/** Request traces: the published files are read whole, and bad rows are named rather than dropped. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTrace } from '../src/design/trace.ts';

const files = new URL('../../shared/truth/traces/', import.meta.url);
const file = (name: string): URL => new URL(name, files);
const read = (text: string) => {
  const parsed = parseTrace('t', text);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed;
};
const why = (text: string): string => {
  const parsed = parseTrace('t', text);
  return parsed.ok ? 'accepted' : parsed.why;
};

describe('CSV', () => {
  it('is read whatever its case, order of columns, line ends and byte order mark', () => {
    const { trace, rows, badCount } = read('\ufeffGeneratedTokens,timestamp,"CONTEXTTOKENS"\r\n10,2023-11-16 18:17:03.9799600,4808\r\n8,2023-11-16T18:17:04.0319600Z,3180\r\n\r\n');
    expect([rows, badCount, [...trace.arrival], [...trace.input], [...trace.output], trace.blockSize]).toEqual([2, 0, [0, 0.052], [4808, 3180], [10, 8], 0]);
  });

  it('has its bad rows named by line and counted', () => {
    const parsed = read('TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\nnever,1,1\n1,-2,1\n2,1\n3,1,1.5\n4,5,6\n');
    expect([parsed.rows, parsed.badCount, parsed.bad]).toEqual([2, 4, [
      { line: 3, why: 'its time cannot be read' },
      { line: 4, why: 'its input tokens are no whole number' },
      { line: 5, why: 'it has 2 of 3 columns' },
      { line: 6, why: 'its output tokens are no whole number' },
    ]]);
    expect(parsed.notes).toEqual(['4 rows were left out; line 3: its time cannot be read; line 4: its input tokens are no whole number; line 5: it has 2 of 3 columns; line 6: its output tokens are no whole number.']);
    expect(read(`TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\n${'x\n'.repeat(50)}`)).toMatchObject({ badCount: 50, bad: { length: 20 }, notes: [expect.stringMatching(/^50 rows were left out; line 3: .*; and 45 more\.$/)] });
  });

  it('is sorted by time where it is not, and says so', () => {
    const parsed = read('TIMESTAMP,ContextTokens,GeneratedTokens\n5,1,1\n3,2,2\n4,3,3\n');
    expect([[...parsed.trace.arrival], [...parsed.trace.input], parsed.sorted, parsed.notes]).toEqual([[0, 1, 2], [2, 3, 1], true, ['The rows were not in order of time and were sorted.']]);
  });
});

describe('JSON lines', () => {
  it('keep their blocks with their requests, also when sorted', () => {
    const { trace } = read('{"timestamp": 2000, "input_length": 600, "output_length": 5, "hash_ids": [0, 7]}\n{"timestamp": 500, "input_length": 1, "output_length": 2, "hash_ids": [3]}\n');
    expect([[...trace.arrival], [...trace.blockStart], [...trace.blocks], trace.blockSize]).toEqual([[0, 1.5], [0, 1, 3], [3, 0, 7], 512]);
  });

  it('have their bad rows named', () => {
    expect(read('{"timestamp":0,"input_length":1,"output_length":1}\n{"timestamp":\n{"timestamp":1,"input_length":1,"output_length":1,"hash_ids":["a"]}').bad).toEqual([
      { line: 2, why: 'it is not JSON' },
      { line: 3, why: 'hash_ids is no list of whole numbers' },
    ]);
  });
});

describe('what is no trace', () => {
  it('is refused in a sentence', () => {
    expect(why('')).toMatch(/^This is no trace: the first line must be/);
    expect(why('a,b,c\n1,2,3')).toMatch(/^This is no trace/);
    expect(why('TIMESTAMP,ContextTokens,GeneratedTokens\n')).toBe('This trace has no rows.');
    expect(why('TIMESTAMP,ContextTokens,GeneratedTokens\nx,1,1')).toBe('No row of this trace can be used; line 2: its time cannot be read.');
    expect(why('{"nodes":[]}')).toBe('No row of this trace can be used; line 1: its time cannot be read.');
  });

  it('never throws', () => {
    const rows = fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom('0,1,1', '{"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[1]}')));
    fc.assert(fc.property(fc.constantFrom('TIMESTAMP,ContextTokens,GeneratedTokens', '{', ''), rows, (head, lines) => {
      const parsed = parseTrace('t', [head, ...lines].join('\n'));
      if (parsed.ok) expect(parsed.trace.arrival.every((at, i) => at >= (parsed.trace.arrival[i - 1] ?? 0))).toBe(true);
    }), { numRuns: 500 });
  });
});

describe('the published traces', () => {
  it.skipIf(!existsSync(file('trace_stats.json'))).each([
    ['AzureLLMInferenceTrace_conv.csv', 19_366, 3501.7219371795654, 0],
    ['AzureLLMInferenceTrace_code.csv', 8819, 3435.9480559825897, 0],
    ['mooncake_conversation_trace.jsonl', 12_031, 3536.999, 512],
  ])('%s is read whole', (name, rows, seconds, blockSize) => {
    const parsed = read(readFileSync(file(name), 'utf8'));
    expect([parsed.rows, parsed.badCount, parsed.trace.blockSize]).toEqual([rows, 0, blockSize]);
    expect(parsed.trace.arrival[rows - 1]).toBeCloseTo(seconds, 5);
    if (blockSize > 0) expect(parsed.trace.blocks.length).toBe(parsed.trace.blockStart[rows]);
  });
});
