/** Numbers drawn ahead, many at a time, are those that are drawn one by one: also the rare ones that go the long way (one in a hundred). */
import { expect, it } from 'vitest';
import { Sampler } from '../src/engine/sampler.ts';
import { Stream } from '../src/engine/random.ts';

const N = 100_000;
const some = (draw: () => number) => Float64Array.from({ length: N }, draw);
const streams = () => [new Stream(7, 'a', 'b'), new Stream(7, 'a', 'b')] as const;

it('exponentials', () => {
  const [ahead, single] = streams();
  expect(some(() => ahead.nextExponential())).toEqual(some(() => single.exponential()));
});

it('normals', () => {
  const [ahead, single] = streams();
  expect(some(() => ahead.nextNormal())).toEqual(some(() => single.normal()));
});

it('a shape that is changed takes the next numbers of its stream', () => {
  const [changing, steady] = streams();
  const sampler = new Sampler({ shape: 'lognormal', mean: 1, cv: 1 });
  const same = new Sampler({ shape: 'lognormal', mean: 1, cv: 1 });
  const twice = some((): number => 0).map((_, k) => {
    sampler.set({ shape: 'lognormal', mean: k < N / 3 ? 1 : 2, cv: 1 });
    return sampler.draw(changing) / same.draw(steady);
  });
  expect(twice[0]).toBe(1);
  expect(twice.at(-1)).toBeCloseTo(2, 10);
});
