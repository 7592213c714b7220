/**
 * DiscoPOP, a loss that a language model discovered: logistic and exponential, blended by the margin. Not a HALO at its default τ; for τ ≥ 1 it
 * is one.
 *
 *     L = mean (1 − m) (−log σ(z)) + m e^(−z),   m = σ(z/τ), z = β u_w − β u_l
 */
import { family } from '../family.ts'
import { positiveSetting } from '../parameters.ts'
import { logRatio } from '../reward.ts'
import { discopop as source } from '../sources.ts'
import { formulaWith, pairwise } from '../stated.ts'
import { checked } from '../validation.ts'
import { boundedExp, logSigmoid, negate } from '../words.ts'

export const discopop = family(
  'discopop',
  { beta: 0.1, tau: 0.05 },
  ({ beta, tau }) =>
    pairwise({
      name: 'DiscoPOP',
      source: source('the log-ratio modulated loss'),
      reward: logRatio(beta),
      because: 'not monotone in log π: it rises with z just below z = 0, where the exponential takes over',
      settings: checked({ τ: positiveSetting('tau', 'τ', tau) }),
      body: formulaWith((S, { τ }) => (w, l) => {
        const minus = negate(S, S.sub(w, l))
        const scaled = S.mul(S.div(S.of(1), τ!), minus) // −z/τ
        // m e^(−z) is one exponential: where it is capped, m is not lost.
        const blended = boundedExp(S, S.add(minus, logSigmoid(S, negate(S, scaled))))
        return S.add(S.mul(S.softplus(minus), S.sigmoid(scaled)), blended)
      }),
    }),
  [],
)
