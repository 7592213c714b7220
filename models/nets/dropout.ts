/**
 * Dropout: while a model is trained, numbers vanish at random, and the others make up for them. Srivastava et al. (2014).
 *
 *     x ↦ x · m,   m = 0 with probability p, else 1 / (1 − p)
 *
 * Randomness is a function of a key and of where it is used: a step that is run again, on whatever backend, drops the same numbers.
 */
import { div, less, mul, random, sub, type Tensor, where } from '../../core/index.ts'

export interface Dropout {
  /** p, below 1. */
  readonly rate: Tensor
  /** An integer below 2²⁴: each step, part of a step, and role of a text has its own. */
  readonly key: Tensor
}

export type Drop = <A extends string>(x: Tensor<A>) => Tensor<A>

/** Each use of the result draws anew; the n-th use of every result for one key draws alike. */
export const dropping = (dropout: Dropout | undefined): Drop => {
  if (dropout === undefined) return (x) => x
  const { rate, key } = dropout
  let uses = 0
  return (x) => {
    const dropped = less(random(key, x.shape, ++uses), rate)
    return mul(x, where(dropped, 0, div(1, sub(1, rate)))) as typeof x
  }
}
