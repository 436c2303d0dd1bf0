/** The thin door between the page and the simulation. */
import * as Comlink from 'comlink';
import { parseTrace, type ParsedTrace } from '../src/design/trace.ts';
import type { RunService } from '../src/run/protocol.ts';
import { createRunService } from '../src/run/service.ts';
import { createReplicationService, type ReplicationService } from '../src/run/statistics/replication.ts';
import { giveCharts, giveFrame, giveTrace, paced } from './outbound.ts';

// A message to oneself lets the page's messages in between, without the 4 ms that nested timers cost.
const turn = new MessageChannel();
const waiting: (() => void)[] = [];
turn.port1.onmessage = () => waiting.shift()?.();

const soon = (call: () => void): void => {
  waiting.push(call);
  turn.port2.postMessage(null);
};
const service = createRunService(() => performance.now(), (call, idle) => (idle ? void setTimeout(call, 16) : soon(call)));

const replications = createReplicationService();

Comlink.expose({
  load: (design, traces, edits) => service.load(design, traces, edits),
  apply: (design, label) => service.apply(design, label),
  play: (speed) => service.play(speed),
  pause: () => service.pause(),
  step: (seconds) => service.step(seconds),
  runTo: (time) => service.runTo(time),
  rewind: (time) => service.rewind(time),
  look: (time) => giveFrame(service.look(time)),
  layout: () => service.layout(),
  history: () => service.history(),
  result: () => service.result(),
  charts: (points) => giveCharts(service.charts(points)),
  onFrame: (listener) => service.onFrame(paced(listener)),
  prepare: (study) => replications.prepare(study),
  replicate: (task, tell) => replications.replicate(task, tell),
  readTrace: async (name, file) => giveTrace(parseTrace(name, await file.text())),
  alive: () => true,
} satisfies RunService & ReplicationService & { readTrace(name: string, file: Blob): Promise<ParsedTrace>; alive: () => true });
