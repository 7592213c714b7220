/**
 * Soft adaptive policy optimization: PPO's clip made smooth, S-shaped in the importance ratio.
 *
 *     L = mean −A (4/τ) σ(τ (q − 1)),   τ by the sign of A
 */
import { affine, byLabel } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { sampler } from '../reference.ts'
import { ratio } from '../reward.ts'
import { sapo as source } from '../sources.ts'
import { checked, positive } from '../validation.ts'
import { logistic } from '../value.ts'

export const sapo = family('sapo', { positive: 1, negative: 1.05 }, ({ positive: up, negative: down }) =>
  halo({
    name: 'SAPO',
    source: source('the objective'),
    reward: ratio,
    reference: sampler,
    value: logistic,
    inverseTemperature: checked({ desirable: positive('positive', up), undesirable: positive('negative', down) }),
    t: byLabel({ desirable: affine(0, 4 / up), undesirable: affine(4 / down, 4 / down) }),
  }),
)
