/**
 * Reward-aware preference optimization by squared distance. Not a HALO: it rises beyond the margin that the scores imply.
 *
 *     L = mean (z − η (R_w − R_l))²,   z = β u_w − β u_l
 */
import { rewardAware } from '../rpo.ts'
import { formula } from '../stated.ts'

export const rpoSquare = rewardAware(
  'rpo-sq',
  'RPO, squared',
  formula((S) => (z, goal) => {
    const d = S.sub(z, goal)
    return S.mul(d, d)
  }),
)
