/**
 * Odds ratio preference optimization: the odds term, and the likelihood of the chosen completion. Not a HALO: the sum of different r, Q.
 *
 *     L = mean −p̄_w − λ log σ(log odds(p̄_w) − log odds(p̄_l))
 */
import { family } from '../family.ts'
import { logOdds, logProbabilityPerToken } from '../reward.ts'
import { orpo as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'
import { getOrThrow, nonNegative } from '../validation.ts'

const { body: odds } = getOrThrow(logOdds)

export const orpo = family(
  'orpo',
  { lambda: 0.1 },
  ({ lambda }) =>
    pairwise({
      name: 'ORPO',
      source: source('eq. 6'),
      reward: logProbabilityPerToken(1),
      because: 'two references: the odds term compares p̄_w with p̄_l, the likelihood term compares it with nothing',
      given: nonNegative('lambda', lambda),
      body: formula((S) => (w, l) => {
        const logOddsOf = (p: typeof w) => odds(S)(p, S.of(0), S.of(1))
        return S.sub(S.mul(S.of(lambda), S.softplus(S.sub(logOddsOf(l), logOddsOf(w)))), w)
      }),
    }),
  ['ORPOTrainer'],
)
