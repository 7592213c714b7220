/**
 * DPO under an α-divergence.
 *
 *     L = mean −log σ(z) + ε z,   z = r_w − r_l, r = −β e^(−αu)/α
 *
 * α → 0 is DPO (reverse KL), α = 1 the forward KL divergence. (TRL's coefficient is 1 − α.)
 */
import { family } from '../family.ts'
import { alphaDivergence } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { fDpo as source } from '../sources.ts'

export const alphaDpo = family(
  'dpo-alpha',
  { beta: 0.1, alpha: 0.5, epsilon: 0 },
  ({ beta, alpha, epsilon }) =>
    smoothed({ name: 'DPO, α-divergence', source: source('Table 1'), reward: alphaDivergence(beta, alpha), epsilon }),
  ['alpha-divergence'],
)
