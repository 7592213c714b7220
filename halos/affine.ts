/** Negative affine maps t(v) = shift − scale·v, scale > 0: they turn a value, which is to be large, into a loss. */
import { either as E } from 'fp-ts'
import { type Checked, checked, number, positive, within } from './validation.ts'
import { vocabulary } from './vocabulary.ts'

/** A negative affine map t(v) = shift − scale·v with scale > 0. Made by `affine`, `complement` or `negation`. */
export interface Affine {
  readonly shift: number
  readonly scale: number
}
/** One of something for desirable completions, and one for undesirable ones. */
export interface ByJudgement<A> {
  readonly desirable: A
  readonly undesirable: A
}

const maps = vocabulary()
export const isAffine = maps.has

/**
 * The map t(v) = shift − scale·v, which turns a value (large is good) into a loss (small is good). KTO paper, Definition 3.4.
 * @param shift any finite number
 * @param scale a finite number above 0
 * @returns the map, or the errors of its arguments
 * @example
 * ```ts
 * import { affine, getOrThrow } from 'halograd/halos'
 * console.log(getOrThrow(affine(1, 2)).scale) // 2
 * ```
 */
export const affine = (shift: number, scale: number): Checked<Affine> =>
  E.map((t: Affine) => maps.adopt(t))(
    checked({ shift: number('shift', 'a finite number', shift, () => true), scale: positive('scale', scale) }),
  )
/**
 * The map t(v) = λ(1 − v), λ > 0: KTO's loss for one label, with v = σ.
 * @returns the map, or the error of λ
 * @example
 * ```ts
 * import { complement, getOrThrow } from 'halograd/halos'
 * const { shift, scale } = getOrThrow(complement(1.33))
 * console.log(shift, scale) // 1.33 1.33
 * ```
 */
export const complement = (lambda: number): Checked<Affine> => affine(lambda, lambda)
/**
 * The map t(v) = −v, as in DPO.
 * @example
 * ```ts
 * import { always, dpo, getOrThrow, negation } from 'halograd/halos'
 * console.log(getOrThrow(dpo()).t.desirable.scale === getOrThrow(always(negation)).desirable.scale) // true
 * ```
 */
export const negation: Checked<Affine> = affine(0, 1)
/**
 * The same map for both labels.
 * @returns the pair of maps, or the errors of `t`
 * @example
 * ```ts
 * import { always, complement, getOrThrow } from 'halograd/halos'
 * console.log(getOrThrow(always(complement(2))).undesirable.shift) // 2
 * ```
 */
export const always = (t: Checked<Affine>): Checked<ByJudgement<Affine>> =>
  E.map((one: Affine) => ({ desirable: one, undesirable: one }))(within('t', t))
/** Another, made of each. */
export const eachAffine = (
  f: (t: Affine) => Checked<Affine>,
  { desirable, undesirable }: ByJudgement<Affine>,
): Checked<ByJudgement<Affine>> => byLabel({ desirable: f(desirable), undesirable: f(undesirable) })
/**
 * One map for desirable completions and one for undesirable ones: λ_D and λ_U of KTO (arXiv:2402.01306, eq. 7).
 * @returns both, or the errors of both
 * @example
 * ```ts
 * import { byLabel, complement, getOrThrow } from 'halograd/halos'
 * const t = byLabel({ desirable: complement(1), undesirable: complement(1.33) })
 * console.log(getOrThrow(t).undesirable.scale) // 1.33
 * ```
 */
export const byLabel = (t: ByJudgement<Checked<Affine>>): Checked<ByJudgement<Affine>> =>
  checked({ desirable: within('t.desirable', t.desirable), undesirable: within('t.undesirable', t.undesirable) })
