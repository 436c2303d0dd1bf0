/** The agenda against the plainest list of events there is: whatever is planned, struck out or parked, the order is that of time and then of planning. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Agenda, ARGUMENT, SLOT } from '../src/engine/agenda.ts';
import { exp, exponentiate } from '../src/engine/math.ts';

interface Planned {
  readonly time: number;
  readonly turn: number;
  readonly slot: number;
}

/** How far ahead events are planned: evenly, all at once, few far beyond the rest, in steps that meet, or now and then never. */
const delays: readonly ((u: number) => number)[] = [(u) => u, () => 0, (u) => (u < 0.1 ? 1000 * u : u / 1000), (u) => Math.floor(4 * u) / 4, (u) => -Math.log(1 - u), (u) => (u < 0.01 ? Infinity : u)];

/** Plays `steps` against an agenda that holds about `size` events, and against a list; says where they part. */
function check(size: number, delay: (u: number) => number, steps: readonly number[]): void {
  const agenda = new Agenda();
  const list: Planned[] = [];
  let turn = 0;
  let now = 0;
  const plan = (u: number): void => {
    const time = now + delay(u);
    agenda.at[0] = time;
    list.push({ time, turn, slot: agenda.push(3, 5, turn) });
    turn++;
  };
  const take = (): void => {
    list.sort((a, b) => a.time - b.time || a.turn - b.turn);
    const first = list.shift();
    const slot = agenda.next(Infinity);
    expect(slot >= 0 ? agenda.slots[slot * SLOT + ARGUMENT] : -1).toBe(first?.turn ?? -1);
    if (first === undefined) return;
    expect(agenda.at[0]).toBe(first.time);
    now = first.time;
  };
  for (const u of steps) {
    if (u < 0.05 && list.length > 0) agenda.cancel(list.splice(Math.floor(u * 20 * list.length), 1)[0]!.slot);
    else if (list.length < size || u > 0.5) plan((u * 997) % 1);
    if (list.length >= size || u < 0.3) take();
  }
  while (list.length > 0) take();
  expect(agenda.next(Infinity)).toBe(-1);
}

it('gives events in order of time, and at one time in the order they were planned', () => {
  const steps = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 50, maxLength: 400 });
  fc.assert(fc.property(fc.constantFrom(1, 10, 25, 60, 300), fc.constantFrom(...delays), steps, check), { numRuns: 300 });
});

it('raises e to the power of a number in its place as anywhere else', () => {
  const cell = new Float64Array(1);
  for (const x of [0, -0, 1, -1, 0.3, -20.7, 700, -740, 709.9, -746, Infinity, -Infinity, NaN]) {
    cell[0] = x;
    exponentiate(cell);
    expect(cell[0]).toBe(exp(x));
    if (Math.abs(x) < 700) expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(4e-16);
  }
});
