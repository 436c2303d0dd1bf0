/** What leaves the worker: large arrays are given away instead of copied, and frames go one at a time. */
import * as Comlink from 'comlink';
import type { ParsedTrace } from '../src/design/trace.ts';
import type { Charts, Frame } from '../src/run/protocol.ts';

const buffers = (arrays: readonly Float64Array[]): Transferable[] => [...new Set(arrays.map((array) => array.buffer as ArrayBuffer))];

/** Gives a frame's arrays to the page. */
export function giveFrame(frame: Frame): Frame {
  return Comlink.transfer(frame, buffers([frame.nodes, frame.links, frame.cells, frame.objectives]));
}

/** Gives the charts' arrays to the page. */
export function giveCharts(charts: Charts): Charts {
  return Comlink.transfer(charts, buffers([charts.times, ...charts.series.map((one) => one.values)]));
}

/** Gives the columns of a trace to the page. */
export function giveTrace(parsed: ParsedTrace): ParsedTrace {
  if (!parsed.ok) return parsed;
  const { arrival, input, output, blockStart, blocks } = parsed.trace;
  return Comlink.transfer(parsed, [...new Set([arrival, input, output, blockStart, blocks].map((array) => array.buffer as ArrayBuffer))]);
}

/** Hands frames over one at a time: while the page is busy with one, only the newest waits for it. */
export function paced(listener: (frame: Frame) => unknown): (frame: Frame) => void {
  let busy = false;
  let next: Frame | null = null;
  const send = async (): Promise<void> => {
    busy = true;
    while (next) {
      const frame: Frame = next;
      next = null;
      // A page that fails to draw one frame gets the next all the same.
      await Promise.resolve(listener(giveFrame(frame))).catch(() => undefined);
    }
    busy = false;
  };
  return (frame) => {
    next = frame;
    if (!busy) void send();
  };
}
