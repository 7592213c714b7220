/**
 * DPO that stops punishing a rejected completion once the reference model would say it more often. Not a HALO: two rewards.
 *
 *     L = mean −log σ(β (u_w − max(0, u_l)))
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { minorDpo as source } from '../sources-variants.ts'
import { formula, pairwise } from '../stated.ts'
import { logSigmoid, negate } from '../words.ts'

export const minorDpo = family(
  'minor-dpo',
  { beta: 0.1 },
  ({ beta }) =>
    pairwise({
      name: 'MinorDPO',
      source: source('the MinorDPO loss'),
      reward: logRatio(beta),
      because: 'two rewards: u of the chosen completion is compared with max(0, u) of the rejected one',
      body: formula((S) => (w, l) => negate(S, logSigmoid(S, S.sub(w, S.max(S.of(0), l))))),
    }),
  [],
  'pairs',
)
