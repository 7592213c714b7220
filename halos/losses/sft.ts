/**
 * Supervised fine-tuning: the cross-entropy of demonstrations, over tokens.
 *
 *     L = −Σ log π_θ(y|x) / Σ tokens
 */
import { binary, negate, type Tensor } from '../../core/index.ts'
import { type Completion, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { summed } from '../loss.ts'
import { instructGpt as source } from '../sources.ts'
import { formula, type Stated } from '../stated.ts'
import { valid } from '../validation.ts'

export interface Demonstrations {
  readonly outcome: Pick<Completion, 'policy' | 'length'>
}
const cost = formula((S) => (p) => S.mul(S.of(-1), p))
const perToken = formula((S) => (p, n) => S.div(cost(S)(p, n), n))

const loss: Stated<Demonstrations> = {
  kind: 'stated',
  name: 'SFT',
  source: source('§3.5'),
  because: 'no reference point: nothing is ever a gain, whatever else could have been said',
  formula: { body: cost, of: ['\\log \\pi_\\theta(y|x)', '|y|'], per: '|y|' },
  needs: needing('outcome', 'length'),
  evaluate: ({ outcome: { policy, length } }) => ({
    ...summed(binary(perToken)(policy, length) as Tensor<'example'>, { numerator: negate(policy), denominator: length }),
    rewards: { outcome: policy },
  }),
}

/**
 * Supervised fine-tuning: the cross-entropy of demonstrations, a mean over tokens. It has no settings, and is not a HALO. Ouyang et al.
 * (2022), arXiv:2203.02155, §3.5.
 * @example
 * ```ts
 * import { getOrThrow, sft, verify } from 'halograd/halos'
 * console.log(verify(getOrThrow(sft())).verdict) // not a HALO
 * ```
 */
export const sft = family('sft', {}, () => valid(loss), ['SFTTrainer'])
