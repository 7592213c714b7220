/**
 * DPO under the forward KL divergence.
 *
 *     L = mean −log σ(z) + ε z,   z = β e^(−u_l) − β e^(−u_w)
 */
import { family } from '../family.ts'
import { forwardKL } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { fDpo as source } from '../sources.ts'

export const forwardKlDpo = family(
  'dpo-forward-kl',
  { beta: 0.1, epsilon: 0 },
  ({ beta, epsilon }) => smoothed({ name: 'DPO, forward KL', source: source('Table 1'), reward: forwardKL(beta), epsilon }),
  ['forward-kl'],
)
