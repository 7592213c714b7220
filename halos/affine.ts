/** Negative affine maps t(v) = shift − scale·v, scale > 0: they turn a value, which is to be large, into a loss. */
import { either as E } from 'fp-ts'
import { type Checked, checked, number, positive, within } from './validation.ts'
import { vocabulary } from './vocabulary.ts'

export interface Affine {
  readonly shift: number
  readonly scale: number
}
/** One for each label. */
export interface ByJudgement<A> {
  readonly desirable: A
  readonly undesirable: A
}

const maps = vocabulary()
export const isAffine = maps.has

/** v ↦ shift − scale · v. Left: shift is not finite, or scale is not positive. */
export const affine = (shift: number, scale: number): Checked<Affine> =>
  E.map((t: Affine) => maps.adopt(t))(
    checked({ shift: number('shift', 'a finite number', shift, () => true), scale: positive('scale', scale) }),
  )
/** v ↦ λ(1 − v). */
export const complement = (lambda: number): Checked<Affine> => affine(lambda, lambda)
/** v ↦ −v. */
export const negation: Checked<Affine> = affine(0, 1)
/** The same for both labels. */
export const always = (t: Checked<Affine>): Checked<ByJudgement<Affine>> =>
  E.map((one: Affine) => ({ desirable: one, undesirable: one }))(within('t', t))
/** Another, made of each. */
export const eachAffine = (
  f: (t: Affine) => Checked<Affine>,
  { desirable, undesirable }: ByJudgement<Affine>,
): Checked<ByJudgement<Affine>> => byLabel({ desirable: f(desirable), undesirable: f(undesirable) })
/**
 * One negative affine map for desirable completions, and one for undesirable ones.
 * @returns both, or the errors of both
 * @example
 * byLabel({ desirable: complement(1), undesirable: complement(1.33) }) // KTO's t, with λ_D = 1 and λ_U = 1.33
 */
export const byLabel = (t: ByJudgement<Checked<Affine>>): Checked<ByJudgement<Affine>> =>
  checked({ desirable: within('t.desirable', t.desirable), undesirable: within('t.undesirable', t.undesirable) })
