/**
 * REBEL: the difference of log-ratios is regressed onto that of the scores. Not a HALO: it rises beyond it. The reference model is the policy
 * of the last round.
 *
 *     L = mean (u_w − u_l − η (R_w − R_l))²
 */
import { either as E } from 'fp-ts'
import { mul, square, sub, type Tensor } from '../../core/index.ts'
import { type Everything, type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { meanOf } from '../loss.ts'
import { rebel as source } from '../sources-variants.ts'
import type { Stated } from '../stated.ts'
import { positive } from '../validation.ts'

type RebelEvidence = Evidence<'policy' | 'reference', 'pair'> & Pick<Everything, 'margin'>

const stated = (eta: number): Stated<RebelEvidence> => ({
  kind: 'stated',
  name: 'REBEL',
  source: source('the objective'),
  because: 'not monotone in log π: it rises beyond the difference of the scores',
  latex: `L = \\mathbb{E}\\left[ \\left(r_w - r_l - ${eta} \\left(R_w - R_l\\right)\\right)^2 \\right], \\quad r = \\log \\frac{\\pi_\\theta(y|x)}{\\pi_{\\mathrm{ref}}(y|x)}`,
  needs: needing('pair', 'reference', 'margin'),
  evaluate: ({ chosen, rejected, margin }) => {
    const r = (y: typeof chosen) => sub(y.policy, y.reference) as Tensor<'example'>
    const [own, other] = [r(chosen), r(rejected)]
    const losses = square(sub(sub(own, other), mul(margin!, eta))) as Tensor<'example'> // it is needed
    return { ...meanOf(losses), rewards: { chosen: own, rejected: other } }
  },
})

export const rebel = family(
  'rebel',
  { eta: 1 },
  ({ eta }) => E.map(stated)(positive('eta', eta)),
  [],
  'pairs with scores, round after round',
)
