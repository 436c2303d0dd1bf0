/** What faults are called where they have come about, and what they do, in words: how strong they are is always told. */
import { expect, it } from 'vitest';
import { faultDefaults } from '../src/design/faults.ts';
import { faultDoc, faultInfo, faultText, type FaultName } from '../src/kit/fault.ts';
import { Simulation } from '../src/run/simulation.ts';
import { constant, path, people, sketch, station } from './sketch.ts';

const names = Object.keys(faultInfo) as FaultName[];

it('say how strong they are, and leave no letter in its place', () => {
  for (const fault of names) {
    const words = faultDoc(fault);
    expect(words, fault).not.toMatch(/\bk\b|[{}]|so many/);
    const { amount } = faultInfo[fault];
    if (amount === null) continue;
    expect(faultDoc(fault, amount.max), fault).not.toBe(words);
    expect(faultText(fault, amount.max), fault).not.toBe(faultText(fault, amount.default));
  }
  expect(faultDoc('slow', 7)).toBe('its work takes 7 times as long');
  expect(faultDoc('release', 0.25)).toBe('it fails 25 % of what it is asked');
  expect(faultText('slow', 7)).toBe('Slow (7×)');
  expect(faultText('crash', 0)).toBe('Crash');
});

it('say so where they are noted in a run', () => {
  const calm = sketch([people(10), station('desk', 1, constant(0.02))], path('users', 'desk'), 10);
  const sim = new Simulation({ ...calm, faults: [{ ...faultDefaults('slow'), id: 'f', target: 'desk', at: 2, seconds: 3, amount: 4 }] });
  sim.runTo(10);
  expect(sim.board.episodes.map(({ label }) => label)).toEqual(['Slow (4×)']);
});
