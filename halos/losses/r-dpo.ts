/**
 * DPO that does not reward length: the policy that is best for r(x, y) − α |y| implies the reward β u + α n, so that a chosen completion which
 * is longer has that much less to win.
 *
 *     L = mean −log σ(β u_w − β u_l + α (n_w − n_l))
 */
import { either as E } from 'fp-ts'
import { mul, sub, type Tensor } from '../../core/index.ts'
import { family } from '../family.ts'
import { rDpo as source } from '../sources-variants.ts'
import { positive } from '../validation.ts'
import { withMargin } from '../view.ts'
import { dpo } from './dpo.ts'

export const rDpo = family(
  'r-dpo',
  { beta: 0.1, alpha: 0.01 },
  ({ beta, alpha }) =>
    E.chain((a: number) =>
      withMargin(dpo({ beta }), {
        name: 'R-DPO',
        source: source('the length-regularised objective'),
        needs: { length: true },
        margin: ({ chosen, rejected }) => mul(sub(rejected.length, chosen.length), a) as Tensor<'example'>,
        seen: {
          text: `the chosen completion likelier by ${a} for each token that it is longer`,
          latex: `z \\leftarrow z + ${a} \\left(|y_w| - |y_l|\\right)`,
        },
      }),
    )(positive('alpha', alpha)),
  [],
  'pairs whose chosen completions are longer',
)
