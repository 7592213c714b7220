/**
 * Balanced preference optimization: only the worse of both rewards learns, the chosen or the (weakened) rejected one. Not a HALO: no
 * difference of rewards.
 *
 *     L = mean −log σ(β min(u_w, −α u_l))
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { bpo as source } from '../sources-variants.ts'
import { formula, pairwise } from '../stated.ts'
import { positive } from '../validation.ts'
import { lesser, logSigmoid, negate } from '../words.ts'

export const bpo = family(
  'bpo',
  { beta: 0.1, alpha: 0.3 },
  ({ beta, alpha }) =>
    pairwise({
      name: 'BPO, balanced',
      source: source('the balanced reward margin, logistic'),
      reward: logRatio(beta),
      because: 'two rewards: the smaller of u_w and −α u_l is no difference of rewards',
      given: positive('alpha', alpha),
      body: formula((S) => (w, l) => negate(S, logSigmoid(S, lesser(S, w, S.mul(S.of(-alpha), l))))),
    }),
  [],
  'pairs',
)
