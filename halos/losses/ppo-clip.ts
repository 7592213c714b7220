/**
 * PPO's clipped surrogate as a HALO. The importance ratio q is the reward, and its mean under the policy that sampled, 1, the reference:
 *
 *     −min(q A, clip(q) A) = |A| (∓1 − ε min(s z/ε, 1)),   z = q − 1, s = sign A
 *
 * A `dual` clip c > 1 (0: none) also bounds what an undesirable completion costs, at q = c.
 * With r = log q, as the KTO paper has it, v would be convex on (0, log(1 + ε)). The label carries the advantage; ±1 without one.
 */
import { affine, byLabel } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { sampler } from '../reference.ts'
import { ratio } from '../reward.ts'
import { ppo as source } from '../sources.ts'
import { checked, positive } from '../validation.ts'
import { clipped, clippedBelow } from '../value.ts'

export const ppoClip = family(
  'ppo-clip',
  { low: 0.2, high: 0.2, dual: 0 },
  ({ low, high, dual }) =>
    halo({
      name: 'PPO-Clip',
      source: source('eq. 7'),
      reward: ratio,
      reference: sampler,
      value: dual === 0 ? clipped : clippedBelow((1 - dual) / low),
      inverseTemperature: checked({ desirable: positive('high', 1 / high), undesirable: positive('low', 1 / low) }),
      t: byLabel({ desirable: affine(-1, high), undesirable: affine(1, low) }),
    }),
  ['ppo', 'PPOTrainer', 'PolicyLoss', 'rloo', 'RLOOTrainer', 'dapo', 'dr-grpo', 'bnpo'],
)
