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
/**
 * A value function of your own: its name and its text in the scalar language. Nothing is checked here; `verify` proves or refutes that it
 * is non-decreasing everywhere and concave on gains (0, ∞). Write corners with `piecewise`, `max` or `min` rather than `where`, so that
 * continuity is known.
 * @example
 * ```ts
 * import { always, anchor, getOrThrow, halo, logRatio, negation, value, verify } from 'halograd/halos'
 * const v = value('√(1 + z) on gains, z/2 on losses', (S) => (z) => {
 *   const gain = S.sqrt(S.add(S.of(1), S.max(z, S.of(0))))
 *   return S.add(gain, S.mul(S.of(-0.5), S.max(S.mul(S.of(-1), z), S.of(0))))
 * })
 * const loss = halo({ name: 'root', reward: logRatio(0.1), reference: anchor, value: v, t: always(negation) })
 * console.log(verify(getOrThrow(loss)).verdict) // HALO
 * ```
 */
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

/**
 * v(z) = σ(z) = 1/(1 + e^(−z)): S-shaped, saturating on losses and gains alike (KTO, arXiv:2402.01306, eq. 7).
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logistic } from 'halograd/halos'
 * const v = getOrThrow(logistic).body(numbers)
 * console.log(v(0)) // 0.5
 * ```
 */
export const logistic = value('σ(z)', (S) => S.sigmoid)
/**
 * v(z) = log σ(z): saturates on gains only; on losses its slope tends to 1 (DPO, arXiv:2305.18290, eq. 7).
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, logLogistic } from 'halograd/halos'
 * const v = getOrThrow(logLogistic).body(numbers)
 * console.log(v(0).toFixed(4)) // -0.6931
 * ```
 */
export const logLogistic = value('log σ(z)', logSigmoid)
/**
 * v(z) = z: neither aversion to losses nor saturation, as in a policy gradient.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, linear } from 'halograd/halos'
 * const v = getOrThrow(linear).body(numbers)
 * console.log(v(-3)) // -3
 * ```
 */
export const linear = value('z', () => (z) => z)
/**
 * v(z) = −e^(−z): losses weigh exponentially (GPO, arXiv:2402.05749, Table 1).
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { exponential, getOrThrow } from 'halograd/halos'
 * const v = getOrThrow(exponential).body(numbers)
 * console.log(v(0)) // -1
 * ```
 */
export const exponential = value('−e^(−z)', (S) => (z) => negate(S, S.exp(negate(S, z))))
/**
 * v(z) = min(0, z − δ): nothing is gained beyond a margin δ (SLiC, arXiv:2305.10425).
 * @param delta the margin, at least 0
 * @returns the function, or the error of δ
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, hinge } from 'halograd/halos'
 * const v = getOrThrow(hinge(1)).body(numbers)
 * console.log(v(0), v(1), v(5)) // -1 0 0
 * ```
 */
export const hinge = (delta: number): Checked<ValueFunction> =>
  family<'δ'>(
    ({ δ }) => `min(0, z − ${δ})`,
    (S, { δ }) =>
      (z) =>
        lesser(S, S.of(0), S.sub(z, δ)),
  )({ δ: nonNegativeSetting('value.delta', 'δ', delta) })
/**
 * v(z) = min(z, 1): gains are clipped, as in PPO-Clip (arXiv:1707.06347, eq. 7) for z in units of the clip range.
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { clipped, getOrThrow } from 'halograd/halos'
 * const v = getOrThrow(clipped).body(numbers)
 * console.log(v(-3), v(3)) // -3 1
 * ```
 */
export const clipped = value('min(z, 1)', (S) => (z) => lesser(S, z, S.of(1)))
/**
 * v(z) = max(least, min(z, 1)): losses are clipped, too (dual clip, arXiv:1912.09729). The kink at `least` is convex, so it must lie on
 * losses.
 * @param least a finite number, at most 0
 * @returns the function, or the error of `least`
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { clippedBelow, getOrThrow } from 'halograd/halos'
 * const v = getOrThrow(clippedBelow(-2)).body(numbers)
 * console.log(v(-3), v(3)) // -2 1
 * ```
 */
export const clippedBelow = (least: number): Checked<ValueFunction> =>
  family<'least'>(
    (at) => `max(${at.least}, min(z, 1))`,
    (S, at) => (z) => S.max(at.least, lesser(S, z, S.of(1))),
  )({ least: nonPositiveSetting('value.least', 'least', least) })
/**
 * v(z) = log σ(z) + κz: never saturates on gains (robust DPO, arXiv:2403.00409, with κ = ε/(1 − 2ε)).
 * @param kappa at least 0
 * @returns the function, or the error of κ
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, robust } from 'halograd/halos'
 * const v = getOrThrow(robust(0.5)).body(numbers)
 * console.log((v(2) - v(0)).toFixed(4)) // 1.5662
 * ```
 */
export const robust = (kappa: number): Checked<ValueFunction> =>
  family<'κ'>(
    ({ κ }) => `log σ(z) + ${κ}z`,
    (S, { κ }) =>
      (z) =>
        S.add(logSigmoid(S)(z), S.mul(κ, z)),
  )({ κ: nonNegativeSetting('value.kappa', 'κ', kappa) })
/**
 * v(z) = −(min(z, z*) − z*)²: a parabola up to its summit z*, constant beyond (the IPO loss, made monotone).
 * @param summit z*, above 0
 * @returns the function, or the error of z*
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, truncatedSquare } from 'halograd/halos'
 * const v = getOrThrow(truncatedSquare(2)).body(numbers)
 * console.log(v(0), v(1), v(1) < v(5)) // -4 -1 true
 * ```
 */
export const truncatedSquare = (summit: number): Checked<ValueFunction> =>
  family<'z*'>(
    (at) => `−(min(z, ${at['z*']}) − ${at['z*']})²`,
    (S, at) => (z) => {
      const short = S.max(S.of(0), S.sub(at['z*'], z))
      return negate(S, S.mul(short, short))
    },
  )({ 'z*': positiveSetting('value.summit', 'z*', summit) })
/**
 * v(z) = z^α on gains and −λ(−z)^α on losses (Tversky & Kahneman 1992). The slope at 0 would be infinite, so that no gradient exists
 * there; each power is therefore (z + ε)^α − ε^α, with the finite slope α ε^(α−1) at 0.
 * @param options.alpha the curvature, 0 < α ≤ 1; default 0.88
 * @param options.lambda the aversion to losses, above 0; default 2.25
 * @param options.epsilon above 0; default 10⁻⁶
 * @returns the function, or the errors of its settings
 * @example
 * ```ts
 * import { numbers } from 'halograd/core'
 * import { getOrThrow, prospect } from 'halograd/halos'
 * const v = getOrThrow(prospect()).body(numbers)
 * console.log((-v(-1) / v(1)).toFixed(2)) // 2.25
 * ```
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
