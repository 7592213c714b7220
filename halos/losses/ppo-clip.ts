/**
 * PPO's clipped surrogate as a HALO. The importance ratio q = π_θ/π_old is the reward, and its mean under π_old, 1, the reference:
 *
 *     −min(q A, clip(q) A) = |A| (∓1 − ε min(s z/ε, 1)),   z = q − 1, s = sign A
 *
 * With r = log q, as the KTO paper has it, v would be convex on (0, log(1 + ε)). The label carries the advantage; ±1 without one.
 *
 * A `dual` clip c > 1 (0: none) bounds what an undesirable completion costs, at q = c. A desirable one is never clipped below, and z ≥ −1
 * there: one v serves both labels if c ≥ 1 + low/high. Else v would be flat where desirable completions still fall, and there is no
 * declaration.
 */
import { either as E } from 'fp-ts'
import { type Binary, binary, type Tensor } from '../../core/index.ts'
import { affine, byLabel } from '../affine.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { type Halo, halo } from '../halo.ts'
import { meanOf } from '../loss.ts'
import { sampler } from '../reference.ts'
import { type Reward, ratio, rewardOf } from '../reward.ts'
import { ppo as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { type Checked, checked, number, positive } from '../validation.ts'
import { clipped, clippedBelow } from '../value.ts'
import { lesser } from '../words.ts'

type ClipReads = 'policy' | 'reference' | 'old'
type Clip = Halo<ClipReads, 'judged'>
interface Bounds {
  readonly low: number
  readonly high: number
  readonly dual: number
}

/** −min(q A, clip(q) A), and for A < 0 no more than −c A. */
const surrogate =
  ({ low, high, dual }: Bounds): Binary =>
  (S) =>
  (q, advantage) => {
    const clip = S.max(S.of(1 - low), lesser(S, q, S.of(1 + high)))
    const gain = lesser(S, S.mul(q, advantage), S.mul(clip, advantage))
    const bounded = S.where(S.less(advantage, S.of(0)), S.max(gain, S.mul(S.of(dual), advantage)), gain)
    return S.mul(S.of(-1), bounded)
  }
const stated =
  (bounds: Bounds) =>
  (reward: Reward<ClipReads>): Stated<Evidence<ClipReads, 'judged'>> => {
    const [r, body] = [rewardOf(reward), surrogate(bounds)]
    return {
      kind: 'stated',
      name: 'PPO-Clip, dual clip',
      source: source('eq. 7; dual clip: Ye et al. (2020), arXiv:1912.09729, eq. 5'),
      because: `two values: undesirable completions are flat beyond q = ${bounds.dual}, at a loss that desirable ones still feel`,
      formula: { body, of: ['\\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{old}}(y|x)}', 'A'] },
      needs: needing('outcome', 'label', ...reward.reads),
      evaluate: ({ outcome, label }) => {
        const q = r(outcome)
        return { ...meanOf(binary(body)(q, label) as Tensor<'example'>), rewards: { outcome: q } }
      },
    }
  }

const declared = ({ low, high, dual }: Bounds): Checked<Clip> =>
  halo({
    name: 'PPO-Clip',
    source: source('eq. 7'),
    reward: ratio,
    reference: sampler,
    value: dual === 0 ? clipped : clippedBelow((1 - dual) / low),
    inverseTemperature: checked({ desirable: positive('high', 1 / high), undesirable: positive('low', 1 / low) }),
    t: byLabel({ desirable: affine(-1, high), undesirable: affine(1, low) }),
  })

/** The clip without its dual: always a HALO. */
export const clipOf = (low: number, high: number): Checked<Clip> => declared({ low, high, dual: 0 })

export const ppoClip = family(
  'ppo-clip',
  { low: 0.2, high: 0.2, dual: 0 },
  ({ low, high, dual }): Checked<Clip | Stated<Evidence<ClipReads, 'judged'>>> =>
    E.chain((bounds: Bounds): Checked<Clip | Stated<Evidence<ClipReads, 'judged'>>> => {
      const one = dual === 0 || dual >= 1 + low / high
      return one ? declared(bounds) : E.map(stated(bounds))(ratio)
    })(
      checked({
        ...{ low: positive('low', low), high: positive('high', high) },
        dual: number('dual', 'a number above 1, or 0 for none', dual, (c) => c === 0 || c > 1),
      }),
    ),
  ['ppo', 'PPOTrainer', 'PolicyLoss', 'rloo', 'RLOOTrainer', 'dapo', 'dr-grpo', 'bnpo'],
)
