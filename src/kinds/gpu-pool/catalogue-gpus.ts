/** GPUs: peak rates, memory, links between them, power and price, each with its source. */

/** Families whose kernels behave alike; they share their fitted constants. */
export type Generation = 'ampere' | 'ada' | 'hopper' | 'blackwell' | 'workstation' | 'cdna3';

/** One accelerator. */
export interface Gpu {
  readonly id: string;
  readonly label: string;
  readonly generation: Generation;
  /** Dense peak in FLOP/s at 16 bit, 8 bit and 4 bit; 0 where the GPU has no such units. */
  readonly peak16: number;
  readonly peak8: number;
  readonly peak4: number;
  /** Streaming multiprocessors (compute units), each of which works on one piece of attention at a time; by its maker’s descriptions. */
  readonly processors: number;
  /** Memory in bytes, its bandwidth in bytes/s. */
  readonly memory: number;
  readonly bandwidth: number;
  /** Whether GPUs of one server are joined by NVLink or the like, otherwise by PCIe; and how many, 8 where left out. */
  readonly linked: boolean;
  readonly joined?: number;
  /** How many of them a bridge of fast links joins where their server has no others: more exchange over PCIe. All where left out. */
  readonly bridged?: number;
  /** How fast they are, over those of its generation; 1 where left out. */
  readonly linkRatio?: number;
  readonly watts: number;
  /** Share of its generation's sustained rates that its power lets it keep; all where left out. */
  readonly sustains?: number;
  readonly usdPerHour: number;
  readonly source: string;
  readonly priceSource: string;
}

/**
 * What a card keeps of the sustained rates of its generation that has fewer watts for each peak FLOP/s than the one they were found on: the square root of that
 * ratio. Submitters to MLPerf expect 0.83 of the rate with 450 of 700 W (H100) and with 500 of 700 W (H200), 0.90 with 350 of 400 W (H100 NVL): exponents
 * from 0.44 to 0.79 (published, round 4.1).
 */
const kept = (watts: number, peak16: number, by: { readonly watts: number; readonly peak16: number }): number => Math.sqrt((watts / peak16) / (by.watts / by.peak16));
const H100 = { watts: 700, peak16: 989 };
const A100 = { watts: 400, peak16: 312 };
const L40S = { watts: 350, peak16: 362.05 };

const GIB = 2 ** 30;

/** GPUs of a rack whose NVLink joins them all (NVIDIA GB200 NVL72 data sheet, 2024). */
const NVL72 = 72;
const T = 1e12;
const system = (file: string): string => `ai-dynamo/aiconfigurator@095f58a51c4c systems/${file}.yaml (dense rates), 2026`;
const aws = (instance: string): string => `AWS ${instance} on-demand list price per GPU, us-east, 2026`;

