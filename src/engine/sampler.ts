/** Turns a named shape with a mean and a coefficient of variation into draws. */
import { exp, exponentiate, log, logGamma, pow } from './math.ts';
import type { Stream } from './random.ts';

/** What is to be drawn; `cv` is standard deviation over mean. */
export interface Distributed {
  readonly shape: 'constant' | 'exponential' | 'gamma' | 'lognormal' | 'pareto' | 'weibull' | 'uniform';
  readonly mean: number;
  readonly cv: number;
}

const CONSTANT = 0;
const EXPONENTIAL = 1;
const GAMMA = 2;
const LOGNORMAL = 3;
const PARETO = 4;
const WEIBULL = 5;
const UNIFORM = 6;

/** What was last drawn of the rarer shapes: handed over in memory, because a double returned by a function that is not inlined is boxed. */
const drawn = new Float64Array(1);

/** Weibull shape k with the given cv, by bisection on Γ(1+2/k)/Γ(1+1/k)² = 1 + cv². */
function weibullShape(cv: number): number {
  let low = 0.1;
  let high = 100;
  for (let i = 0; i < 80; i++) {
    const k = (low + high) / 2;
    const spread = exp(logGamma(1 + 2 / k) - 2 * logGamma(1 + 1 / k)) - 1;
    if (spread > cv * cv) low = k;
    else high = k;
  }
  return (low + high) / 2;
}

/**
 * A sampler of one random quantity. One class with a switch rather than a class per shape: call sites stay monomorphic,
 * which is worth about 5 ns a draw where several shapes are in use.
 */
export class Sampler {
  private code = CONSTANT;
  // Doubles from the first: see `Clock`.
  private a = NaN;
  private b = NaN;

  constructor(what: Distributed) {
    this.set(what);
  }

  /** Changes what is drawn from now on. A cv of 0 is constant, whatever the shape (but the exponential, whose cv is 1). */
  set({ shape, mean, cv }: Distributed): void {
    this.a = mean;
    this.b = 0;
    if (shape === 'exponential') this.code = EXPONENTIAL;
    else if (shape === 'constant' || cv <= 0 || mean <= 0) this.code = CONSTANT;
    else this.spread(shape, mean, cv);
  }

  private spread(shape: Distributed['shape'], mean: number, cv: number): void {
    if (shape === 'gamma') {
      this.code = GAMMA;
      this.a = 1 / (cv * cv);
      this.b = mean * cv * cv;
    } else if (shape === 'lognormal') {
      this.code = LOGNORMAL;
      const variance = log(1 + cv * cv);
      this.a = log(mean) - variance / 2;
      this.b = Math.sqrt(variance);
    } else if (shape === 'pareto') {
      this.code = PARETO;
      const alpha = 1 + Math.sqrt(1 + 1 / (cv * cv));
      this.a = (mean * (alpha - 1)) / alpha;
      this.b = 1 / alpha;
    } else if (shape === 'weibull') {
      this.code = WEIBULL;
      const k = weibullShape(cv);
      this.a = mean / exp(logGamma(1 + 1 / k));
      this.b = 1 / k;
    } else {
      this.code = UNIFORM;
      this.b = mean * Math.min(cv * 1.7320508075688772, 1);
    }
  }

  /** One draw, never negative. The two commonest shapes come first, in few enough instructions to be inlined. */
  draw(stream: Stream): number {
    if (this.code === EXPONENTIAL) return stream.nextExponential() * this.a;
    if (this.code === CONSTANT) return this.a;
    if (this.code === LOGNORMAL) this.lognormal(stream);
    else this.rarer(stream);
    return drawn[0]!;
  }

  private lognormal(stream: Stream): void {
    drawn[0] = this.a + this.b * stream.nextNormal();
    exponentiate(drawn);
  }

  private rarer(stream: Stream): void {
    if (this.code === GAMMA) drawn[0] = gamma(stream, this.a) * this.b;
    else if (this.code === PARETO) drawn[0] = this.a * exp(stream.exponential() * this.b);
    else if (this.code === WEIBULL) drawn[0] = this.a * pow(stream.exponential(), this.b);
    else drawn[0] = this.a + this.b * (2 * stream.uniform() - 1);
  }
}

