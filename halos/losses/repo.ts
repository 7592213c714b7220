/**
 * ReLU-based preference optimization: SimPO whose loss is a hinge, so that one margin is all there is to choose.
 *
 *     L = mean max(0, γ − (p̄_w − p̄_l))
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logProbabilityPerToken } from '../reward.ts'
import { rePo as source } from '../sources-variants.ts'
import { hinge } from '../value.ts'

export const rePo = family(
  'repo',
  { gamma: 0.5 },
  ({ gamma }) =>
    halo({
      name: 'RePO',
      source: source('the loss'),
      reward: logProbabilityPerToken(1),
      reference: rejected,
      value: hinge(gamma),
      t: always(negation),
    }),
  [],
  'pairs, without a reference model',
)
