/**
 * Group sequence policy optimization: PPO's clip on the geometric mean of a completion's token ratios. 1 is where θ = π_old.
 *
 *     L = mean |A| (∓1 − ε min(s z/ε, 1)),   z = e^(u/n) − 1
 */
import { affine, byLabel } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { anchor } from '../reference.ts'
import { ratioPerToken } from '../reward.ts'
import { gspo as source } from '../sources.ts'
import { checked, positive } from '../validation.ts'
import { clipped } from '../value.ts'

export const gspo = family('gspo', { low: 3e-4, high: 4e-4 }, ({ low, high }) =>
  halo({
    name: 'GSPO',
    source: source('eq. 5'),
    reward: ratioPerToken,
    reference: anchor,
    value: clipped,
    inverseTemperature: checked({ desirable: positive('high', 1 / high), undesirable: positive('low', 1 / low) }),
    t: byLabel({ desirable: affine(-1, high), undesirable: affine(1, low) }),
  }),
)
