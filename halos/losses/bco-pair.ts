/**
 * BCO on pairs: both completions of a pair against the mean reward of the batch.
 *
 *     L = mean over pairs of −log σ(β u_w − δ) − log σ(δ − β u_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { batch } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { bco as source } from '../sources.ts'
import { logLogistic } from '../value.ts'
import { ofPairs } from '../view.ts'

export const bcoPair = family('bco-pair', { beta: 0.1 }, ({ beta }) =>
  ofPairs(
    'BCO-pair',
    'pair',
    halo({
      name: 'BCO, reference of the batch',
      source: source('the loss with a reward shift'),
      reward: logRatio(beta),
      reference: batch,
      value: logLogistic,
      t: always(negation),
    }),
  ),
)
