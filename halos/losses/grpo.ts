/**
 * Group relative policy optimization: PPO's clip, and an estimate of KL(π_θ‖π_ref). The policy term is a HALO (β = 0); with the KL
 * term it is none, which pulls back to π_ref from both sides. The clip's ratio is to π_old, which sampled the completions (`old` of the
 * evidence; π_ref, where that sampled them), the divergence's to π_ref.
 *
 *     L = PPO-Clip(π_θ/π_old) + β mean (e^(−u) + u − 1),   u = log π_θ/π_ref
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, type Tensor } from '../../core/index.ts'
import { weighted } from '../algebra.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import type { Halo } from '../halo.ts'
import { meanOf } from '../loss.ts'
import { grpo as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { type Checked, checked, nonNegative, valid } from '../validation.ts'
import { capped } from '../words.ts'
import { clipOf } from './ppo-clip.ts'

type JudgedEvidence = Evidence<'policy' | 'reference' | 'old', 'judged'>
type GroupClip = Halo<'policy' | 'reference' | 'old', 'judged'>

/** Schulman's estimator "k3" of KL(π_θ‖π_ref): e^(−u) + u − 1 ≥ 0. */
const k3Of: Binary = (S) => (p, q) => S.add(S.expm1(capped(S, S.sub(q, p))), S.sub(p, q))
export const k3 = binary(k3Of)
const divergence: Stated<JudgedEvidence> = {
  kind: 'stated',
  name: 'KL',
  source: source('eq. 4'),
  because: 'not monotone in log π: a divergence is least where both models agree',
  formula: { body: k3Of, of: ['\\log \\pi_\\theta', '\\log \\pi_{\\mathrm{ref}}'] },
  needs: needing('outcome', 'label', 'reference'),
  evaluate: ({ outcome: { policy, reference } }) => {
    const losses = k3(policy, reference) as Tensor<'example'>
    return { ...meanOf(losses), rewards: { outcome: losses } }
  },
}

const penalised = (clip: GroupClip, beta: number): Checked<GroupClip | Stated<JudgedEvidence>> =>
  beta === 0
    ? valid(clip)
    : weighted<JudgedEvidence>(
        'GRPO',
        source('eq. 3'),
        [
          [1, clip],
          [beta, divergence],
        ],
        'not monotone in log π: the KL term pulls back where the clip is flat',
      )

export const grpo = family(
  'grpo',
  { low: 0.2, high: 0.2, beta: 0.04 },
  ({ low, high, beta }) =>
    E.chain((given: { readonly clip: GroupClip; readonly beta: number }) => penalised(given.clip, given.beta))(
      checked({ clip: clipOf(low, high), beta: nonNegative('beta', beta) }),
    ),
  ['GRPOTrainer'],
)
