/**
 * Value functions v: non-decreasing everywhere, concave on gains (0, ∞). Written in the scalar language, so that the text which a
 * backend runs is the text which `verify` proves. Anyone may add one; nothing here is believed.
 */
import { either as E } from 'fp-ts'
import type { Scalar, Unary } from '../core/index.ts'
import { type Checked, checked, nonNegative, number, positive, valid } from './validation.ts'
import { lesser, negate } from './words.ts'

export interface Value {
  readonly name: string
  readonly body: Unary
}
export const value = (name: string, body: Unary): Checked<Value> => valid({ name, body })

/** log σ(z). */
const logSigmoid: Unary = (S) => (z) => negate(S, S.softplus(negate(S, z)))

/** σ(z): S-shaped, saturating on both sides, symmetric: losses and gains weigh alike. */
export const logistic = value('σ(z)', (S) => S.sigmoid)
/** log σ(z): saturates on gains only. */
export const logLogistic = value('log σ(z)', logSigmoid)
/** z: no aversion, no saturation; a policy gradient. */
export const linear = value('z', () => (z) => z)
/** −e^(−z): losses weigh exponentially. */
export const exponential = value('−e^(−z)', (S) => (z) => negate(S, S.exp(negate(S, z))))
/** min(0, z − δ): nothing to gain beyond a margin of δ. */
export const hinge = (delta: number): Checked<Value> =>
  E.map((d: number) => ({
    name: `min(0, z − ${d})`,
    body:
      <A>(S: Scalar<A>) =>
      (z: A) =>
        lesser(S, S.of(0), S.sub(z, S.of(d))),
  }))(nonNegative('value.delta', delta))
/** min(z, 1): gains are clipped. */
export const clipped = value('min(z, 1)', (S) => (z) => lesser(S, z, S.of(1)))
/** max(least, min(z, 1)): losses are clipped, too (dual clip). The kink at `least` is convex, so it must be a loss: least ≤ 0. */
export const clippedBelow = (least: number): Checked<Value> =>
  E.map((low: number) => ({
    name: `max(${low}, min(z, 1))`,
    body:
      <A>(S: Scalar<A>) =>
      (z: A) =>
        S.max(S.of(low), lesser(S, z, S.of(1))),
  }))(number('value.least', 'a number that is not positive', least, (x) => x <= 0))
/** log σ(z) + κz: never saturates on gains. */
export const robust = (kappa: number): Checked<Value> =>
  E.map((k: number) => ({
    name: `log σ(z) + ${k}z`,
    body:
      <A>(S: Scalar<A>) =>
      (z: A) =>
        S.add(logSigmoid(S)(z), S.mul(S.of(k), z)),
  }))(nonNegative('value.kappa', kappa))
/** −(min(z, z*) − z*)²: the square that stops at its summit. */
export const truncatedSquare = (summit: number): Checked<Value> =>
  E.map((top: number) => ({
    name: `−(min(z, ${top}) − ${top})²`,
    body:
      <A>(S: Scalar<A>) =>
      (z: A) => {
        const short = S.max(S.of(0), S.sub(S.of(top), z))
        return negate(S, S.mul(short, short))
      },
  }))(positive('value.summit', summit))
/**
 * z^α on gains, −λ(−z)^α on losses (Tversky & Kahneman 1992: α = 0.88, λ = 2.25). Its slope at 0 is infinite, so a gradient does not
 * exist there; each power is therefore moved by a little ε, (z + ε)^α − ε^α, whose slope at 0 is the finite α ε^(α−1).
 */
export const prospect = ({ alpha = 0.88, lambda = 2.25, epsilon = 1e-6 } = {}): Checked<Value> =>
  E.map((p: { readonly alpha: number; readonly lambda: number; readonly epsilon: number }) => ({
    name: `z^${p.alpha}, −${p.lambda}(−z)^${p.alpha}, moved by ${p.epsilon} where its slope would be infinite`,
    body: <A>(S: Scalar<A>) => {
      const power = (x: A): A => S.exp(S.mul(S.of(p.alpha), S.log(S.add(x, S.of(p.epsilon)))))
      const side = (x: A): A => S.sub(power(S.max(x, S.of(0))), S.of(p.epsilon ** p.alpha))
      return (z: A): A => S.sub(side(z), S.mul(S.of(p.lambda), side(negate(S, z))))
    },
  }))(
    checked({
      alpha: number('value.alpha', 'an exponent in (0, 1]', alpha, (x) => x > 0 && x <= 1),
      lambda: positive('value.lambda', lambda),
      epsilon: positive('value.epsilon', epsilon),
    }),
  )
