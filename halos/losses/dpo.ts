/**
 * Direct preference optimization: the chosen completion compared with the rejected one.
 *
 *     L = mean −log σ(β u_w − β u_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { dpo as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const dpo = family(
  'dpo',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'DPO',
      source: source('eq. 7'),
      reward: logRatio(beta),
      reference: rejected,
      value: logLogistic,
      t: always(negation),
    }),
  ['sigmoid', 'DPOTrainer', 'DPOLoss', 'online-dpo', 'OnlineDPOTrainer'],
)
