/**
 * Reward-aware preference optimization by the divergence of the policy's preference from the judge's. Not a HALO: it rises beyond it.
 *
 *     L = mean KL((σ(z), σ(−z)) ‖ (σ(g), σ(−g))),   z = β u_w − β u_l,   g = η (R_w − R_l)
 */
import { divergence, rewardAware } from '../rpo.ts'

export const rpoForward = rewardAware('rpo-fwd-kl', 'RPO, forward KL', divergence)
