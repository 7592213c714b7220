/**
 * Calibrated DPO: DPO, and both log-ratios regressed onto what the preference implies. Not a HALO: the squares rise beyond their targets.
 *
 *     L = mean −log σ(u_w − u_l) + ½ ((u_w − 1/(2β))² + (u_l + 1/(2β))²)
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { calDpo as source } from '../sources-variants.ts'
import { formula, pairwise } from '../stated.ts'
import { positive } from '../validation.ts'
import { logSigmoid } from '../words.ts'

export const calDpo = family(
  'cal-dpo',
  { beta: 0.1 },
  ({ beta }) =>
    pairwise({
      name: 'Cal-DPO',
      source: source('the loss'),
      reward: logRatio(1),
      because: 'not monotone in log π: it rises beyond u_w = 1/(2β)',
      given: positive('beta', beta),
      body: formula((S) => (w, l) => {
        const [up, down] = [S.sub(w, S.of(0.5 / beta)), S.add(l, S.of(0.5 / beta))]
        return S.sub(S.mul(S.of(0.5), S.add(S.mul(up, up), S.mul(down, down))), logSigmoid(S, S.sub(w, l)))
      }),
    }),
  [],
  'pairs',
)
