/**
 * AlphaPO: SimPO with the shape of the reward as a parameter.
 *
 *     L = mean −log σ(r_w − r_l − γ),   r = β (1 − e^(−α p̄))/α
 */
import { family } from '../family.ts'
import { alphaMap } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { alphaPo as source } from '../sources.ts'

export const alphaPo = family(
  'alphapo',
  { beta: 2, gamma: 0.5, alpha: 0.25, epsilon: 0 },
  ({ beta, gamma, alpha, epsilon }) =>
    smoothed({ name: 'AlphaPO', source: source('the loss'), reward: alphaMap(beta, alpha), epsilon, gamma }),
  [],
)
