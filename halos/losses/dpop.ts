/**
 * DPO-positive (Smaug): DPO, and a penalty wherever the chosen completion has become less likely than under the reference model. Not a HALO:
 * the chosen reward is not the reward of the rejected one.
 *
 *     L = mean −log σ(β (u_w − u_l − λ max(0, −u_w)))
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { dpop as source } from '../sources-variants.ts'
import { formula, pairwise } from '../stated.ts'
import { nonNegative } from '../validation.ts'
import { logSigmoid, negate } from '../words.ts'

export const dpop = family(
  'dpop',
  { beta: 0.1, lambda: 50 },
  ({ beta, lambda }) =>
    pairwise({
      name: 'DPOP',
      source: source('the loss'),
      reward: logRatio(beta),
      because: 'two rewards: u − λ max(0, −u) of the chosen completion is compared with u of the rejected one',
      given: nonNegative('lambda', lambda),
      body: formula((S) => (w, l) => {
        const penalty = S.mul(S.of(lambda), S.max(S.of(0), negate(S, w)))
        return negate(S, logSigmoid(S, S.sub(S.sub(w, l), penalty)))
      }),
    }),
  [],
  'pairs whose completions differ little',
)
