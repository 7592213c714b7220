/**
 * Value functions v: non-decreasing everywhere, concave on gains (0, ∞). Written in the scalar language, so that the text which a
 * backend runs is the text which `verify` proves. Anyone may add one; nothing here is believed.
 */
import type { Scalar, Unary } from '../core/index.ts'
import { type Checked, sound } from './flaw.ts'

export interface Value {
  readonly name: string
  readonly body: Unary
}
export const value = (name: string, body: Unary): Checked<Value> => sound({ name, body })

const negate = <A>(S: Scalar<A>, x: A): A => S.mul(S.of(-1), x)

/** σ(z): S-shaped, saturating on both sides. */
export const logistic = value('σ', (S) => S.sigmoid)
/** log σ(z): saturates on gains only. */
export const logLogistic = value('log σ', (S) => (z) => negate(S, S.softplus(negate(S, z))))
