/**
 * Simple preference optimization: per token, without a reference model, with a margin γ.
 *
 *     L = mean −log σ(β p̄_w − β p̄_l − γ)
 */
import { family } from '../family.ts'
import { logProbabilityPerToken } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { simpo as source } from '../sources.ts'

export const simpo = family(
  'simpo',
  { beta: 2, gamma: 0.5, epsilon: 0 },
  ({ beta, gamma, epsilon }) => smoothed({ name: 'SimPO', source: source('eq. 6'), reward: logProbabilityPerToken(beta), epsilon, gamma }),
  ['SimPOTrainer'],
)
