/**
 * Elementary functions that give the same bits everywhere. JavaScript leaves the last bits of `Math.exp`, `log`, `pow` and `sin`
 * to each engine; these use only exact IEEE operations, so a run repeats on any machine.
 */

const word = new Float64Array(1);
const half = new Int32Array(word.buffer);
half[0] = 1;
/** Which half of a double holds sign and exponent on this machine. */
const HI = word[0] === 4.94e-324 ? 1 : 0;
const LO = 1 - HI;

/** Where `exp` hands its number over. */
const cell = new Float64Array(1);

const LN2_HI = 6.93147180369123816490e-1;
const LN2_LO = 1.90821492927058770002e-10;
const INV_LN2 = 1.44269504088896338700;

/**
 * Natural logarithm, error below 1 ulp; −∞ at 0, NaN below.
 * Method and coefficients: FreeBSD msun e_log.c (Sun Microsystems, freely distributable).
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984;
    k = -54;
  }
  word[0] = x;
  let hx = half[HI]!;
  k += (hx >> 20) - 1023;
  hx &= 0x000fffff;
  const i = (hx + 0x95f64) & 0x100000;
  half[HI] = hx | (i ^ 0x3ff00000);
  k += i >> 20;
  const f = word[0]! - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
  const t2 = z * (0.6666666666666735130 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
  const hfsq = 0.5 * f * f;
  return k * LN2_HI - (hfsq - (s * (hfsq + t1 + t2) + k * LN2_LO) - f);
}

/**
 * e to the power x, error below 1 ulp; 0 below about −745, ∞ above about 709.78.
 * Method and coefficients: FreeBSD msun e_exp.c (Sun Microsystems, freely distributable).
 */
export function exp(x: number): number {
  cell[0] = x;
  exponentiate(cell);
  return cell[0];
}

/** The same for the number in the first place of `x`, which it replaces: a double handed over or back costs an allocation where this is not inlined. */
export function exponentiate(x: Float64Array): void {
  const given = x[0]!;
  if (given > 709.782712893383973096) x[0] = Infinity;
  else if (given < -745.13321910194110842) x[0] = 0;
  else if (given === given) {
    const k = Math.floor(INV_LN2 * given + 0.5);
    const hi = given - k * LN2_HI;
    const lo = k * LN2_LO;
    const r = hi - lo;
    const t = r * r;
    const c = r - t * (1.66666666666666019037e-1 + t * (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8))));
    const y = 1 - (lo - (r * c) / (2 - c) - hi);
    if (k > 1023) x[0] = y * twoTo(k - 1) * 2;
    else if (k < -1021) x[0] = y * twoTo(k + 1000) * 9.33263618503218878990e-302;
    else x[0] = y * twoTo(k);
  }
}

/** 2 to the whole powers −1022 … 1023, from a table: put together from its bits it would have to wait for memory (4 of the 14 ns of `exp`). */
const POWERS = Float64Array.from({ length: 2046 }, (_, i) => {
  half[HI] = (i + 1) << 20;
  half[LO] = 0;
  return word[0]!;
});

/** 2 to the whole power k, −1022 ≤ k ≤ 1023. */
function twoTo(k: number): number {
  return POWERS[k + 1022]!;
}

/** x to the power y for x ≥ 0, through exp and log (relative error about |y·log x| ulp); whole powers up to 64 by multiplying. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isInteger(y) && y > 0 && y <= 64) {
    let result = 1;
    for (let n = y, base = x; n > 0; n >>= 1, base *= base) if (n & 1) result *= base;
    return result;
  }
  return x === 0 ? (y > 0 ? 0 : Infinity) : exp(y * log(x));
}

/** Sine of a number of full turns, |error| < 1e-13; exact at quarter turns. Taylor series after folding to an eighth of a turn. */
export function sineOfTurns(turns: number): number {
  const u = turns - Math.floor(turns);
  const folded = u < 0.25 ? u : u < 0.75 ? 0.5 - u : u - 1;
  const x = folded * 6.283185307179586;
  const z = x * x;
  let term = x;
  let sum = x;
  for (let n = 1; n <= 10; n++) {
    term *= -z / (2 * n * (2 * n + 1));
    sum += term;
  }
  return sum;
}

/**
 * log Γ(x) for x > 0 by Lanczos' approximation, relative error below 1e-13.
 * Source: Lanczos (1964), coefficients g = 7, n = 9 after Godfrey.
 */
export function logGamma(x: number): number {
  if (x < 0.5) return log(Math.PI / (sineOfTurns(x / 2) || 1e-300)) - logGamma(1 - x);
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  let sum = 0.99999999999980993;
  coefficients.forEach((c, i) => (sum += c / (x + i)));
  const t = x + 6.5;
  return 0.91893853320467274178 + (x - 0.5) * log(t) - t + log(sum);
}
