/**
 * DPO under an α-divergence.
 *
 *     L = mean −log σ(r_w − r_l),   r = β e^((α−1)u)/(α − 1)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { alphaDivergence } from '../reward.ts'
import { fDpo as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const alphaDpo = family(
  'dpo-alpha',
  { beta: 0.1, alpha: 0.5 },
  ({ beta, alpha }) =>
    halo({
      name: 'DPO, α-divergence',
      source: source('Table 1'),
      reward: alphaDivergence(beta, alpha),
      reference: rejected,
      value: logLogistic,
      t: always(negation),
    }),
  ['alpha_divergence'],
)
