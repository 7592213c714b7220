/** Words that several vocabularies are written with. */
import type { Scalar } from '../core/index.ts'

export const negate = <A>(S: Scalar<A>, x: A): A => S.mul(S.of(-1), x)
/** log σ(x). */
export const logSigmoid = <A>(S: Scalar<A>, x: A): A => negate(S, S.softplus(negate(S, x)))
/** The smaller: a maximum turned over, so that its kink is seen to be concave. */
export const lesser = <A>(S: Scalar<A>, x: A, y: A): A => negate(S, S.max(negate(S, x), negate(S, y)))
/**
 * x, but no more than the exponent at which eˣ is still finite with room to spare: 700 in float64, 80 in float32, which overflows at
 * e⁸⁸. Beyond, ∞ times the slope 0 of a clip would be NaN. What is capped is flat there: its gradient is 0.
 */
export const capped = <A>(S: Scalar<A>, x: A): A => negate(S, S.max(negate(S, x), S.of(-bound, -boundOfSingle)))
/** x, but no less than the exponent at which eˣ is still a number other than 0: −700 in float64, −80 in float32. */
export const floored = <A>(S: Scalar<A>, x: A): A => S.max(x, S.of(-bound, -boundOfSingle))
/** eˣ, as far as it goes. */
export const boundedExp = <A>(S: Scalar<A>, x: A): A => S.exp(capped(S, x))
export const bound = 700
const boundOfSingle = 80
/** Where a reward made of eˣ is flat, for its name. */
export const flatBeyond = (x: string): string => `flat beyond ${x} = ${bound} (float32: ${boundOfSingle})`
