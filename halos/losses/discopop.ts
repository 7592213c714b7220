/**
 * DiscoPOP, a loss that a language model discovered: logistic and exponential, blended by the margin. Not a HALO.
 *
 *     L = mean (1 − m) (−log σ(z)) + m e^(−z),   m = σ(z/τ), z = β u_w − β u_l
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { discopop as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'
import { positive } from '../validation.ts'
import { boundedExp } from '../words.ts'

export const discopop = family(
  'discopop',
  { beta: 0.1, tau: 0.05 },
  ({ beta, tau }) =>
    pairwise({
      name: 'DiscoPOP',
      source: source('the log-ratio modulated loss'),
      reward: logRatio(beta),
      because: 'not monotone in log π: it rises with z just below z = 0, where the exponential takes over',
      given: positive('tau', tau),
      body: formula((S) => (w, l) => {
        const z = S.sub(w, l)
        const minus = S.mul(S.of(-1), z)
        const m = S.sigmoid(S.mul(S.of(1 / tau), z))
        return S.add(S.mul(S.softplus(minus), S.sub(S.of(1), m)), S.mul(boundedExp(S, minus), m))
      }),
    }),
  [],
)
