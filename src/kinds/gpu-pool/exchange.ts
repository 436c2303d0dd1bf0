/** What GPUs tell each other: sums over a layer's slices, tokens on their way to experts, activations from stage to stage. Seconds. */
import type { Constants } from './constants.ts';
import type { Gpu } from './catalogue-gpus.ts';

/** Seconds to start, and per byte of the vector that everyone is to have in the end. */
export interface Exchange {
  readonly start: number;
  readonly perByte: number;
}

/** How GPUs without fast links reach each other in their server: through PCIe switches, or, from pair to pair, through the memory of the host. */
export type Routes = 'switches' | 'host';

/**
 * Over PCIe: seconds to start among up to 2, 4, 8 GPUs, and bytes/s of the ring. Measured on two L40S; where switches join them, engines on four and eight reach
 * the same rate (17 runs of TensorRT-LLM), with starts assumed between one pair's and those through the host.
 */
const PCIE_START = [5.3e-6, 11e-6, 17e-6] as const;
const PCIE_RATE = 20e9;

/** Where the ring of four and eight leads through the host: seconds to start, and bytes/s that it carries for all of them together (measured, a server of eight L40S). */
const HOST_START = [13.3e-6, 25e-6] as const;
const HOST_RATE = 15.3e9;

/** Between servers: seconds to start and bytes/s per GPU of one 400 Gb/s adapter (published line rate, of which NCCL reaches nine tenths; start assumed). */
const NETWORK_START = 30e-6;
const NETWORK_RATE = 45e9;

/** GPUs of one server. */
export const PER_SERVER = 8;

const NONE: Exchange = { start: 0, perByte: 0 };

/** Seconds that each further GPU of a ring adds to its start (measured on H100, 2 to 8 GPUs). */
const PER_PEER = 0.2e-6;

/** Each GPU of so many sends a share of the bytes; a pair needs no host. */
function overPcie(gpus: number, share: number, routes: Routes): Exchange {
  if (gpus <= 2) return { start: PCIE_START[0], perByte: share / PCIE_RATE };
  const few = gpus <= 4;
  if (routes === 'host') return { start: HOST_START[few ? 0 : 1], perByte: (share * gpus) / HOST_RATE };
  return { start: PCIE_START[few ? 1 : 2], perByte: share / PCIE_RATE };
}

/** Seconds of the second meeting where sums are formed in shares and then told (measured on A100, H100 and B200 alike, within 1 µs). */
const SECOND_SHOT = 4e-6;

/**
 * An all-reduce among `gpus` GPUs: each sums up its share and tells the others, as a ring does; each sends 2·(n − 1)/n of the bytes. A part of the way goes
 * over the network where they fill several servers.
 */
export function allReduce(gpu: Gpu, gpus: number, c: Constants, routes: Routes = 'switches'): Exchange {
  if (gpus === 1) return NONE;
  const inside = Math.min(gpus, PER_SERVER);
  const servers = Math.ceil(gpus / PER_SERVER);
  const share = (2 * (inside - 1)) / inside;
  const local = gpu.linked
    ? { start: c.reduceStart + PER_PEER * (inside - 1) + (inside > 2 ? SECOND_SHOT : 0), perByte: share / c.reduceRate }
    : overPcie(inside, share, routes);
  if (servers === 1) return local;
  return { start: local.start + NETWORK_START, perByte: local.perByte + (2 * (servers - 1)) / servers / (NETWORK_RATE * inside) };
}

/** The same in one shot: each reads all of everybody else's, (n − 1) times the bytes, and meets the others only once. */
export function oneShot(gpu: Gpu, gpus: number, c: Constants, routes: Routes = 'switches'): Exchange {
  if (!gpu.linked || gpus === 1 || gpus > PER_SERVER) return allReduce(gpu, gpus, c, routes);
  return { start: c.reduceStart + PER_PEER * (gpus - 1), perByte: (gpus - 1) / c.reduceRate };
}

/** Bytes up to which engines sum up in one shot, where they go by bytes: the fewer, the more GPUs there are. */
export const oneShotBytes = (gpus: number, c: Constants): number => (c.oneShotMiB * 2 ** 20) / gpus;

/** From one stage of a pipeline to the next. */
export function handOver(gpu: Gpu, tp: number): Exchange {
  if (tp >= PER_SERVER) return { start: NETWORK_START, perByte: 1 / (NETWORK_RATE * PER_SERVER) };
  return gpu.linked ? { start: 10e-6, perByte: 1 / 200e9 } : overPcie(2, 1, 'switches');
}
