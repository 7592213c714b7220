/**
 * DPO with an offset: the more a judge prefers the chosen completion, the larger the margin by which it must win.
 *
 *     L = mean −log σ(β u_w − β u_l − α log(R_w − R_l))
 *
 * Scores that do not differ (by less than 2⁻²⁰) ask for as little as those that do by 2⁻²⁰.
 */
import { either as E } from 'fp-ts'
import { log, maximum, mul, type Tensor } from '../../core/index.ts'
import { family } from '../family.ts'
import { odpo as source } from '../sources-variants.ts'
import { positive } from '../validation.ts'
import { withMargin } from '../view.ts'
import { dpo } from './dpo.ts'

const least = 2 ** -20

export const odpo = family(
  'odpo',
  { beta: 0.1, alpha: 1 },
  ({ beta, alpha }) =>
    E.chain((a: number) =>
      withMargin(dpo({ beta }), {
        name: 'ODPO',
        source: source('the loss'),
        needs: { margin: true },
        margin: ({ margin }) => mul(log(maximum(margin!, least)), a) as Tensor<'example'>, // it is needed
        seen: {
          text: `the chosen completion less likely by ${a} log of the margin of scores`,
          latex: `z \\leftarrow z - ${a} \\log\\left(R(x, y_w) - R(x, y_l)\\right)`,
        },
      }),
    )(positive('alpha', alpha)),
  [],
  'pairs with scores',
)
