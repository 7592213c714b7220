/**
 * DPO under the Jensen–Shannon divergence.
 *
 *     L = mean −log σ(β log σ(u_w) − β log σ(u_l))
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { jensenShannon } from '../reward.ts'
import { fDpo as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const jsDpo = family(
  'dpo-js',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'DPO, Jensen–Shannon',
      source: source('Table 1'),
      reward: jensenShannon(beta),
      reference: rejected,
      value: logLogistic,
      t: always(negation),
    }),
  ['js_divergence'],
)
