/**
 * IPO as its paper writes it, on whole completions instead of per token. Not a HALO.
 *
 *     L = mean (u_w − u_l − 1/(2β))²
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { ipo as source } from '../sources.ts'
import { pairwise } from '../stated.ts'
import { positive } from '../validation.ts'
import { regressed } from './ipo.ts'

export const ipoSum = family(
  'ipo-sum',
  { beta: 0.1 },
  ({ beta }) =>
    pairwise({
      name: 'IPO on sums',
      source: source('eq. 17'),
      reward: logRatio(1),
      because: 'not monotone in log π: it rises beyond the margin of 1/(2β)',
      given: positive('beta', beta),
      body: regressed(beta),
    }),
  [],
)
