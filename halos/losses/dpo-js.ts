/**
 * DPO under the Jensen–Shannon divergence.
 *
 *     L = mean −log σ(z) + ε z,   z = β log σ(u_w) − β log σ(u_l)
 */
import { family } from '../family.ts'
import { jensenShannon } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { fDpo as source } from '../sources.ts'

export const jsDpo = family(
  'dpo-js',
  { beta: 0.1, epsilon: 0 },
  ({ beta, epsilon }) => smoothed({ name: 'DPO, Jensen–Shannon', source: source('Table 1'), reward: jensenShannon(beta), epsilon }),
  ['js-divergence'],
)
