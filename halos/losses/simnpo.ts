/**
 * NPO without a reference model, a token at a time. Not a HALO: a completion is compared with a constant, nobody's reward.
 *
 *     L = mean −(2/β) log σ(s (β p̄ + γ)),   s = −1
 */
import { either as E } from 'fp-ts'
import { binary, div, type Tensor } from '../../core/index.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { simNpo as source } from '../sources-variants.ts'
import { formula, type Stated } from '../stated.ts'
import { checked, nonNegative, positive } from '../validation.ts'
import { logSigmoid } from '../words.ts'

interface SimNpoSettings {
  readonly beta: number
  readonly gamma: number
}
const stated = ({ beta, gamma }: SimNpoSettings): Stated<Evidence<'policy' | 'length', 'judged'>> => {
  const body = formula((S) => (p, s) => S.mul(S.of(-2 / beta), logSigmoid(S, S.mul(s, S.add(S.mul(S.of(beta), p), S.of(beta * gamma))))))
  return {
    kind: 'stated',
    name: 'SimNPO',
    source: source('the loss'),
    because: 'no reference point: the log-probability of a token is compared with −γ, whatever else could have been said',
    formula: { body, of: ['\\bar{p}', 's'] },
    needs: needing('outcome', 'label', 'length'),
    evaluate: ({ outcome: { policy, length }, label }) => {
      const perToken = div(policy, length) as Tensor<'example'>
      return { ...meanOf(binary(body)(perToken, label) as Tensor<'example'>), rewards: { outcome: perToken } }
    },
  }
}

export const simNpo = family(
  'simnpo',
  { beta: 2.5, gamma: 0 },
  ({ beta, gamma }) => E.map(stated)(checked({ beta: positive('beta', beta), gamma: nonNegative('gamma', gamma) })),
  [],
  'thumbs-down alone, without a reference model',
)
