/**
 * Self-play preference optimization with hard preferences: both log-ratios are regressed. Not a HALO.
 *
 *     L = mean (u_w − 1/(2β))² + (u_l + 1/(2β))²
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { sppo as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'
import { positive } from '../validation.ts'

export const sppoHard = family('sppo-hard', { beta: 0.1 }, ({ beta }) =>
  pairwise({
    name: 'SPPO, hard',
    source: source('the loss with hard preferences'),
    reward: logRatio(1),
    because: 'not monotone in log π: it rises beyond u_w = 1/(2β)',
    given: positive('beta', beta),
    body: formula((S) => (w, l) => {
      const [up, down] = [S.sub(w, S.of(0.5 / beta)), S.add(l, S.of(0.5 / beta))]
      return S.add(S.mul(up, up), S.mul(down, down))
    }),
  }),
)
