/**
 * Distributionally robust DPO: the losses of a batch meet in a soft minimum, so that pairs with a large loss, likely to be mislabelled, count
 * less. Not a HALO: the weight of a pair depends on θ.
 *
 *     L = −β′ log mean e^(−ℓ/β′),   ∇L = Σ w ∇ℓ / Σ w,   w = stop(e^(−ℓ/β′)),   ℓ = −log σ(β u_w − β u_l)
 *
 * What is reported is the weighted mean, whose gradient is that of the soft minimum; so parts of a batch add up.
 */
import { either as E } from 'fp-ts'
import { mul, stopGradient, type Tensor, unary } from '../../core/index.ts'
import type { Evidence } from '../evidence.ts'
import { family } from '../family.ts'
import type { Halo } from '../halo.ts'
import { summed } from '../loss.ts'
import { drDpo as source } from '../sources-variants.ts'
import type { Stated } from '../stated.ts'
import { checked, positive } from '../validation.ts'
import { dpo } from './dpo.ts'

type DrDpoPairs = Evidence<'policy' | 'reference', 'pair'>

const robust = ({ each, spread }: { readonly each: Halo<'policy' | 'reference', 'pair'>; readonly spread: number }): Stated<DrDpoPairs> => {
  const likely = unary((S) => (loss) => S.exp(S.mul(S.of(-1 / spread), loss)))
  return {
    kind: 'stated',
    name: 'Dr. DPO',
    source: source('the loss'),
    because: 'weights that depend on θ: weighed by its own loss, a pair that is very wrong costs less than one that is a little wrong',
    latex: `L = -${spread} \\log \\mathbb{E}\\left[ \\sigma\\left(r_w - r_l\\right)^{1/${spread}} \\right], \\quad r = ${each.reward.scale} \\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)}`,
    needs: each.needs,
    evaluate: (evidence) => {
      const { losses, rewards } = each.evaluate(evidence)
      const weight = stopGradient(likely(losses) as Tensor<'example'>)
      const numerator = mul(weight, losses) as Tensor<'example'>
      return { ...summed(numerator, { numerator, denominator: weight }), rewards }
    },
  }
}

export const drDpo = family(
  'dr-dpo',
  { beta: 0.1, spread: 1 },
  ({ beta, spread }) => E.map(robust)(checked({ each: dpo({ beta }), spread: positive('spread', spread) })),
  [],
  'pairs of which some are mislabelled',
)
