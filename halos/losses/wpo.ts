/**
 * Weighted preference optimization: pairs that the policy would hardly say count less, as if they were its own. Not a HALO: the weight of a pair
 * depends on θ. (The weight is the paper's before its alignment, which needs Σ_v π(v)² of every token.)
 *
 *     L = mean −stop(min(1, e^(p̄_w + p̄_l))) log σ(β u_w − β u_l)
 */
import { either as E } from 'fp-ts'
import { add, div, mul, stopGradient, type Tensor, unary } from '../../core/index.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import type { Halo } from '../halo.ts'
import { meanOf } from '../loss.ts'
import { wpo as source } from '../sources-variants.ts'
import type { Stated } from '../stated.ts'
import { boundedExp, lesser } from '../words.ts'
import { dpo } from './dpo.ts'

type Pairs = Evidence<'policy' | 'reference' | 'length', 'pair'>

/** min(1, e^x). */
const likely = unary((S) => (x) => lesser(S, S.of(1), boundedExp(S, x)))

const stated = (each: Halo<'policy' | 'reference', 'pair'>): Stated<Pairs> => ({
  kind: 'stated',
  name: 'WPO',
  source: source('the weights without alignment'),
  because: 'weights that depend on θ: by how likely the pair is to the policy, though no gradient flows through it',
  latex: `L = -\\mathbb{E}\\left[ \\mathrm{stop}\\left(\\min\\left(1, \\pi_\\theta(y_w|x)^{1/|y_w|} \\pi_\\theta(y_l|x)^{1/|y_l|}\\right)\\right) \\log \\sigma\\left(r_w - r_l\\right) \\right], \\quad r = ${each.reward.scale} \\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)}`,
  needs: needing('pair', 'reference', 'length'),
  evaluate: (evidence) => {
    const { losses, rewards } = each.evaluate(evidence)
    const perToken = ({ policy, length }: Pairs['chosen']) => div(policy, length)
    const weight = stopGradient(likely(add(perToken(evidence.chosen), perToken(evidence.rejected))))
    return { ...meanOf(mul(weight, losses) as Tensor<'example'>), rewards }
  },
})

export const wpo = family('wpo', { beta: 0.1 }, ({ beta }) => E.map(stated)(dpo({ beta })), [], 'pairs that others than the model wrote')
