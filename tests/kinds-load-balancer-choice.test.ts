/** Least outstanding requests, choice by choice, against the policy said in the plainest way; whatever numbers the wires have. */
import { expect, it } from 'vitest';
import { plainClass } from '../src/engine/ledger.ts';
import { Network, Node } from '../src/engine/network.ts';
import { Stream } from '../src/engine/random.ts';
import { Pattern } from '../src/engine/requests.ts';
import { loadBalancer } from '../src/kinds/load-balancer.ts';
import { defaults } from '../src/kit/param.ts';

/** Keeps all calls until it is told to answer. */
class Keeper extends Node {
  readonly kept: number[] = [];
  arrive(call: number): void {
    this.kept.push(call);
  }
}

/** The fewest calls first; of equals the first from `turn` on, going round. */
function plainly(loads: readonly number[], turn: number): number {
  const round = loads.map((_, k) => (turn + k) % loads.length);
  return round.reduce((best, k) => (loads[k]! < loads[best]! ? k : best));
}

function check(links: readonly number[], load: number): void {
  const net = new Network();
  const source = new Keeper(net);
  const balancer = loadBalancer.build({ ...defaults(loadBalancer.params), balancing: 'least outstanding' }, { net, id: 'lb', stream: (purpose) => new Stream(1, 'lb', purpose), trace: () => null });
  const targets = links.map(() => new Keeper(net));
  for (const node of [source, balancer, ...targets]) net.addNode(node);
  net.openBook({ name: 'all', ...plainClass }, source);
  const add = (from: Node, to: Node) => net.addLink({ id: '', from: from.index, to: to.index, latency: null, stream: new Stream(1, 'l', 'l'), async: false, weight: 1 });
  const first = add(source, balancer);
  const most = Math.max(...links);
  for (let k = 1; k <= most; k++) add(balancer, targets[links.indexOf(k)] ?? source);
  balancer.out = Int32Array.from(links);
  const pattern = new Pattern();
  const draws = new Stream(1, 'check', 'draws');
  for (let sent = 0, turn = 0; sent < 3000; ) {
    const busy = targets.filter((t) => t.kept.length > 0);
    if (busy.length > 0 && draws.uniform() > load) net.answer(busy[draws.below(busy.length)]!.kept.pop()!);
    else {
      const loads = targets.map((t) => t.kept.length);
      const chosen = plainly(loads, turn);
      net.call(first, net.requests.create(pattern), -1, source.index);
      expect(targets.map((t) => t.kept.length)).toEqual(loads.map((n, k) => (k === chosen ? n + 1 : n)));
      turn = (chosen + 1) % targets.length;
      sent++;
    }
  }
}

const run = Array.from({ length: 9 }, (_, k) => k + 1);

it.each([0.45, 0.5, 0.6])('wires with numbers that run on (a call comes with chance %s, else one is answered)', (load) => check(run, load));
it.each([0.45, 0.5, 0.6])('wires with gaps, in any order (chance %s)', (load) => check([4, 2, 11, 7, 8, 1, 14], load));
