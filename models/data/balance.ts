/**
 * The λ rule of KTO (arXiv:2402.01306, §4.2): weights that make up for having more of one kind of judgement than of the other.
 *
 *     1 ≤ λ_D n_D / (λ_U n_U) ≤ 4/3
 */

/** How many are desirable and how many undesirable, or what each kind weighs. */
export interface Balance {
  readonly desirable: number
  readonly undesirable: number
}

export interface BalanceVerdict {
  /** λ_D n_D / (λ_U n_U). */
  readonly ratio: number
  /** The weights that would meet the rule: those given, one of them raised. Absent when they do, or when one kind is absent and no weight would. */
  readonly better?: Balance
}

const [least, most] = [1, 4 / 3]

/**
 * The ratio λ_D n_D / (λ_U n_U), which the KTO paper wants between 1 and 4/3 (arXiv:2402.01306, §4.2), and better weights where it is outside.
 * @param counts n_D and n_U, in examples
 * @param weights λ_D and λ_U. Default 1
 * @example
 * ```ts
 * import { weigh } from 'halograd/models'
 * const { ratio, better } = weigh({ desirable: 10, undesirable: 30 }) // 1/3; desirable: 3
 * ```
 */
export const weigh = (counts: Balance, weights: Balance = { desirable: 1, undesirable: 1 }): BalanceVerdict => {
  const [good, bad] = [weights.desirable * counts.desirable, weights.undesirable * counts.undesirable]
  const ratio = good / bad
  if (counts.desirable === 0 || counts.undesirable === 0 || (ratio >= least && ratio <= most)) return { ratio }
  if (ratio < least) return { ratio, better: { ...weights, desirable: (bad * least) / counts.desirable } }
  return { ratio, better: { ...weights, undesirable: good / most / counts.undesirable } }
}
