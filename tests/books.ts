/** What must hold of a running simulation at every moment, and of one that has run dry. */
import type { Simulation } from '../src/run/simulation.ts';
import { imbalances } from './sketch.ts';

/** Seconds in which anything sensible is done. */
const LONG = 1e8;

/** What is wrong with the books of a simulation now, in words. */
export function wrongs(sim: Simulation): string[] {
  const { net, nodes, links } = sim.board;
  const wrong = imbalances(sim);
  for (const { id, node } of nodes.values()) {
    if (!(node.busyArea(sim.now) <= node.serverArea(sim.now) * (1 + 1e-9) + 1e-6)) wrong.push(`${id}: busy ${node.busyArea(sim.now)} of ${node.serverArea(sim.now)} server-seconds`);
    if (!(node.queueArea(sim.now) >= -1e-6)) wrong.push(`${id}: queue area ${node.queueArea(sim.now)}`);
    if (node.inFlight < 0) wrong.push(`${id}: ${node.inFlight} in flight`);
  }
  for (const link of links.values()) if (net.outstanding[link.index]! < 0) wrong.push(`${link.id}: ${net.outstanding[link.index]} outstanding`);
  const usd = sim.board.spentUsd();
  if (!(usd >= 0)) wrong.push(`$${usd} spent`);
  return wrong;
}

/**
 * Lets a simulation into which nothing comes any more run until nothing is under way, for at most so many events; answers with what is left then,
 * in words. What would take longer (a queue of a million, say) is not waited for. Goes by the bare network: notes of a million seconds take their time.
 */
export function leftovers({ board }: Simulation, events: number): string[] {
  const { net } = board;
  let dry = false;
  const busy = (): boolean => net.calls.count > 0 || net.requests.count > 0 || [...board.nodes.values()].some(({ node }) => node.inFlight !== 0);
  for (let k = 0; k < 20 && busy() && !dry; k++) dry = net.run(LONG, events / 20);
  if (net.stopped !== null || (!dry && net.now < LONG / 10)) return [];
  const left = [...board.nodes.values()].filter(({ node }) => node.inFlight > 0).map(({ id, kind, node }) => `${id} (${kind.id}) keeps ${node.inFlight} calls`);
  for (const { id, kind, node } of board.nodes.values()) {
    if (node.busyArea(net.now + 1) > node.busyArea(net.now)) left.push(`${id} (${kind.id}) is busy with nothing`);
    if (node.queueArea(net.now + 1) > node.queueArea(net.now)) left.push(`${id} (${kind.id}) keeps nobody waiting`);
  }
  if (net.calls.count > 0) left.push(`${net.calls.count} calls are left`);
  if (net.requests.count > 0) left.push(`${net.requests.count} requests are left`);
  return left;
}