/** The catalogue; memory sizes are GiB, as the drivers report them. */
export const gpus = [
  { id: 'h100', label: 'H100 SXM 80 GB', generation: 'hopper', peak16: 989 * T, peak8: 1979 * T, peak4: 0, processors: 132, memory: 80 * GIB, bandwidth: 3.35 * T, linked: true, watts: 700, usdPerHour: 6.88, source: system('h100_sxm'), priceSource: aws('p5.48xlarge') },
  { id: 'h200', label: 'H200 SXM 141 GB', generation: 'hopper', peak16: 989 * T, peak8: 1979 * T, peak4: 0, processors: 132, memory: 141 * GIB, bandwidth: 4.8 * T, linked: true, watts: 700, usdPerHour: 7.912, source: system('h200_sxm'), priceSource: aws('p5en.48xlarge') },
  { id: 'h100-pcie', label: 'H100 PCIe 80 GB', generation: 'hopper', peak16: 756.5 * T, peak8: 1513 * T, peak4: 0, processors: 114, memory: 80 * GIB, bandwidth: 2 * T, linked: false, watts: 350, sustains: kept(350, 756.5, H100), usdPerHour: 2.95, source: system('h100_pcie'), priceSource: 'assumed: as Nebius lists the H100 SXM, 2026' },
  { id: 'h100-nvl', label: 'H100 NVL 94 GB', generation: 'hopper', peak16: 835 * T, peak8: 1671 * T, peak4: 0, processors: 132, memory: 94 * GIB, bandwidth: 3.9 * T, linked: true, bridged: 2, linkRatio: 300 / 450, watts: 400, sustains: kept(400, 835, H100), usdPerHour: 3, source: 'NVIDIA H100 data sheet, NVL column (dense rates), 2024; bridges between pairs', priceSource: 'assumed, 2026' },
  { id: 'h200-nvl', label: 'H200 NVL 141 GB', generation: 'hopper', peak16: 835 * T, peak8: 1671 * T, peak4: 0, processors: 132, memory: 141 * GIB, bandwidth: 4.8 * T, linked: true, bridged: 4, watts: 600, usdPerHour: 4, source: 'NVIDIA H200 data sheet, NVL column (dense rates), 2024; bridges among two or four', priceSource: 'assumed, 2026' },
  { id: 'gh200', label: 'GH200 96 GB', generation: 'hopper', peak16: 989 * T, peak8: 1979 * T, peak4: 0, processors: 132, memory: 96 * GIB, bandwidth: 4 * T, linked: true, watts: 900, usdPerHour: 2.29, source: 'stas00/ml-engineering@744d01e compute/accelerator, 2026', priceSource: 'Lambda on-demand list price, 2026' },
  { id: 'b200', label: 'B200 180 GB', generation: 'blackwell', peak16: 2250 * T, peak8: 4500 * T, peak4: 9000 * T, processors: 148, memory: 180 * GIB, bandwidth: 8 * T, linked: true, watts: 1000, usdPerHour: 14.2416, source: system('b200_sxm'), priceSource: aws('p6-b200.48xlarge') },
  { id: 'gb200', label: 'GB200 186 GB', generation: 'blackwell', peak16: 2500 * T, peak8: 5000 * T, peak4: 10000 * T, processors: 148, memory: 186 * GIB, bandwidth: 8 * T, linked: true, joined: NVL72, watts: 1200, usdPerHour: 14.2416, source: system('gb200'), priceSource: 'assumed: as AWS lists the B200, 2026' },
  { id: 'b300', label: 'B300 288 GB', generation: 'blackwell', peak16: 2250 * T, peak8: 4500 * T, peak4: 14000 * T, processors: 160, memory: 268.6 * GIB, bandwidth: 7.75 * T, linked: true, watts: 1100, usdPerHour: 14.2416, source: system('b300_sxm'), priceSource: 'assumed: as AWS lists the B200, 2026' },
  { id: 'gb300', label: 'GB300 288 GB', generation: 'blackwell', peak16: 2500 * T, peak8: 5000 * T, peak4: 15000 * T, processors: 160, memory: 288 * GIB, bandwidth: 8 * T, linked: true, joined: NVL72, watts: 1400, usdPerHour: 14.2416, source: 'NVIDIA GB300 NVL72 data sheet per GPU (dense rates), 2025', priceSource: 'assumed: as AWS lists the B200, 2026' },
  { id: 'a100-80', label: 'A100 SXM 80 GB', generation: 'ampere', peak16: 312 * T, peak8: 0, peak4: 0, processors: 108, memory: 80 * GIB, bandwidth: 2.039 * T, linked: true, watts: 400, usdPerHour: 3.4309, source: system('a100_sxm'), priceSource: aws('p4de.24xlarge') },
  { id: 'a100-40', label: 'A100 SXM 40 GB', generation: 'ampere', peak16: 312 * T, peak8: 0, peak4: 0, processors: 108, memory: 40 * GIB, bandwidth: 1.555 * T, linked: true, watts: 400, usdPerHour: 2.7447, source: 'stas00/ml-engineering@744d01e compute/accelerator, 2026', priceSource: aws('p4d.24xlarge') },
  { id: 'a100-pcie', label: 'A100 PCIe 80 GB', generation: 'ampere', peak16: 312 * T, peak8: 0, peak4: 0, processors: 108, memory: 80 * GIB, bandwidth: 1.935 * T, linked: false, watts: 300, sustains: kept(300, 312, A100), usdPerHour: 1.39, source: system('a100_pcie'), priceSource: 'RunPod secure cloud list price, 2026' },
  { id: 'a10g', label: 'A10G 24 GB', generation: 'ampere', peak16: 70 * T, peak8: 0, peak4: 0, processors: 80, memory: 22.5 * GIB, bandwidth: 0.6 * T, linked: false, watts: 150, usdPerHour: 1.006, source: 'AWS g5 data, 2026; tensor rate unverified', priceSource: aws('g5.xlarge') },
  { id: 'l40s', label: 'L40S 48 GB', generation: 'ada', peak16: 362.05 * T, peak8: 733 * T, peak4: 0, processors: 142, memory: 44.99 * GIB, bandwidth: 0.864 * T, linked: false, watts: 350, usdPerHour: 1.861, source: system('l40s'), priceSource: aws('g6e.xlarge') },
  { id: 'l4', label: 'L4 24 GB', generation: 'ada', peak16: 121 * T, peak8: 242 * T, peak4: 0, processors: 58, memory: 22.5 * GIB, bandwidth: 0.3 * T, linked: false, watts: 72, sustains: kept(72, 121, L40S), usdPerHour: 0.8048, source: system('l4'), priceSource: aws('g6.xlarge') },
  { id: 'rtx-4090', label: 'RTX 4090 24 GB', generation: 'ada', peak16: 165 * T, peak8: 330 * T, peak4: 0, processors: 128, memory: 24 * GIB, bandwidth: 1.008 * T, linked: false, watts: 450, usdPerHour: 0.7, source: 'NVIDIA Ada whitepaper 2022, rates with 32-bit sums', priceSource: 'assumed, 2026' },
  { id: 'rtx-pro-6000', label: 'RTX PRO 6000 96 GB', generation: 'workstation', peak16: 504 * T, peak8: 1008 * T, peak4: 2016 * T, processors: 188, memory: 96 * GIB, bandwidth: 1.792 * T, linked: false, watts: 600, usdPerHour: 1.9, source: 'bandwidth NVIDIA data sheet 2025; rates assumed from kernel timings', priceSource: 'assumed, 2026' },
  { id: 'mi300x', label: 'MI300X 192 GB', generation: 'cdna3', peak16: 1307 * T, peak8: 2610 * T, peak4: 0, processors: 304, memory: 192 * GIB, bandwidth: 5.3 * T, linked: true, watts: 750, usdPerHour: 6, source: 'stas00/ml-engineering@744d01e compute/accelerator, 2026', priceSource: 'assumed, 2026' },
  { id: 'mi325x', label: 'MI325X 256 GB', generation: 'cdna3', peak16: 1307 * T, peak8: 2610 * T, peak4: 0, processors: 304, memory: 256 * GIB, bandwidth: 6 * T, linked: true, watts: 1000, usdPerHour: 7, source: 'stas00/ml-engineering@744d01e compute/accelerator, 2026', priceSource: 'assumed, 2026' },
] as const satisfies readonly Gpu[];

