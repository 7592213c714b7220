/**
 * Identity preference optimization: a regression of the margin onto 1/(2β). Not a HALO: it rises beyond that margin.
 *
 *     L = mean (u_w/n_w − u_l/n_l − 1/(2β))²
 */
import { family } from '../family.ts'
import { logRatioPerToken } from '../reward.ts'
import { ipo as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'
import { positive } from '../validation.ts'

/** (d − 1/(2β))², d = r_w − r_l. */
export const regressed = (beta: number) =>
  formula((S) => (w, l) => {
    const d = S.sub(S.sub(w, l), S.of(1 / (2 * beta)))
    return S.mul(d, d)
  })

export const ipo = family(
  'ipo',
  { beta: 0.1 },
  ({ beta }) =>
    pairwise({
      name: 'IPO',
      source: source('eq. 17'),
      reward: logRatioPerToken(1),
      because: 'not monotone in log π: it rises beyond the margin of 1/(2β)',
      given: positive('beta', beta),
      body: regressed(beta),
    }),
  ['IPOTrainer'],
)
