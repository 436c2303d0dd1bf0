/** How much power a GPU draws by what it does. */
import type { Gpu } from './catalogue-gpus.ts';

/** Share of the rated power drawn with nothing to do (assumed; drivers of idle data-centre cards report 60 to 140 W). */
const IDLE = 0.1;

/**
 * What full use of peak arithmetic and of peak bandwidth would add, as shares of the rated power. Assumed, so that prompts, which sustain some 60 % of peak
 * arithmetic, draw the rated power, and decoding, which streams weights at some 80 % of peak, half to two thirds: as measured on A100 and H100 servers (Patel
 * et al., Characterizing Power Management Opportunities for LLMs in the Cloud, ASPLOS 2024).
 */
const ARITHMETIC = 1.5;
const STREAMING = 0.5;

/** Watts of one GPU that uses such shares of its peak FLOP/s and of its peak bandwidth on average; never above its rating. */
export function watts(gpu: Gpu, computeUse: number, bandwidthUse: number): number {
  return gpu.watts * Math.min(1, IDLE + ARITHMETIC * computeUse + STREAMING * bandwidthUse);
}

/** What the GPUs of one replica draw. */
export class Draw {
  /** Watts with nothing to do. */
  readonly idle: number;

  /** `peaks` are those of the whole replica, in FLOP/s and bytes/s. */
  constructor(
    private readonly gpu: Gpu,
    private readonly gpus: number,
    private readonly peaks: { readonly flops: number; readonly bytes: number },
  ) {
    this.idle = gpus * watts(gpu, 0, 0);
  }

  /** Joules beyond what idling would have drawn for work that took so many seconds. */
  joules(seconds: number, flops: number, bytes: number): number {
    if (seconds <= 0) return 0;
    return seconds * (this.gpus * watts(this.gpu, flops / (seconds * this.peaks.flops), bytes / (seconds * this.peaks.bytes)) - this.idle);
  }
}
