/** Words that several vocabularies are written with. */
import type { Scalar } from '../core/index.ts'

export const negate = <A>(S: Scalar<A>, x: A): A => S.mul(S.of(-1), x)
/** The smaller: a maximum turned over, so that its kink is seen to be concave. */
export const lesser = <A>(S: Scalar<A>, x: A, y: A): A => negate(S, S.max(negate(S, x), negate(S, y)))
/**
 * eˣ, but e⁸⁰ beyond x = 80: float32 overflows at e⁸⁸, and ∞ times the slope 0 of a clip would be no number. Where a log-ratio is
 * that large, the gradient is 0.
 */
export const boundedExp = <A>(S: Scalar<A>, x: A): A => S.exp(lesser(S, x, S.of(bound)))
export const bound = 80
