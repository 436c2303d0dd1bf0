/** What a run takes of memory: bytes allocated per event once it is steady, and what it holds after ten times the simulated time. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Simulation } from '../../src/run/simulation.ts';
import { workloads, type Workload } from './workloads.ts';

/** Memory of one workload. */
export interface Memory {
  readonly id: string;
  /** Bytes of heap and array buffers per canonical event in steady state, garbage included. */
  readonly bytesPerEvent: number;
  /** Bytes that a finished run holds, and one over ten times the simulated time as a multiple of that. */
  readonly heldBytes: number;
  readonly heldAfterTenTimes: number;
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects all garbage, array buffers too: those are given back beside the program, a little later. */
async function collect(): Promise<void> {
  for (let k = 0; k < 2; k++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Stretches in which steady allocation is looked for; one in which garbage was collected shows less than before, and is left out. */
const STRETCHES = 200;

/** Allocation of asking for the figures itself, per stretch. */
function ownBytes(): number {
  const from = used();
  for (let k = 0; k < STRETCHES; k++) used();
  return Math.max(0, (used() - from) / STRETCHES);
}

async function bytesPerEvent({ design, customers: whole, eventsPerCustomer, rate }: Workload): Promise<number> {
  const customers = whole * LONG;
  const seconds = customers / rate;
  // A far horizon: notes for the charts are taken by simulated time, and are not what is measured here.
  const sim = new Simulation({ ...design, run: { ...design.run, seconds: 1e10 } });
  sim.runTo(seconds / 2);
  await collect();
  const own = ownBytes();
  let [bytes, counted, before] = [0, 0, used()];
  for (let k = 1; k <= STRETCHES; k++) {
    sim.runTo((seconds * (1 + k / STRETCHES)) / 2);
    const now = used();
    if (now >= before) {
      bytes += now - before - own;
      counted++;
    }
    before = now;
  }
  return Math.max(0, bytes) / (((customers * eventsPerCustomer) / 2 / STRETCHES) * counted);
}

async function heldBytes({ design, customers, rate }: Workload, share: number): Promise<number> {
  const seconds = (share * customers) / rate;
  await collect();
  const before = used();
  const sim = new Simulation({ ...design, run: { ...design.run, seconds } });
  sim.runTo(seconds);
  await collect();
  // The run is asked for its time afterwards, so that it is not collected itself.
  return sim.now > 0 ? used() - before : NaN;
}

/** Shares of a workload that are run. */
const SHORT = 0.03;
const LONG = 10 * SHORT;

/** Measures W1–W4, in a few seconds. */
export async function memory(): Promise<readonly Memory[]> {
  const all: Memory[] = [];
  // Kept throughout: with the last object of a class V8 gives up the code compiled for it, and the next run would be charged with making it anew.
  const kept = new Simulation(workloads.at(-1)!.design);
  for (const w of workloads) {
    // Once before, so that no run is charged with the code that the compiler makes of it.
    await heldBytes(w, LONG);
    const held = await heldBytes(w, SHORT);
    all.push({ id: w.id, bytesPerEvent: await bytesPerEvent(w), heldBytes: held, heldAfterTenTimes: (await heldBytes(w, LONG)) / held });
  }
  kept.runTo(0);
  return all;
}