/** Gamma with the given shape and scale 1 (Marsaglia and Tsang 2000; shape below 1 by their boosting). */
function gamma(stream: Stream, shape: number): number {
  if (shape < 1) return gamma(stream, shape + 1) * exp(-stream.exponential() / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = 1 + c * x;
    if (v <= 0) continue;
    const cube = v * v * v;
    if (log(1 - stream.uniform()) < 0.5 * x * x + d - d * cube + d * log(cube)) return d * cube;
  }
}

/** Draws an index 0 … n − 1 with given weights in constant time (Walker 1977, Vose 1991). */
export class Alias {
  private readonly chance: Float64Array;
  private readonly other: Int32Array;

  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    let total = 0;
    for (let i = 0; i < n; i++) total += weights[i]!;
    this.chance = new Float64Array(n);
    this.other = new Int32Array(n);
    for (let i = 0; i < n; i++) this.chance[i] = total > 0 ? (weights[i]! * n) / total : 1;
    this.pair(n);
  }

  private pair(n: number): void {
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < n; i++) (this.chance[i]! < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const s = small.pop()!;
      const l = large.at(-1)!;
      this.other[s] = l;
      this.chance[l]! -= 1 - this.chance[s]!;
      if (this.chance[l]! < 1) small.push(large.pop()!);
    }
    for (const i of [...small, ...large]) this.chance[i] = 1;
  }

  draw(stream: Stream): number {
    const u = stream.uniform() * this.chance.length;
    const i = Math.floor(u);
    return u - i < this.chance[i]! ? i : this.other[i]!;
  }
}

/** Ranks drawn from a table; those beyond are drawn by rejection, which takes five times as long but happens seldom. */
const TABLE = 1 << 17;

/** Ranks 0 … n − 1 with probability proportional to 1/(rank + 1)^s; s = 0 is uniform. */
export class Zipf {
  private readonly table: Alias | null;
  private readonly head: number;
  private readonly h1: number;
  private readonly hn: number;

  constructor(
    readonly n: number,
    readonly s: number,
  ) {
    const head = Math.min(n, TABLE);
    this.head = head;
    this.h1 = this.area(head + 1.5) - pow(head + 1, -s);
    this.hn = this.area(n + 0.5);
    this.table = s > 0 ? new Alias(this.weights(head)) : null;
  }

  /** Weights of the first ranks, and of all others together (their sum by the midpoint rule: relative error below 1e-10). */
  private weights(head: number): Float64Array {
    const weights = Float64Array.from({ length: head + 1 }, (_, i) => pow(i + 1, -this.s));
    weights[head] = this.n > head ? this.hn - this.area(head + 0.5) : 0;
    return weights;
  }

  draw(stream: Stream): number {
    if (this.n <= 1) return 0;
    if (this.table === null) return stream.below(this.n);
    const rank = this.table.draw(stream);
    return rank < this.head ? rank : this.n > this.head ? this.reject(stream) : this.head - 1;
  }

  /** Rejection-inversion (Hörmann and Derflinger 1996) beyond the table: any n, no memory. */
  private reject(stream: Stream): number {
    for (;;) {
      const u = this.hn + stream.uniform() * (this.h1 - this.hn);
      const x = this.inverse(u);
      const k = Math.max(this.head + 1, Math.min(this.n, Math.floor(x + 0.5)));
      if (u >= this.area(k + 0.5) - pow(k, -this.s)) return k - 1;
    }
  }

  /** ∫ t^−s dt up to x, and its inverse. */
  private area(x: number): number {
    return this.s === 1 ? log(x) : pow(x, 1 - this.s) / (1 - this.s);
  }

  private inverse(u: number): number {
    return this.s === 1 ? exp(u) : pow(u * (1 - this.s), 1 / (1 - this.s));
  }
}

/** Draws from a list of observed values, each equally likely. */
export class Empirical {
  constructor(private readonly values: ArrayLike<number>) {}

  draw(stream: Stream): number {
    return this.values[stream.below(this.values.length)] ?? 0;
  }
}
