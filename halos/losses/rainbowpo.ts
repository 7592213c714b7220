/**
 * RainbowPO: between SimPO (α = 0) and DPO per token (α = 1): only a part of the reference model is believed, and a fixed margin takes the
 * place of the rest. Not a HALO: log π_θ is compared with α log π_ref.
 *
 *     L = mean −log σ(β (Δp̄ − α Δp̄_ref − (1 − α) h)),   Δ of the chosen less the rejected completion, a token each
 */
import { either as E } from 'fp-ts'
import { binary, div, mul, sub, type Tensor } from '../../core/index.ts'
import { type Completion, type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { rainbowPo as source } from '../sources-variants.ts'
import { formula, type Stated } from '../stated.ts'
import { checked, nonNegative, number, positive } from '../validation.ts'
import { logSigmoid, negate } from '../words.ts'

interface RainbowSettings {
  readonly beta: number
  readonly alpha: number
  readonly advantage: number
}

const stated = ({ beta, alpha, advantage }: RainbowSettings): Stated<Evidence<'policy' | 'reference' | 'length', 'pair'>> => {
  const cost = formula((S) => (w, l) => negate(S, logSigmoid(S, S.sub(S.sub(w, l), S.of(beta * (1 - alpha) * advantage)))))
  const r = ({ policy, reference, length }: Pick<Completion, 'policy' | 'reference' | 'length'>) =>
    mul(div(sub(policy, mul(reference, alpha)), length), beta) as Tensor<'example'>
  const side = (which: 'w' | 'l'): string =>
    `\\frac{${beta}}{|y_${which}|} \\left(\\log \\pi_\\theta(y_${which}|x) - ${alpha} \\log \\pi_{\\mathrm{ref}}(y_${which}|x)\\right)`
  return {
    kind: 'stated',
    name: 'RainbowPO',
    source: source('the mixed reference margin'),
    because: 'two rewards: log π_θ is compared with a part of log π_ref, which is neither a log-ratio nor a log-probability',
    formula: { body: cost, of: [side('w'), side('l')] },
    needs: needing('pair', 'reference', 'length'),
    evaluate: ({ chosen, rejected }) => {
      const [own, other] = [r(chosen), r(rejected)]
      return { ...meanOf(binary(cost)(own, other) as Tensor<'example'>), rewards: { chosen: own, rejected: other } }
    },
  }
}

export const rainbowPo = family(
  'rainbowpo',
  { beta: 10, alpha: 0.25, advantage: 0.1 },
  ({ beta, alpha, advantage }) =>
    E.map(stated)(
      checked({
        ...{ beta: positive('beta', beta), advantage: nonNegative('advantage', advantage) },
        alpha: number('alpha', 'a fraction in (0, 1), for 0 is SimPO and 1 DPO per token', alpha, (a) => a > 0 && a < 1),
      }),
    ),
  [],
  'pairs',
)
