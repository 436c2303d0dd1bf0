/** Named streams of random numbers: every node owns its own, so an unrelated change elsewhere leaves its draws as they were. */
import { exp, log } from './math.ts';
import { Pages } from './pages.ts';

/** 32-bit mixing of a string into four words (MurmurHash3-style), for seeding. */
function seedWords(text: string): [number, number, number, number] {
  let a = 1779033703;
  let b = 3144134277;
  let c = 1013904242;
  let d = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ k, 597399067);
    b = c ^ Math.imul(b ^ k, 2869860233);
    c = d ^ Math.imul(c ^ k, 951274213);
    d = a ^ Math.imul(d ^ k, 2716044179);
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  return [(a ^ b ^ c ^ d) | 0, (b ^ a) | 0, (c ^ a) | 0, (d ^ a) | 1];
}

const LAYERS = 256;
const EXP_R = 7.69711747013104972;
const EXP_V = 3.949659822581572e-3;
const NORMAL_R = 3.6541528853610088;
const NORMAL_V = 4.92867323399e-3;

/** Layer edges `x` and densities `f` of a ziggurat with 256 layers (Marsaglia and Tsang 2000). */
function ziggurat(r: number, v: number, density: (x: number) => number, inverse: (y: number) => number): [Float64Array, Float64Array] {
  const x = new Float64Array(LAYERS + 1);
  x[0] = v / density(r);
  x[1] = r;
  for (let i = 2; i < LAYERS; i++) x[i] = inverse(v / x[i - 1]! + density(x[i - 1]!));
  return [x, x.map(density)];
}

const [EX, EF] = ziggurat(EXP_R, EXP_V, (x) => exp(-x), (y) => -log(y));
const [NX, NF] = ziggurat(NORMAL_R, NORMAL_V, (x) => exp(-0.5 * x * x), (y) => Math.sqrt(-2 * log(y)));

/** Draws made ahead at a time. */
const AHEAD = 32;
const none = new Float64Array(0);
const pages = new Pages(AHEAD, (length) => new Float64Array(length));

const HIGH = 4;
const LOW = 5;

/**
 * One stream: xoshiro128++ 1.0 (Blackman and Vigna, public domain), two steps for 64 bits. Same name, same numbers, on every machine.
 */
export class Stream {
  /** Four words of state and, at 4 and 5, the last 64 bits drawn (kept in a typed array: no boxed integers on the hot path). */
  private readonly s = new Int32Array(6);

  /** Exponentials and normals drawn ahead, the next of each to be given out, and where they end. */
  private exponentials = none;
  private exponentialAt = 0;
  private exponentialEnd = 0;
  private normals = none;
  private normalAt = 0;
  private normalEnd = 0;

  constructor(seed: number, owner: string, purpose: string) {
    this.s.set(seedWords(`${seed} ${owner} ${purpose}`));
    for (let i = 0; i < 8; i++) this.step();
  }

  /**
   * Goes to the place with that number: what is drawn from there on depends on these two whole numbers alone, and on nothing drawn before.
   * The words of state are the place, counted on, each mixed through (finaliser of MurmurHash3, Appleby, public domain).
   */
  seek(origin: number, place: number): void {
    const { s } = this;
    for (let k = 0; k < 4; k++) {
      let h = (origin ^ Math.imul(place, 0x9e3779b1)) + Math.imul(k + 1, 0x7f4a7c15);
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      s[k] = h ^ (h >>> 16);
    }
    s[3]! |= 1;
    this.exponentialAt = this.exponentialEnd;
    this.normalAt = this.normalEnd;
    this.step();
    this.step();
  }

  /** Draws 64 fresh bits into `s[4]` and `s[5]`. */
  private step(): void {
    const s = this.s;
    let s0 = s[0]!;
    let s1 = s[1]!;
    let s2 = s[2]!;
    let s3 = s[3]!;
    let sum = (s0 + s3) | 0;
    s[HIGH] = ((sum << 7) | (sum >>> 25)) + s0;
    let t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = (s3 << 11) | (s3 >>> 21);
    sum = (s0 + s3) | 0;
    s[LOW] = ((sum << 7) | (sum >>> 25)) + s0;
    t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = (s3 << 11) | (s3 >>> 21);
  }

  /** The 53 bits of the last draw as a number in [0, 1); ten other bits of it stay free for choosing a layer and a sign. */
  private fraction(): number {
    return ((this.s[HIGH]! >>> 5) * 67108864 + (this.s[LOW]! >>> 6)) * 1.1102230246251565e-16;
  }

  /** Uniform on [0, 1). */
  uniform(): number {
    this.step();
    return this.fraction();
  }

  /** Uniform on (0, 1]: safe to take the logarithm of. */
  private positive(): number {
    return 1 - this.uniform();
  }

  /** A whole number 0 … n − 1, each equally likely (bias below n / 2^53). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /**
   * Exponential with mean 1. Short, so that it is inlined; one draw in a hundred goes the long way. The plus tells the compiler that
   * what comes back is a number: without it every draw is boxed (16 bytes, measured).
   */
  exponential(): number {
    this.step();
    const layer = (this.s[LOW]! & 63) | ((this.s[HIGH]! & 3) << 6);
    const x = this.fraction() * EX[layer]!;
    return x < EX[layer + 1]! ? x : +this.rareExponential();
  }

