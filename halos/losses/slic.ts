/**
 * SLiC: its calibration, with the likelihood of the chosen completion as a regulariser. Not a HALO: the two compare different things.
 *
 *     L = mean max(0, δ − p_w + p_l) − λ p_w
 */
import { family } from '../family.ts'
import { logProbability } from '../reward.ts'
import { slic as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'
import { checked, nonNegative } from '../validation.ts'

export const slic = family(
  'slic',
  { delta: 1, lambda: 0.1 },
  ({ delta, lambda }) =>
    pairwise({
      name: 'SLiC',
      source: source('calibration and regularisation'),
      reward: logProbability(1),
      because: 'two references: the calibration compares p_w with p_l, the regulariser compares it with nothing',
      given: checked({ delta: nonNegative('delta', delta), lambda: nonNegative('lambda', lambda) }),
      body: formula((S) => (w, l) => S.sub(S.max(S.of(0), S.add(S.of(delta), S.sub(l, w))), S.mul(S.of(lambda), w))),
    }),
  ['SLiCTrainer'],
)
