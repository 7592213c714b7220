/**
 * Sequence likelihood calibration: the chosen completion should be likelier by a margin δ.
 *
 *     L = mean max(0, δ − β p_w + β p_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logProbability } from '../reward.ts'
import { slic as source } from '../sources.ts'
import { hinge } from '../value.ts'

export const slicCalibration = family(
  'slic-calibration',
  { beta: 1, delta: 1 },
  ({ beta, delta }) =>
    halo({
      name: 'SLiC calibration',
      source: source('the calibration loss'),
      reward: logProbability(beta),
      reference: rejected,
      value: hinge(delta),
      t: always(negation),
    }),
  [],
)
