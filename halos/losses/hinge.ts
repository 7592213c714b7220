/**
 * SLiC's calibration with a reference model: nothing to gain beyond a margin of 1.
 *
 *     L = mean max(0, 1 − (β u_w − β u_l))
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { slic as source } from '../sources.ts'
import { hinge } from '../value.ts'

export const hingeLoss = family(
  'hinge',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'Hinge',
      source: source('the calibration loss, with rewards of DPO'),
      reward: logRatio(beta),
      reference: rejected,
      value: hinge(1),
      t: always(negation),
    }),
  [],
)
