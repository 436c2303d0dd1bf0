/** The yardstick workloads inside a browser's worker: posts one line of figures for each. */
import { Simulation } from '../../src/run/simulation.ts';
import { workloads } from './workloads.ts';

const measure = (id: string): { first: number; warm: number } => {
  const { design, customers, rate } = workloads.find((w) => w.id === id)!;
  const once = (): number => {
    const sim = new Simulation(design);
    const started = performance.now();
    sim.runTo(customers / rate);
    return (performance.now() - started) / 1000;
  };
  const first = once();
  return { first, warm: Math.min(once(), once()) };
};

for (const { id, customers, eventsPerCustomer } of workloads) {
  const { first, warm } = measure(id);
  postMessage({ id, eventsPerSecond: (customers * eventsPerCustomer) / warm, firstOverWarm: first / warm });
}
postMessage({ id: 'done' });
