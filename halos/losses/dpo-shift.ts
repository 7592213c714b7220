/**
 * DPO in which the rejected reward counts less, so that the probability of the chosen completion does not fall with it. Not a HALO: two rewards.
 *
 *     L = mean −log σ(β (u_w − λ u_l))
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { dpoShift as source } from '../sources-variants.ts'
import { formula, pairwise } from '../stated.ts'
import { number } from '../validation.ts'
import { logSigmoid, negate } from '../words.ts'

export const dpoShift = family(
  'dpo-shift',
  { beta: 0.1, shift: 0.75 },
  ({ beta, shift }) =>
    pairwise({
      name: 'DPO-Shift',
      source: source('the loss'),
      reward: logRatio(beta),
      because: 'two rewards: u of the chosen completion is compared with λ u of the rejected one',
      given: number('shift', 'a fraction in (0, 1), for 1 is DPO', shift, (x) => x > 0 && x < 1),
      body: formula((S) => (w, l) => negate(S, logSigmoid(S, S.sub(w, S.mul(S.of(shift), l))))),
    }),
  [],
  'pairs',
)
