/**
 * DPO with KTO's value function: it saturates on losses, too.
 *
 *     L = mean −σ(β u_w − β u_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { kto as source } from '../sources.ts'
import { logistic } from '../value.ts'

export const dpoSigmoid = family(
  'dpo-sigmoid',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'DPO, sigmoid',
      source: source('§4.1'),
      reward: logRatio(beta),
      reference: rejected,
      value: logistic,
      t: always(negation),
    }),
  ['DPOSigmoidTrainer'],
)
