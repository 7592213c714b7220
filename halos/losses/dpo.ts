/**
 * Direct preference optimization: the chosen completion compared with the rejected one.
 *
 *     L = mean −log σ(β u_w − β u_l)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { dpo as source } from '../sources.ts'
import { logLogistic } from '../value.ts'

/**
 * Direct preference optimization: pairs of a chosen and a rejected completion. `beta` (default 0.1) is the strength of the penalty for
 * leaving the
 * reference model. Rafailov et al. (2023), arXiv:2305.18290, eq. 7.
 * @example
 * ```ts
 * import { dpo, getOrThrow, toLatex } from 'halograd/halos'
 * console.log(toLatex(getOrThrow(dpo({ beta: 0.2 }))))
 * ```
 */
export const dpo = family(
  'dpo',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'DPO',
      source: source('eq. 7'),
      reward: logRatio(beta),
      reference: rejected,
      value: logLogistic,
      t: always(negation),
    }),
  ['sigmoid', 'DPOTrainer', 'DPOLoss', 'online-dpo', 'OnlineDPOTrainer'],
)
