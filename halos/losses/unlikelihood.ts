/**
 * Unlikelihood training: desirable completions become likelier, undesirable ones less likely, per token. Not a HALO.
 *
 *     L = mean −p̄ (desirable),  −log(1 − e^p̄) (undesirable)
 */
import { binary, div, type Tensor } from '../../core/index.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { unlikelihood as source } from '../sources.ts'
import { formula, type Stated } from '../stated.ts'
import { valid } from '../validation.ts'

/** log(1 − e^p̄) at p̄ = 0 is infinite: p̄ is kept below −2⁻⁵⁰. */
const cost = formula((S) => (p, label) => {
  const below = S.mul(S.of(-1), S.max(S.mul(S.of(-1), p), S.of(2 ** -50)))
  return S.mul(S.of(-1), S.where(S.less(S.of(0), label), p, S.log(S.mul(S.of(-1), S.expm1(below)))))
})

const loss: Stated<Evidence<'policy' | 'length', 'judged'>> = {
  kind: 'stated',
  name: 'Unlikelihood',
  source: source('eq. 4'),
  because: 'no reference point: nothing is ever a gain, whatever else could have been said',
  formula: { body: cost, of: ['\\bar{p}', 's'] },
  needs: needing('outcome', 'label', 'length'),
  evaluate: ({ outcome: { policy, length }, label }) => {
    const perToken = div(policy, length) as Tensor<'example'>
    return { ...meanOf(binary(cost)(perToken, label) as Tensor<'example'>), rewards: { outcome: perToken } }
  },
}

export const unlikelihood = family('unlikelihood', {}, () => valid(loss), ['UnlikelihoodTrainer'])
