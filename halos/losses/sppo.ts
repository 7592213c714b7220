/**
 * Self-play preference optimization with soft preferences: both log-ratios are regressed onto how often a judge has the completion win. Not a
 * HALO. A judge whose margin of scores is m prefers the chosen one with probability (1 + m)/2.
 *
 *     L = mean ½ ((u_w − m/(2β))² + (u_l + m/(2β))²),   m = 2 P(y_w ≻ y_l) − 1
 */
import { either as E } from 'fp-ts'
import { add, mul, square, sub, type Tensor } from '../../core/index.ts'
import { type Everything, type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { sppo as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { positive } from '../validation.ts'

type SppoEvidence = Evidence<'policy' | 'reference', 'pair'> & Pick<Everything, 'margin'>

const stated = (beta: number): Stated<SppoEvidence> => ({
  kind: 'stated',
  name: 'SPPO',
  source: source('the loss with estimated preferences'),
  because: 'not monotone in log π: it rises beyond the log-ratio that the preference implies',
  latex: `L = \\frac{1}{2} \\mathbb{E}\\left[ \\left(r_w - ${0.5 / beta} m\\right)^2 + \\left(r_l + ${0.5 / beta} m\\right)^2 \\right], \\quad r = \\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)}, \\quad m = 2 P(y_w \\succ y_l) - 1`,
  needs: needing('pair', 'reference', 'margin'),
  evaluate: ({ chosen, rejected, margin }) => {
    const r = (y: typeof chosen) => sub(y.policy, y.reference) as Tensor<'example'>
    const [own, other, goal] = [r(chosen), r(rejected), mul(margin!, 0.5 / beta)] // it is needed
    const losses = mul(add(square(sub(own, goal)), square(add(other, goal))), 0.5) as Tensor<'example'>
    return { ...meanOf(losses), rewards: { chosen: own, rejected: other } }
  },
})

export const sppo = family('sppo', { beta: 0.1 }, ({ beta }) => E.map(stated)(positive('beta', beta)), [], 'pairs with the odds of winning')
