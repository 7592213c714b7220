/**
 * Efficient exact optimization on pairs: the reverse KL divergence between the model's preference and one that is smoothed by ε. Not a HALO.
 *
 *     L = mean KL((σ(z), σ(−z)) ‖ (1 − ε, ε)),   z = β u_w − β u_l
 */
import { family } from '../family.ts'
import { fractionSetting } from '../parameters.ts'
import { logRatio } from '../reward.ts'
import { exo as source } from '../sources.ts'
import { formulaWith, pairwise } from '../stated.ts'
import { checked } from '../validation.ts'
import { logSigmoid, negate } from '../words.ts'

export const exoPair = family('exo-pair', { beta: 0.1, epsilon: 0.001 }, ({ beta, epsilon }) =>
  pairwise({
    name: 'EXO-pair',
    source: source('the loss of pairs'),
    reward: logRatio(beta),
    because:
      'not monotone in log π: it rises again beyond z = log((1 − ε)/ε), where the preference would be stronger than the smoothed one',
    settings: checked({ ε: fractionSetting('epsilon', 'ε', epsilon) }),
    body: formulaWith((S, { ε }) => (w, l) => {
      const side = (z: typeof w, logPrior: typeof w) => S.mul(S.sigmoid(z), S.sub(logSigmoid(S, z), logPrior))
      return S.add(side(S.sub(w, l), S.log1p(negate(S, ε!))), side(S.sub(l, w), S.log(ε!)))
    }),
  }),
)
