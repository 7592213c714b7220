/**
 * Arithmetic in double precision, rounded down or up: a bound is the rounded result where that is exact, and the next number beyond it
 * where it is not. An endpoint ±∞ stands for values without a bound, never for an infinite value; 0 times such a value is 0.
 *
 *     downward.sum(a, b) ≤ a + b ≤ upward.sum(a, b)
 */

/** The endpoints of sets of reals that have no least magnitude, or no greatest. */
export const largest = Number.MAX_VALUE
const smallest = Number.MIN_VALUE

/** The next number below, or the one after it. */
const below = (x: number): number => (x === Infinity ? largest : x - (Math.abs(x) * 2 ** -52 + smallest))
/** Further below than any rounding of Math's functions, which are within a few units in the last place. */
export const farBelow = (x: number): number => (x === Infinity ? largest : x - (Math.abs(x) * 2 ** -46 + smallest))
export const farAbove = (x: number): number => -farBelow(-x)

/** a + b rounded down; the error of the rounded sum is exact (Knuth's TwoSum). */
const sumDown = (a: number, b: number): number => {
  const s = a + b
  if (!Number.isFinite(s)) return Number.isNaN(s) || a === -Infinity || b === -Infinity ? -Infinity : below(s)
  const t = s - a
  return a - (s - t) + (b - t) < 0 ? below(s) : s
}

/** The error of the rounded product (Dekker, Veltkamp), or NaN where it cannot be told. */
const productError = (a: number, b: number, p: number): number => {
  const size = Math.abs(p)
  if (!(size > 2 ** -900 && size < 2 ** 900 && Math.abs(a) < 2 ** 900 && Math.abs(b) < 2 ** 900)) return Number.NaN
  const [c, d] = [134217729 * a, 134217729 * b]
  const [a1, b1] = [c - (c - a), d - (d - b)]
  const [a2, b2] = [a - a1, b - b1]
  return a2 * b2 - (p - a1 * b1 - a2 * b1 - a1 * b2)
}
/** Below a product or a quotient of a and b, which has their sign even where it underflows. */
const lowered = (x: number, a: number, b: number): number => (x === 0 && a > 0 === b > 0 ? 0 : below(x))
/** a · b rounded down. 0 times a value without a bound is 0. */
const productDown = (a: number, b: number): number => {
  if (a === 0 || b === 0) return 0
  const p = a * b
  if (Math.abs(a) === 1 || Math.abs(b) === 1 || p === -Infinity) return p
  return productError(a, b, p) >= 0 ? p : lowered(p, a, b)
}
/** a / b rounded down, b ≠ 0. Over a divisor without a bound it comes as near to 0 as one likes. */
const quotientDown = (a: number, b: number): number => {
  if (a === 0 || !Number.isFinite(b)) return 0
  const q = a / b
  if (!Number.isFinite(a) || q === -Infinity || Math.abs(b) === 1) return q
  return q * b === a && productError(q, b, a) === 0 ? q : lowered(q, a, b)
}

export const downward = { sum: sumDown, product: productDown, quotient: quotientDown } as const
export const upward = {
  sum: (a: number, b: number): number => -sumDown(-a, -b),
  product: (a: number, b: number): number => -productDown(-a, b),
  quotient: (a: number, b: number): number => -quotientDown(-a, b),
} as const
