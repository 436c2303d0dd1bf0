/** What GPUs tell each other: sums over a layer's slices, tokens on their way to experts, activations from stage to stage. Seconds. */
import type { Constants } from './constants.ts';
import { linkedAmong, linkRates, type Gpu } from './catalogue-gpus.ts';

/** Seconds to start, and per byte of the vector that everyone is to have in the end. */
export interface Exchange {
  readonly start: number;
  readonly perByte: number;
}

/** How GPUs reach each other where no fast link joins them. */
export interface Ways {
  /** In their server: through PCIe switches, or, from pair to pair, through the memory of the host. */
  readonly routes: 'switches' | 'host';
  /** Between servers: bytes/s of each GPU's adapter, by its line rate. */
  readonly network: number;
}

/** Ways where nothing is said: switches, and an adapter of 400 Gb/s for each GPU. */
export const USUAL: Ways = { routes: 'switches', network: 50e9 };

/**
 * Over PCIe: seconds to start among up to 2, 4, 8 GPUs. Measured on a server of L40S; among RTX PRO 6000 joined by switches, 16 µs for four and 24 for
 * eight were published (local-inference-lab/vllm pull request 580, voipmonitor/rtx6kpro, 2026).
 */
const PCIE_START = [5.3e-6, 13.3e-6, 25e-6] as const;

/**
 * Share of a slot's line rate that a ring reaches: 20 of 32 GB/s between two L40S (measured; where switches join them, engines on four and eight reach it too,
 * by 17 runs of TensorRT-LLM), 31 to 41 of 64 GB/s among four and eight RTX PRO 6000 (published, as above).
 */
const PCIE_SHARE = 0.625;

/** Share of a slot's line rate that all GPUs of a ring of four or eight have together where it leads through the host (measured, a server of eight L40S). */
const HOST_SHARE = 0.48;

/** Bytes/s of a slot of 16 lanes, one way, by the PCIe generation of a GPU's own generation (data sheets). */
const slotRate = ({ generation }: Gpu): number => (generation === 'ampere' || generation === 'ada' ? 32e9 : 64e9);

/**
 * Between servers: seconds that a sum takes more however small (measured: 55 µs on 16 and on 8 A100 in two servers, 25 and 43 on 4 and 2, by Vidur's profiles),
 * seconds to send to one other (assumed), and share of the line rate that is reached (NCCL, assumed).
 */
export const NETWORK_START = 50e-6;
export const SEND_START = 30e-6;
export const NETWORK_SHARE = 0.9;

/** Seconds to hand activations to the next stage over fast links, however few (assumed). */
const HAND_START = 10e-6;

/** GPUs that fast links join, or that share a server without. */
export const together = ({ joined = 8 }: Gpu): number => joined;

const NONE: Exchange = { start: 0, perByte: 0 };

/** Bytes/s of an all-reduce over fast links: as fitted, but no more than a GPU sends over them; by the rates of links where a GPU’s are not its generation’s. */
export const linkRate = ({ generation, linkRatio = 1 }: Gpu, c: Constants): number => Math.min(c.reduceRate, linkRates[generation]) * linkRatio;

/** Seconds that each further GPU of a ring adds to its start (measured on H100, 2 to 8 GPUs). */
const PER_PEER = 0.2e-6;

/** Each GPU of so many sends a share of the bytes; a pair needs no host. It starts no sooner than over fast links. */
function overPcie(gpu: Gpu, gpus: number, share: number, { routes }: Ways, c: Constants): Exchange {
  const line = slotRate(gpu);
  const start = PCIE_START[gpus <= 2 ? 0 : gpus <= 4 ? 1 : 2];
  const rate = routes === 'host' && gpus > 2 ? (HOST_SHARE * line) / gpus : PCIE_SHARE * line;
  return { start: Math.max(start, c.reduceStart), perByte: share / rate };
}

/** Seconds of the second meeting where sums are formed in shares and then told (measured on A100, H100 and B200 alike, within 1 µs). */
const SECOND_SHOT = 4e-6;

/**
 * An all-reduce among `gpus` GPUs: each sums up its share and tells the others, as a ring does; each sends 2·(n − 1)/n of the bytes. A part of the way goes
 * over the network where they fill several servers.
 */
export function allReduce(gpu: Gpu, gpus: number, c: Constants, ways = USUAL): Exchange {
  if (gpus === 1) return NONE;
  const inside = Math.min(gpus, together(gpu));
  const servers = Math.ceil(gpus / inside);
  const share = (2 * (inside - 1)) / inside;
  const local = linkedAmong(gpu, gpus)
    ? { start: c.reduceStart + PER_PEER * (inside - 1) + (inside > 2 ? SECOND_SHOT : 0), perByte: share / linkRate(gpu, c) }
    : overPcie(gpu, inside, share, ways, c);
  if (servers === 1) return local;
  return { start: local.start + NETWORK_START, perByte: local.perByte + (2 * (servers - 1)) / servers / (NETWORK_SHARE * ways.network * inside) };
}

/** GPUs among which engines sum up in one shot at most: those of a server (published: vLLM’s, FlashInfer’s and TensorRT-LLM’s sources have others for more). */
const ONE_SHOT_MOST = 8;

/** The same in one shot: each reads all of everybody else's, (n − 1) times the bytes, and meets the others only once. */
export function oneShot(gpu: Gpu, gpus: number, c: Constants, ways = USUAL): Exchange {
  if (gpus === 1 || gpus > Math.min(ONE_SHOT_MOST, together(gpu)) || !linkedAmong(gpu, gpus)) return allReduce(gpu, gpus, c, ways);
  return { start: c.reduceStart + PER_PEER * (gpus - 1), perByte: (gpus - 1) / linkRate(gpu, c) };
}

/** Bytes from which engines no longer sum up in one shot, where they go by bytes: the fewer, the more GPUs there are. */
export const oneShotBytes = (gpus: number, c: Constants): number => (c.oneShotMiB * 2 ** 20) / gpus;

/** Steps from one stage of a pipeline to the next that stay in a server, and those that leave it. */
export function steps(gpu: Gpu, tp: number, stages: number): { readonly inside: number; readonly outside: number } {
  const outside = Math.min(Math.ceil((tp * stages) / together(gpu)), stages) - 1;
  return { inside: stages - 1 - outside, outside };
}

/** One of those that stay inside: over fast links, or through the slots of two. */
export const nextDoor = (gpu: Gpu, tp: number, stages: number, c: Constants): Exchange => (linkedAmong(gpu, tp * stages) ? { start: HAND_START, perByte: 1 / linkRate(gpu, c) } : overPcie(gpu, 2, 1, USUAL, c));

/** From stage to stage of a pipeline, all the way through: over the network where the next stage is in another server, and each of its GPUs sends a slice. */
export function handOvers(gpu: Gpu, tp: number, stages: number, c: Constants, ways = USUAL): Exchange {
  const { inside, outside } = steps(gpu, tp, stages);
  const near = nextDoor(gpu, tp, stages, c);
  return { start: inside * near.start + outside * SEND_START, perByte: inside * near.perByte + outside / (NETWORK_SHARE * ways.network * tp) };
}
