/**
 * Value functions v: non-decreasing everywhere, concave on gains (0, ∞). Written in the scalar language, so that the text which a
 * backend runs is the text which `verify` proves. Anyone may add one, by `value`; nothing here is believed.
 */
import { either as E } from 'fp-ts'
import type { Scalar, Unary } from '../core/index.ts'
import {
  type DeclaredSettings,
  exponentSetting,
  nonNegativeSetting,
  nonPositiveSetting,
  type Parameter,
  positiveSetting,
  type ScalarText,
  settled,
} from './parameters.ts'
import { type Checked, checked, valid } from './validation.ts'
import { vocabulary } from './vocabulary.ts'
import { lesser, negate } from './words.ts'

/** A value function v with its name and its text. `value(name, body)` makes one. */
export interface ValueFunction {
  readonly name: string
  readonly body: Unary
  /** The body before its settings are given: what is proved of it is proved for all of them. */
  readonly text: ScalarText
  readonly parameters: DeclaredSettings
}

const values = vocabulary()
export const isValue = values.has

/** A value function with settings. */
export const makeValue = (name: string, text: ScalarText, parameters: DeclaredSettings = {}): ValueFunction =>
  values.adopt({ name, text, parameters, body: settled(text, parameters) })
/** A value function of one's own, from its text. `verify` proves or refutes that it is one: non-decreasing, and concave on gains. */
export const value = (name: string, body: Unary): Checked<ValueFunction> => valid(makeValue(name, (S) => (z) => body(S)(z)))

type ValueSettings<K extends string, X> = Readonly<Record<K, X>>
/** A family of value functions: its settings, checked; its name at them; its text. The casts say that what is given has these keys. */
const family =
  <K extends string>(name: (at: ValueSettings<K, number>) => string, text: <A>(S: Scalar<A>, given: ValueSettings<K, A>) => (z: A) => A) =>
  (settings: ValueSettings<K, Checked<Parameter>>): Checked<ValueFunction> => {
    const body: ScalarText = (S) => (z, given) => text(S, given as ValueSettings<K, typeof z>)(z)
    return E.map((given: DeclaredSettings) => {
      const numbers = Object.fromEntries(Object.entries(given).map(([key, { value: n }]) => [key, n]))
      return makeValue(name(numbers as ValueSettings<K, number>), body, given)
    })(checked(settings as Record<string, Checked<Parameter>>))
  }

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
export const hinge = (delta: number): Checked<ValueFunction> =>
  family<'δ'>(
    ({ δ }) => `min(0, z − ${δ})`,
    (S, { δ }) =>
      (z) =>
        lesser(S, S.of(0), S.sub(z, δ)),
  )({ δ: nonNegativeSetting('value.delta', 'δ', delta) })
/** min(z, 1): gains are clipped. */
export const clipped = value('min(z, 1)', (S) => (z) => lesser(S, z, S.of(1)))
/** max(least, min(z, 1)): losses are clipped, too (dual clip). The kink at `least` is convex, so it must be a loss: least ≤ 0. */
export const clippedBelow = (least: number): Checked<ValueFunction> =>
  family<'least'>(
    (at) => `max(${at.least}, min(z, 1))`,
    (S, at) => (z) => S.max(at.least, lesser(S, z, S.of(1))),
  )({ least: nonPositiveSetting('value.least', 'least', least) })
/** log σ(z) + κz: never saturates on gains. */
export const robust = (kappa: number): Checked<ValueFunction> =>
  family<'κ'>(
    ({ κ }) => `log σ(z) + ${κ}z`,
    (S, { κ }) =>
      (z) =>
        S.add(logSigmoid(S)(z), S.mul(κ, z)),
  )({ κ: nonNegativeSetting('value.kappa', 'κ', kappa) })
/** −(min(z, z*) − z*)²: the square that stops at its summit. */
export const truncatedSquare = (summit: number): Checked<ValueFunction> =>
  family<'z*'>(
    (at) => `−(min(z, ${at['z*']}) − ${at['z*']})²`,
    (S, at) => (z) => {
      const short = S.max(S.of(0), S.sub(at['z*'], z))
      return negate(S, S.mul(short, short))
    },
  )({ 'z*': positiveSetting('value.summit', 'z*', summit) })
/**
 * z^α on gains, −λ(−z)^α on losses (Tversky & Kahneman 1992: α = 0.88, λ = 2.25). Its slope at 0 is infinite, so a gradient does not
 * exist there; each power is therefore moved by a little ε, (z + ε)^α − ε^α, whose slope at 0 is the finite α ε^(α−1).
 */
export const prospect = ({ alpha = 0.88, lambda = 2.25, epsilon = 1e-6 } = {}): Checked<ValueFunction> =>
  family<'α' | 'λ' | 'ε'>(
    ({ α, λ, ε }) => `z^${α}, −${λ}(−z)^${α}, moved by ${ε} where its slope would be infinite`,
    (S, { α, λ, ε }) => {
      const power = (x: typeof α) => S.exp(S.mul(α, S.log(x)))
      const side = (x: typeof α) => S.sub(power(S.add(S.max(x, S.of(0)), ε)), power(ε))
      return (z) => S.sub(side(z), S.mul(λ, side(negate(S, z))))
    },
  )({
    α: exponentSetting('value.alpha', 'α', alpha),
    λ: positiveSetting('value.lambda', 'λ', lambda),
    ε: positiveSetting('value.epsilon', 'ε', epsilon),
  })
