/**
 * Efficient exact optimization on pairs: the reverse KL divergence between the model's preference and one that is smoothed by ε. Not a HALO.
 *
 *     L = mean KL((σ(z), σ(−z)) ‖ (1 − ε, ε)),   z = β u_w − β u_l
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { exo as source } from '../sources.ts'
import { formula, pairwise } from '../stated.ts'
import { number } from '../validation.ts'

export const exoPair = family('exo-pair', { beta: 0.1, epsilon: 0.001 }, ({ beta, epsilon }) =>
  pairwise({
    name: 'EXO-pair',
    source: source('the loss of pairs'),
    reward: logRatio(beta),
    because:
      'not monotone in log π: it rises again beyond z = log((1 − ε)/ε), where the preference would be stronger than the smoothed one',
    given: number('epsilon', 'a fraction in (0, ½)', epsilon, (e) => e > 0 && e < 0.5),
    body: formula((S) => (w, l) => {
      const side = (z: typeof w, prior: number) =>
        S.mul(S.sigmoid(z), S.sub(S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), z))), S.of(Math.log(prior))))
      return S.add(side(S.sub(w, l), 1 - epsilon), side(S.sub(l, w), epsilon))
    }),
  }),
)
