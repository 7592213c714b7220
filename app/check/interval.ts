/**
 * Sets of real numbers [low, high], of which it may also be known that 0 is not among them: (0, 1] is [0, 1] without 0. An operation
 * contains every result of numbers of its arguments; where there may be none, it throws. Ends are multiples of 2⁻¹¹⁵² over BigInt, as every
 * double is one; what is none is rounded outwards:  [a, b] · c = [⌊a c⌋, ⌈b c⌉],  c ≥ 0.
 */
export interface RationalInterval {
  readonly low: bigint
  readonly high: bigint
  /** 0 is not in it. */
  readonly nonzero: boolean
}
/** The certificate does not hold, or is none. */
export class Rejected extends Error {
  override readonly name = 'Rejected'
}

export const ensure: (holds: boolean, otherwise: string) => asserts holds = (holds, otherwise) => {
  if (!holds) throw new Rejected(otherwise)
}
const digits = 1152n
export const one = 1n << digits
/** An end that stands for numbers as large as one likes, none of which is infinite. */
export const infinity = 1n << 16384n
const floor = (x: bigint): bigint => (x <= -infinity ? -infinity : x < infinity ? x : infinity - 1n)
/** What lies between, rounded outwards where numbers are too large. */
export const interval = (low: bigint, high: bigint, nonzero = false): RationalInterval => ({
  ...{ low: floor(low), high: -floor(-high) },
  nonzero: nonzero || low > 0n || high < 0n,
})
/** A double, exactly; or an end that is ±∞. */
export const exactly = (x: number): bigint => {
  if (!Number.isFinite(x)) return x > 0 ? infinity : -infinity
  const raw = new BigUint64Array(new Float64Array([Math.abs(x)]).buffer)[0]!
  const [exponent, fraction] = [raw >> 52n, raw & ((1n << 52n) - 1n)]
  const m = exponent === 0n ? fraction << 1n : fraction | (1n << 52n)
  return (x < 0 ? -m : m) << (exponent + digits - 1075n)
}
export const point = (x: bigint): RationalInterval => ({ low: x, high: x, nonzero: x !== 0n })
export const of = (x: number): RationalInterval => point(exactly(x))
export const [unit, nothing, everything] = [of(1), of(0), interval(-infinity, infinity)]
export const least = (...xs: readonly bigint[]): bigint => xs.reduce((x, y) => (y - x > 0n ? x : y))
export const greatest = (...xs: readonly bigint[]): bigint => -least(...xs.map((x) => -x))
export const isPoint = ({ low, high }: RationalInterval): boolean => low === high
export const within = (inner: RationalInterval, outer: RationalInterval): boolean => inner.low >= outer.low && inner.high <= outer.high
export const below = (x: RationalInterval, y: RationalInterval): boolean => x.high < y.low
export const above0 = ({ low, nonzero }: RationalInterval): boolean => low >= 0n && nonzero
export const hull = (x: RationalInterval, y: RationalInterval): RationalInterval =>
  interval(least(x.low, y.low), greatest(x.high, y.high), x.nonzero && y.nonzero)

export const negate = ({ low, high, nonzero }: RationalInterval): RationalInterval => ({ low: -high, high: -low, nonzero })
const sum = (a: bigint, b: bigint): bigint => [a, b].find((x) => x === infinity || x === -infinity) ?? a + b
export const add = (x: RationalInterval, y: RationalInterval): RationalInterval => {
  const alike = (x.low >= 0n && y.low >= 0n) || (x.high <= 0n && y.high <= 0n)
  return interval(sum(x.low, y.low), sum(x.high, y.high), alike && (x.nonzero || y.nonzero))
}
export const sub = (x: RationalInterval, y: RationalInterval): RationalInterval => add(x, negate(y))
const magnitude = (x: bigint): bigint => (x < 0n ? -x : x)
/** Of ends, rounded down. 0 · ∞ is 0. */
const times = (a: bigint, b: bigint): bigint => {
  const huge = magnitude(a) === infinity || magnitude(b) === infinity
  return a === 0n || b === 0n ? 0n : huge ? (a > 0n === b > 0n ? infinity : -infinity) : (a * b) >> digits
}
export const mul = (x: RationalInterval, y: RationalInterval): RationalInterval => {
  if (x.low >= 0n && y.low >= 0n) return interval(times(x.low, y.low), -times(-x.high, y.high), x.nonzero && y.nonzero)
  const ends = [x.low, x.high].flatMap((a) => [y.low, y.high].map((b) => [a, b] as const))
  const low = least(...ends.map(([a, b]) => times(a, b)))
  return interval(low, greatest(...ends.map(([a, b]) => -times(-a, b))), x.nonzero && y.nonzero)
}
export const square = (x: RationalInterval): RationalInterval => {
  const { low, high, nonzero } = mul(x, x)
  return interval(greatest(low, 0n), high, nonzero)
}
/** 1/x of an end, rounded down; exact where it is a multiple of the unit. */
const inverse = (x: bigint): bigint => (magnitude(x) === infinity ? 0n : (one * one) / x - (x < 0n && (one * one) % x !== 0n ? 1n : 0n))
/** 1/x. @throws Rejected where x may be 0 */
export const reciprocal = (x: RationalInterval): RationalInterval => {
  ensure(x.nonzero, 'a division by what may be 0')
  if (x.low < 0n && x.high > 0n) return { ...everything, nonzero: true }
  return interval(x.high === 0n ? -infinity : inverse(x.high), x.low === 0n ? infinity : -inverse(-x.low), true) // 1/x is 0 for no x
}
export const div = (x: RationalInterval, y: RationalInterval): RationalInterval => mul(x, reciprocal(y))
/** x < y, or x = y, of all of them (1), of none (0), or of some. */
export const less = (x: RationalInterval, y: RationalInterval): RationalInterval =>
  below(x, y) ? unit : x.low >= y.high ? nothing : interval(0n, one)
export const equal = (x: RationalInterval, y: RationalInterval): RationalInterval =>
  below(x, y) || below(y, x) ? nothing : isPoint(x) && isPoint(y) ? unit : interval(0n, one)
