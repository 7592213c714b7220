/**
 * Iterative reasoning preference optimization: DPO, and the likelihood of the chosen completion, averaged over its tokens. Not a HALO: the
 * likelihood is compared with nothing.
 *
 *     L = mean −log σ(β u_w − β u_l) − α p_w/n_w
 */
import { either as E } from 'fp-ts'
import { div, negate, type Tensor } from '../../core/index.ts'
import { weighted } from '../algebra.ts'
import { type Evidence, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { type AnyLoss, meanOf } from '../loss.ts'
import { irpo as source } from '../sources-variants.ts'
import { formula, type Stated } from '../stated.ts'
import { checked, positive } from '../validation.ts'
import { dpo } from './dpo.ts'

const likelihood: Stated<Evidence<'policy' | 'length', 'pair'>> = {
  kind: 'stated',
  name: 'likelihood',
  source: source('eq. 1'),
  because: 'no reference point: nothing is ever a gain, whatever else could have been said',
  formula: { body: formula((S) => (p, n) => S.mul(S.of(-1), S.div(p, n))), of: ['\\log \\pi_\\theta(y_w|x)', '|y_w|'] },
  needs: needing('pair', 'length'),
  evaluate: ({ chosen: { policy, length } }) => {
    const losses = negate(div(policy, length)) as Tensor<'example'>
    return { ...meanOf(losses), rewards: {} }
  },
}

export const irpo = family(
  'irpo',
  { beta: 0.1, alpha: 1 },
  ({ beta, alpha }) =>
    E.chain((of: { readonly dpo: AnyLoss; readonly alpha: number }) =>
      weighted('IRPO', source('eq. 1'), [
        [1, of.dpo],
        [of.alpha, likelihood],
      ]),
    )(checked({ dpo: dpo({ beta }), alpha: positive('alpha', alpha) })),
  [],
  'pairs of reasoning, right and wrong',
)
