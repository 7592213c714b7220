/**
 * Unlikelihood training: desirable completions become likelier, undesirable ones less likely, per token. Not a HALO.
 *
 *     L = mean −p̄ (desirable),  −log(1 − e^p̄) (undesirable)
 */
import { binary, constant, div, mean, size, type Tensor } from '../../core/index.ts'
import type { Evidence } from '../evidence.ts'
import { family } from '../family.ts'
import { sound } from '../flaw.ts'
import { unlikelihood as source } from '../sources.ts'
import type { Stated } from '../stated.ts'

/** log(1 − e^p̄) at p̄ = 0 is infinite: p̄ is kept below −2⁻⁵⁰. */
const cost = binary((S) => (p, label) => {
  const below = S.mul(S.of(-1), S.max(S.mul(S.of(-1), p), S.of(2 ** -50)))
  return S.mul(S.of(-1), S.where(S.less(S.of(0), label), p, S.log(S.mul(S.of(-1), S.expm1(below)))))
})

const loss: Stated<Evidence<'policy' | 'length', 'judged'>> = {
  name: 'Unlikelihood',
  source: source('eq. 4'),
  because: {
    reason: 'no reference point: log π_θ(y|x) is never positive, so nothing is ever a gain, whatever else could have been said',
  },
  needs: { pair: false, outcome: true, label: true, unrelated: false, reference: false, length: true, history: false },
  evaluate: ({ outcome: { policy, length }, label }) => {
    const perToken = div(policy, length) as Tensor<'example'>
    const losses = cost(perToken, label) as Tensor<'example'>
    return { loss: mean(losses, 'example'), weight: constant(size(losses, 'example')), losses, rewards: { outcome: perToken } }
  },
}

export const unlikelihood = family('unlikelihood', {}, () => sound(loss), ['UnlikelihoodTrainer'])
