/**
 * Continuous piecewise functions, written so that their continuity is seen: each piece is read on its own segment only, and contributes
 * what it gains there.
 *
 *     f(z) = f₀(min(z, c₁)) + Σᵢ ( fᵢ(min(max(z, cᵢ), cᵢ₊₁)) − fᵢ(cᵢ) )
 *
 * A `where` computes every branch everywhere, and the prover must find out whether its branches meet; of this it knows that they do.
 */
import { numbers, type Scalar, type Unary } from '../core/index.ts'
import { DeclarationError, type ValidationError } from './validation.ts'
import { lesser } from './words.ts'

/** A piece: where it ends, and what the function is up to there. */
export type Piece = readonly [upTo: number, body: Unary]

/** How far apart, relatively, rounding alone may set two pieces where they meet. */
const rounding = 1e-9

/**
 * The continuous function that is the first piece up to its end, the next one from there to its own end, and `last` beyond. Where two
 * pieces meet, the derivative is the mean of both slopes, as of `max`. A piece is never evaluated outside its segment, so that `log` or
 * `sqrt` may be used where they are defined.
 *
 * @param pieces the pieces in order: `[end, body]`, ends ascending
 * @param last what the function is beyond the last end
 * @throws DeclarationError where ends are not finite and ascending, or two pieces do not meet: a HALO's v has no jumps
 *
 * @example
 * ```ts
 * import { piecewise, value } from 'halograd/halos'
 *
 * // 2z on losses, log(1 + z) on gains
 * const averse = value('averse', piecewise([[0, (S) => (z) => S.mul(S.of(2), z)]], (S) => S.log1p))
 * ```
 */
export const piecewise = (pieces: readonly Piece[], last: Unary): Unary => {
  const ends = pieces.map(([end]) => end)
  const bodies: readonly Unary[] = [...pieces.map(([, body]) => body), last]
  const [flaw, ...flaws] = [...unordered(ends), ...(unordered(ends).length > 0 ? [] : apart(ends, bodies))]
  if (flaw !== undefined) throw new DeclarationError([flaw, ...flaws])
  return (S) => (z) => bodies.map((body, i) => part(S, body, z, ends[i - 1], ends[i])).reduce((total, gain) => S.add(total, gain))
}

/** What a piece contributes: its value at z within its segment, less that at the beginning. */
const part = <A>(S: Scalar<A>, body: Unary, z: A, from: number | undefined, to: number | undefined): A => {
  const above = from === undefined ? z : S.max(z, S.of(from))
  const here = body(S)(to === undefined ? above : lesser(S, above, S.of(to)))
  return from === undefined ? here : S.sub(here, body(S)(S.of(from)))
}

const unordered = (ends: readonly number[]): readonly ValidationError[] =>
  ends.flatMap((end, i) => {
    const before = ends[i - 1] ?? -Infinity
    return Number.isFinite(end) && end > before
      ? []
      : [{ field: `piecewise.pieces[${i}]`, expected: i === 0 ? 'a finite end' : `a finite end above ${before}`, got: end }]
  })

const apart = (ends: readonly number[], bodies: readonly Unary[]): readonly ValidationError[] =>
  ends.flatMap((end, i) => {
    const [left, right] = [bodies[i]!(numbers)(end), bodies[i + 1]!(numbers)(end)]
    const meet = Number.isFinite(left - right) && Math.abs(left - right) <= rounding * Math.max(1, Math.abs(left), Math.abs(right))
    const field = i + 1 < ends.length ? `piecewise.pieces[${i + 1}]` : 'piecewise.last'
    return meet ? [] : [{ field, expected: `${left} at z = ${end}, where the piece before it ends`, got: right }]
  })
