/**
 * KTO on pairs, where the chosen and the rejected completions of a batch are each other's reference; gradients flow through it.
 *
 *     L = mean over 2n of 1 − σ(β u_w − max(0, mean β u_l)), 1 − σ(max(0, mean β u_w) − β u_l)
 */
import { always, complement } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { opposite } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { kto as source } from '../sources.ts'
import { logistic } from '../value.ts'
import { ofPairs } from '../view.ts'

export const ktoPair = family(
  'kto-pair',
  { beta: 0.1 },
  ({ beta }) =>
    ofPairs(
      'KTO-pair',
      'each',
      halo({
        name: 'KTO, other label as reference',
        source: source('§4.1'),
        reward: logRatio(beta),
        reference: opposite,
        value: logistic,
        t: always(complement(1)),
      }),
    ),
  ['vanilla-kto', 'VanillaKTOLoss'],
)