/** Identity of a GPU in the catalogue. */
export type GpuId = (typeof gpus)[number]['id'];

const byId = new Map<string, Gpu>(gpus.map((g) => [g.id, g]));

/** The GPU of that id. */
export function gpuOf(id: GpuId): Gpu {
  return byId.get(id)!;
}

/** Multiprocessors of a GPU of which only the generation and the peak at 16 bit are known: as many as in the first of its kind, by peak. */
export function processorsLike(generation: Generation, peak16: number): number {
  const like = gpus.find((g) => g.generation === generation)!;
  return Math.max(1, Math.round((like.processors * peak16) / like.peak16));
}

/** Whether fast links join so many of a GPU, of one server or rack. */
export const linkedAmong = ({ linked, bridged = Infinity }: Gpu, count: number): boolean => linked && count <= bridged;

/** Bytes/s that a GPU of a generation sends over its links, one way (published: NVLink 3, 4 and 5, Infinity Fabric; PCIe 4 and 5 with 16 lanes where there are none). */
export const linkRates: Readonly<Record<Generation, number>> = { ampere: 300e9, hopper: 450e9, blackwell: 900e9, cdna3: 448e9, ada: 32e9, workstation: 64e9 };

/**
 * Dense peak in FLOP/s for weights of that precision; at 16 bit where the GPU has no units for it. Experts of 4 bits (MXFP4) meet activations of 8
 * (published: the kernels that TensorRT-LLM's guide to gpt-oss names for Blackwell).
 */
export function peakFor(gpu: Gpu, precision: 'bf16' | 'fp8' | 'fp4' | 'mxfp4'): number {
  const own = { bf16: gpu.peak16, fp8: gpu.peak8, fp4: gpu.peak4, mxfp4: gpu.peak4 > 0 ? gpu.peak8 : 0 }[precision];
  return own > 0 ? own : gpu.peak16;
}
