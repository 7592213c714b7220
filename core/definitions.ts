/**
 * Derived primitives, defined by elementary ones. Differentiation knows them whole (their rules are shorter and keep the tails);
 * afterwards a compiler replaces them, so a backend implements thirteen primitives, and forward and backward share their parts.
 */
import type { Primitive, Scalar } from './scalar.ts'

export type Derived = 'tanh' | 'expm1' | 'log1p' | 'sigmoid' | 'softplus' | 'erf'
export type Elementary = Exclude<Primitive, Derived>

const magnitude = <A>(S: Scalar<A>, x: A): A => S.max(x, S.mul(S.of(-1), x))
/** e^(−|x|), which never overflows. */
const decay = <A>(S: Scalar<A>, x: A): A => S.exp(S.mul(S.of(-1), magnitude(S, x)))

export const definitions: { readonly [W in Derived]: <A>(S: Scalar<A>) => (x: A) => A } = {
  sigmoid: (S) => (x) => S.div(S.where(S.less(x, S.of(0)), decay(S, x), S.of(1)), S.add(S.of(1), decay(S, x))),
  softplus: (S) => (x) => S.add(S.max(x, S.of(0)), definitions.log1p(S)(decay(S, x))),
  /** u = 1 + x rounds; log u · x / (u − 1) cancels the rounding (Kahan), of which nothing is left when x is large. */
  log1p: (S) => (x) => {
    const [u, rounds] = [S.add(S.of(1), x), S.less(x, S.of(2 ** 24))]
    const exact = S.equal(u, S.of(1))
    return S.where(exact, x, S.mul(S.log(u), S.where(rounds, S.div(x, S.where(exact, S.of(1), S.sub(u, S.of(1)))), S.of(1))))
  },
  expm1: (S) => (x) => {
    const u = S.exp(x)
    const near = S.less(magnitude(S, x), S.of(0.5))
    const exact = S.equal(u, S.of(1))
    const kahan = S.div(S.mul(S.sub(u, S.of(1)), x), S.where(exact, S.of(1), S.log(S.where(near, u, S.of(2)))))
    return S.where(near, S.where(exact, x, kahan), S.sub(u, S.of(1)))
  },
  /** tanh|x| = −e/(e + 2) with e = expm1(−2|x|). */
  tanh: (S) => (x) => {
    const e = definitions.expm1(S)(S.mul(S.of(-2), magnitude(S, x)))
    const y = S.div(S.mul(S.of(-1), e), S.add(e, S.of(2)))
    return S.where(S.less(x, S.of(0)), S.mul(S.of(-1), y), y)
  },
  /** Abramowitz & Stegun 7.1.26: |error| < 1.5e−7, and 6e−7 in float32. */
  erf: (S) => (x) => {
    const t = S.div(S.of(1), S.add(S.of(1), S.mul(S.of(0.3275911), magnitude(S, x))))
    const coefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592]
    const polynomial = coefficients.reduce((p, c) => S.mul(S.add(p, S.of(c)), t), S.of(0))
    const y = S.sub(S.of(1), S.mul(polynomial, S.exp(S.mul(S.of(-1), S.mul(x, x)))))
    return S.where(S.less(x, S.of(0)), S.mul(S.of(-1), y), y)
  },
}
export const isDerived = (primitive: Primitive): primitive is Derived => Object.hasOwn(definitions, primitive)