  /**
   * The same numbers as `exponential` gives, drawn 32 at a time: what is left to do at each call is small enough to be inlined
   * everywhere, together with what stands around it (worth 15 ns an event). For streams that give nothing but exponentials.
   */
  nextExponential(): number {
    if (this.exponentialAt === this.exponentialEnd) this.drawExponentials();
    return this.exponentials[this.exponentialAt++]!;
  }

  /** The same numbers as `normal` gives, drawn 32 at a time; for streams that give nothing but normals. */
  nextNormal(): number {
    if (this.normalAt === this.normalEnd) this.drawNormals();
    return this.normals[this.normalAt++]!;
  }

  private drawExponentials(): void {
    if (this.exponentialEnd === 0) {
      const { page, from } = pages.take();
      this.exponentials = page;
      this.exponentialEnd = from + AHEAD;
    }
    const { exponentials, exponentialEnd } = this;
    this.exponentialAt = exponentialEnd - AHEAD;
    for (let i = this.fill(exponentials, this.exponentialAt, exponentialEnd, EX, 0); i < exponentialEnd; i = this.fill(exponentials, i + 1, exponentialEnd, EX, 0)) exponentials[i] = this.rareExponential();
  }

  private drawNormals(): void {
    if (this.normalEnd === 0) {
      const { page, from } = pages.take();
      this.normals = page;
      this.normalEnd = from + AHEAD;
    }
    const { normals, normalEnd } = this;
    this.normalAt = normalEnd - AHEAD;
    for (let i = this.fill(normals, this.normalAt, normalEnd, NX, 2); i < normalEnd; i = this.fill(normals, i + 1, normalEnd, NX, 2)) normals[i] = this.rareNormal();
  }

  /**
   * Draws from the ziggurat with these edges into `out` from place `i` to before `end`, with a sign if `signed` is 2 and without if it is 0. Returns
   * the place of the first draw that has to go the long way, its bits in `s`; `end` if none has. `step` is written out here once more:
   * with the state in registers a draw takes 5.4 ns instead of 7.1 (1–2 % of an event).
   */
  private fill(out: Float64Array, i: number, end: number, edges: Float64Array, signed: number): number {
    const { s } = this;
    let s0 = s[0]!;
    let s1 = s[1]!;
    let s2 = s[2]!;
    let s3 = s[3]!;
    for (; i < end; i++) {
      let sum = (s0 + s3) | 0;
      const high = (((sum << 7) | (sum >>> 25)) + s0) | 0;
      let t = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= t;
      s3 = (s3 << 11) | (s3 >>> 21);
      sum = (s0 + s3) | 0;
      const low = (((sum << 7) | (sum >>> 25)) + s0) | 0;
      t = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= t;
      s3 = (s3 << 11) | (s3 >>> 21);
      const layer = (low & 63) | ((high & 3) << 6);
      const x = ((high >>> 5) * 67108864 + (low >>> 6)) * 1.1102230246251565e-16 * edges[layer]!;
      out[i] = x * (1 - ((high >> 1) & signed));
      if (x >= edges[layer + 1]!) {
        s[HIGH] = high;
        s[LOW] = low;
        break;
      }
    }
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = s3;
    return i;
  }

  /** The rest of the ziggurat, for the bits last drawn. */
  private rareExponential(): number {
    for (;;) {
      const layer = (this.s[LOW]! & 63) | ((this.s[HIGH]! & 3) << 6);
      const x = this.fraction() * EX[layer]!;
      if (x < EX[layer + 1]!) return x;
      if (layer === 0) return EXP_R - log(this.positive());
      if (EF[layer]! + this.uniform() * (EF[layer + 1]! - EF[layer]!) < exp(-x)) return x;
      this.step();
    }
  }

  /** Normal with mean 0 and standard deviation 1. */
  normal(): number {
    this.step();
    const layer = (this.s[LOW]! & 63) | ((this.s[HIGH]! & 3) << 6);
    const x = this.fraction() * NX[layer]!;
    return x < NX[layer + 1]! ? (this.s[HIGH]! & 4 ? -x : x) : +this.rareNormal();
  }

  private rareNormal(): number {
    for (;;) {
      const layer = (this.s[LOW]! & 63) | ((this.s[HIGH]! & 3) << 6);
      const sign = this.s[HIGH]! & 4 ? -1 : 1;
      const x = this.fraction() * NX[layer]!;
      if (x < NX[layer + 1]!) return sign * x;
      if (layer === 0) return sign * this.normalTail();
      if (NF[layer]! + this.uniform() * (NF[layer + 1]! - NF[layer]!) < exp(-0.5 * x * x)) return sign * x;
      this.step();
    }
  }

  /** The tail beyond the last layer (Marsaglia 1964). */
  private normalTail(): number {
    for (;;) {
      const a = -log(this.positive()) / NORMAL_R;
      const b = -log(this.positive());
      if (b + b >= a * a) return NORMAL_R + a;
    }
  }
}
