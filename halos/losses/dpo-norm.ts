/**
 * DPO per token: neither completion wins by being longer.
 *
 *     L = mean −log σ(β u_w/n_w − β u_l/n_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatioPerToken } from '../reward.ts'
import { tulu as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const dpoNorm = family(
  'dpo-norm',
  { beta: 5 },
  ({ beta }) =>
    halo({
      name: 'DPO per token',
      source: source('§5.1, length-normalized DPO'),
      reward: logRatioPerToken(beta),
      reference: rejected,
      value: logLogistic,
      t: always(negation),
    }),
  ['sigmoid-norm'],
)
