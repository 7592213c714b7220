/**
 * Group relative policy optimization: PPO's clip, and an estimate of KL(π_θ‖π_ref). The policy term is a HALO (β = 0); with the KL
 * term it is none, which pulls back to π_ref from both sides.
 *
 *     L = PPO-Clip + β mean (e^(−u) + u − 1)
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, constant, mean, size, type Tensor } from '../../core/index.ts'
import { weighted } from '../algebra.ts'
import type { Evidence } from '../evidence.ts'
import { family } from '../family.ts'
import { type Checked, nonNegative, sound } from '../flaw.ts'
import type { Halo } from '../halo.ts'
import type { Loss } from '../loss.ts'
import { grpo as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { boundedExp, lesser } from '../words.ts'
import { ppoClip } from './ppo-clip.ts'

type Judged = Evidence<'policy' | 'reference', 'judged'>

/** Schulman's estimator "k3" of KL(π_θ‖π_ref): e^(−u) + u − 1 ≥ 0. */
const k3Of: Binary = (S) => (p, q) => S.add(S.expm1(lesser(S, S.sub(q, p), S.of(80))), S.sub(p, q))
export const k3 = binary(k3Of)
const divergence: Loss<Judged> = {
  name: 'KL',
  source: source('eq. 4'),
  needs: { pair: false, outcome: true, label: true, unrelated: false, reference: true, length: false, history: false },
  evaluate: ({ outcome: { policy, reference } }) => {
    const losses = k3(policy, reference) as Tensor<'example'>
    return { loss: mean(losses, 'example'), weight: constant(size(losses, 'example')), losses, rewards: { outcome: losses } }
  },
}

export const grpo = family('grpo', { low: 0.2, high: 0.2, beta: 0.04 }, ({ low, high, beta }) =>
  E.chain((b: number) =>
    E.chain((clip: Halo<'policy' | 'reference', 'judged'>): Checked<typeof clip | Stated<Judged>> => {
      if (b === 0) return sound(clip)
      const body: Binary = (S) => (p, q) => S.sub(S.mul(S.of(b), k3Of(S)(p, q)), lesser(S, boundedExp(S, S.sub(p, q)), S.of(1 + high)))
      const because = {
        reason: 'not monotone in log π: the KL term pulls back where the clip is flat',
        body,
        arguments: ['log π', 'log π_ref'] as const,
      }
      return E.map((stated: Stated<Judged>) => ({ ...stated, because }))(
        weighted<Judged>('GRPO', source('eq. 3'), [
          [1, clip],
          [b, divergence],
        ]),
      )
    })(ppoClip({ low, high })),
  )(nonNegative('beta', beta)),
)
