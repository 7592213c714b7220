/**
 * Bounds of the elementary functions, each by a power series with a bound of its remainder, after the argument was made small:
 *
 *     eˣ = (e^(x/2ⁿ))^(2ⁿ),   log(2ᵏ f) = k log 2 + 2 artanh((f − 1)/(f + 1)),   artanh s = s + s³/3 + s⁵/5 + …
 */
import * as I from './interval.ts'

const { add, div, interval, mul, negate, of, one, point, reciprocal, square, sub, unit } = I
type RationalEnclosure = I.RationalInterval
const two = of(2)
const inverses = Array.from({ length: 128 }, (_, i) => reciprocal(of(Math.max(i, 1))))

/** A rising function, from its bounds at points, and what it tends to on both sides. */
const rising =
  (f: (x: bigint) => RationalEnclosure, bottom: bigint, top: bigint) =>
  ({ low, high, nonzero }: RationalEnclosure): RationalEnclosure => {
    const [from, to] = [low === -I.infinity ? bottom : f(low).low, high === I.infinity ? top : f(high).high]
    return interval(I.greatest(from, bottom), I.least(to, top), bottom === 0n || (nonzero && bottom === -top))
  }
const shifted = (x: bigint, n: bigint): RationalEnclosure => interval(x >> n, -(-x >> n)) // x/2ⁿ
const length = (x: bigint): bigint => BigInt(x.toString(2).length)
/** eᵗ − 1 for |t| ≤ 2⁻⁸: t (1 + t/2 (1 + t/3 (…))), the last bracket in 1 ± 2⁻⁸. */
const series = (t: RationalEnclosure): RationalEnclosure => {
  let bracket = interval(one - (one >> 8n), one + (one >> 8n))
  for (let k = 18; k >= 2; k--) bracket = add(unit, mul(mul(t, inverses[k]!), bracket))
  return mul(t, bracket)
}
const expAt = (x: bigint): RationalEnclosure => {
  if (x > one << 12n) return interval(one << 4096n, I.infinity)
  if (x < -(one << 12n)) return interval(0n, one >> 1000n, true)
  let power = add(unit, series(shifted(x, 20n)))
  for (let i = 0; i < 20; i++) power = square(power)
  return power
}
export const exp = rising(expAt, 0n, I.infinity)
const small = (x: bigint): boolean => x <= one >> 8n && -x <= one >> 8n
const expm1At = (x: bigint): RationalEnclosure => (small(x) ? series(point(x)) : sub(expAt(x), unit))
export const expm1 = (x: RationalEnclosure): RationalEnclosure => ({ ...rising(expm1At, -one, I.infinity)(x), nonzero: x.nonzero })
/** For |s| ≤ 1/5: s (1 + s²/3 + s⁴/5 + …), what is left out being at most its first power. */
const artanh = (s: RationalEnclosure): RationalEnclosure => {
  const again = square(s)
  let rest = interval(0n, one)
  for (let j = 47; j >= 0; j--) rest = add(inverses[2 * j + 1]!, mul(again, rest))
  return mul(s, rest)
}
const log2 = mul(two, artanh(inverses[3]!))
const logAt = (x: bigint): RationalEnclosure => {
  if (x <= 0n) return I.everything
  const d = length(x) - length(one) // x is in [2ᵈ, 2ᵈ⁺¹)
  const k = 2n * x <= (3n * one) << d ? d : d + 1n
  const f = k > 0n ? shifted(x, k) : point(x << -k) // in [¾, 3/2]
  return add(mul(point(k * one), log2), mul(two, artanh(div(sub(f, unit), add(f, unit)))))
}
/** @throws Rejected where x may be 0 or less */
export const log = (x: RationalEnclosure): RationalEnclosure => {
  I.ensure(I.above0(x), 'a logarithm of what may not be positive')
  return rising(logAt, -I.infinity, I.infinity)({ ...x, nonzero: false })
}
/** log(1 + eˣ) = x + log(1 + e⁻ˣ). */
const softplusAt = (x: bigint): RationalEnclosure => (x > 0n ? add(point(x), softplusAt(-x)) : log(add(unit, expAt(x))))
export const softplus = rising(softplusAt, 0n, I.infinity)
export const sigmoid = rising((x) => reciprocal(add(unit, expAt(-x))), 0n, one)
/** (e²ˣ − 1)/(e²ˣ + 1), of which the other half mirrors what is left of 0. */
const tanhAt = (x: bigint): RationalEnclosure => (x > 0n ? negate(tanhAt(-x)) : div(expm1At(2n * x), add(expm1At(2n * x), two)))
export const tanh = rising(tanhAt, -one, one)
/** xᶜ = e^(c log x), and 0ᶜ = 0 for c > 0. @throws Rejected where it may not be defined */
export const power = (x: RationalEnclosure, c: RationalEnclosure): RationalEnclosure => {
  if (I.isPoint(c) && c.low === 0n) return unit
  const positive = I.isPoint(x) && x.low === 0n ? I.nothing : exp(mul(c, log({ ...x, nonzero: true })))
  if (x.nonzero) return positive
  I.ensure(c.low > 0n, 'a negative power of what may be 0')
  return { ...positive, low: 0n, nonzero: false }
}
