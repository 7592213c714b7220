/**
 * Offline PPO, as the KTO paper runs it: PPO's clip, with the advantage of a label ℓ = ±1 over what a value head expected of the prompt.
 *
 *     L = PPO-Clip(A) + c mean (V(x) − ℓ)²,   A = stop(ℓ − V(x))
 *
 * V has parameters of its own, and is held where it meets the policy: in log π this is PPO-Clip, the same HALO.
 */
import { either as E } from 'fp-ts'
import { add, mul, square, stopGradient, sub, type Tensor } from '../../core/index.ts'
import type { Everything, Evidence } from '../evidence.ts'
import { family } from '../family.ts'
import type { Halo } from '../halo.ts'
import { ones, summed } from '../loss.ts'
import { kto as source } from '../sources.ts'
import { checked, nonNegative } from '../validation.ts'
import type { LossView } from '../view.ts'
import { clipOf } from './ppo-clip.ts'

type ValueClip = Halo<'policy' | 'reference' | 'old', 'judged'>
type Valued = Evidence<'policy' | 'reference' | 'old', 'judged'> & Pick<Everything, 'value'>

/** What V did not expect of the label. */
const errorOf = ({ value, label }: Pick<Valued, 'value' | 'label'>): Tensor<'example'> =>
  value === undefined ? label : (sub(label, value) as Tensor<'example'>)
const advantaged = (e: Valued): Valued => ({ ...e, label: stopGradient(errorOf(e)) })

const withCritic = (clip: ValueClip, critic: number): LossView<Valued> => ({
  kind: 'view',
  name: 'PPO with a value head',
  source: source('§3.3, offline PPO (defaults: config/loss/ppo.yaml of its code)'),
  through: clip as unknown as Halo, // only to be looked at
  reduced: (e) => advantaged(e) as unknown as Everything, // the clip looks at no more of it
  seen: {
    text: 'labels, less what a value head expects',
    latex: 'A = \\mathrm{stop}\\left(\\ell - V(x)\\right)',
    plus: `${critic} \\, \\mathbb{E}\\left[ \\left(V(x) - \\ell\\right)^2 \\right]`,
  },
  needs: { ...clip.needs, value: true },
  evaluate: (e) => {
    const error = errorOf(e)
    const outcome = clip.evaluate(advantaged(e))
    const numerator = mul(square(error), critic) as Tensor<'example'>
    const losses = add(outcome.losses, numerator) as Tensor<'example'>
    return { ...outcome, ...summed(losses, ...outcome.terms, { name: 'V', numerator, denominator: ones(numerator) }) }
  },
})

export const ppoValue = family('ppo-value', { low: 0.5, high: 1, critic: 0.005 }, ({ low, high, critic }) =>
  E.map(({ clip, critic }: { readonly clip: ValueClip; readonly critic: number }) => withCritic(clip, critic))(
    checked({ clip: clipOf(low, high), critic: nonNegative('critic', critic) }),
  ),
)
