/** Matrix products: how long one takes, for dense layers and for layers of experts. Seconds, bytes, FLOP, per GPU. */

/** (aᵖ + bᵖ)^(1/p) for p = 4 or 2, by multiplication and square roots alone, which are the same on every machine. */
export function joined(a: number, b: number, sharpness: 2 | 4): number {
  const aa = a * a;
  const bb = b * b;
  return sharpness === 4 ? Math.sqrt(Math.sqrt(aa * aa + bb * bb)) : Math.sqrt(aa + bb);
}

/** Outputs and inputs of a matrix. */
export type Shape = readonly [outputs: number, inputs: number];

/** Rates that a product reaches, FLOP/s and bytes/s, and how its compute and memory time join. */
export interface Rates {
  readonly flops: number;
  readonly bytes: number;
  readonly sharpness: 2 | 4;
}

/** Seconds of a matrix product of m rows, (m·c)ᵖ + (b + m·d)ᵖ, times how often it happens. */
export class Product {
  private readonly compute: number;
  private readonly fixed: number;
  private readonly perRow: number;
  private readonly sharpness: 2 | 4;

  /** `bytes` is the size of one weight; inputs come at 8 bit or more, outputs at 16. */
  constructor(
    private readonly times: number,
    [n, k]: Shape,
    bytes: number,
    rates: Rates,
  ) {
    this.compute = (2 * n * k) / rates.flops;
    this.fixed = (n * k * bytes) / rates.bytes;
    this.perRow = (k * Math.max(bytes, 1) + 2 * n) / rates.bytes;
    this.sharpness = rates.sharpness;
  }

  seconds(rows: number): number {
    return this.times * joined(rows * this.compute, this.fixed + rows * this.perRow, this.sharpness);
  }
}

/** What an expert layer is made of, on one of `gpus` GPUs that share it. */
export interface ExpertLayer {
  readonly count: number;
  readonly visited: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly gpus: number;
  readonly bytes: number;
  /** Share of the experts read however few are asked for. */
  readonly always: number;
}

/** Rows by which each expert's share is padded: the smallest tile of rows that kernels for experts are written for (published: vLLM's and SGLang's tuned configurations). */
const TILE = 16;

/** Products grouped by expert: weights of the experts visited are read, rows and padding multiplied. */
export class Grouped {
  private readonly others: number;
  private readonly compute: number;
  private readonly allSeconds: number;
  private readonly perToken: number;

  constructor(
    private readonly layer: ExpertLayer,
    private readonly rates: Rates,
  ) {
    const { count, visited, hidden, ffn, gpus, bytes } = layer;
    this.others = count - visited;
    this.compute = (6 * hidden * ffn) / gpus / rates.flops;
    this.allSeconds = (count * 3 * hidden * ffn * bytes) / gpus / rates.bytes;
    this.perToken = (visited * (2 * hidden + 3 * ffn) * 2) / gpus / rates.bytes;
  }

  /**
   * Expected share of the experts that so many tokens visit. Experts are not equally liked: with exponentially distributed popularities
   * it is x/(1 + x), x = tokens · visited ÷ (count − visited) (Poisson visits mixed over them; exact for one token).
   */
  hit(tokens: number): number {
    const visits = tokens * this.layer.visited;
    return visits / (this.others + visits);
  }

  seconds(tokens: number): number {
    const asked = this.hit(tokens);
    const hit = this.layer.always > asked ? this.layer.always : asked;
    const rows = tokens * this.layer.visited + hit * this.layer.count * TILE;
    return joined(rows * this.compute, hit * this.allSeconds + tokens * this.perToken, this.rates.sharpness);
  }
}
