/**
 * Binary classifier optimization: the reference point is the running mean of all rewards, each under the θ of its time.
 *
 *     L = mean −log σ(s (β u − δ)),   δ = stop(running mean of β u)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { running } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { bco as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const bco = family(
  'bco',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'BCO',
      source: source('the loss with a reward shift'),
      reward: logRatio(beta),
      reference: running,
      value: logLogistic,
      t: always(negation),
    }),
  ['BCOTrainer'],
)
