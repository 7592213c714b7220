/**
 * KTO with DPO's value function: it saturates on gains only.
 *
 *     L = mean −λ_s log σ(s (β u − z₀))
 */
import { affine, byLabel } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { policy } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { kto as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

export const ktoLogSigmoid = family(
  'kto-logsigmoid',
  { beta: 0.1, desirable: 1, undesirable: 1 },
  ({ beta, desirable, undesirable }) =>
    halo({
      name: 'KTO, log-sigmoid',
      source: source('§4.1'),
      reward: logRatio(beta),
      reference: policy(),
      value: logLogistic,
      t: byLabel({ desirable: affine(0, desirable), undesirable: affine(0, undesirable) }),
    }),
  ['KTOLogSigmoidTrainer'],
)
