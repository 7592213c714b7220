/**
 * Reward-aware preference optimization by the divergence of the judge's preference from the policy's. Not a HALO: it rises beyond it.
 *
 *     L = mean KL((σ(g), σ(−g)) ‖ (σ(z), σ(−z))),   z = β u_w − β u_l,   g = η (R_w − R_l)
 */
import { divergence, rewardAware } from '../rpo.ts'
import { formula } from '../stated.ts'

export const rpoBackward = rewardAware(
  'rpo-bwd-kl',
  'RPO, backward KL',
  formula((S) => (z, goal) => divergence(S)(goal, z)),
)
