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
 * Direct preference optimization, a loss of pairs: L = mean −log σ(β u_w − β u_l), u = log π_θ/π_ref. Rafailov et al. (2023),
 * arXiv:2305.18290, eq. 7. `beta` (default 0.1, above 0) is the strength of the penalty for leaving the reference model.
 * @example
 * ```ts
 * import { dpo, getOrThrow } from 'halograd/halos'
 * const { name, needs } = getOrThrow(dpo({ beta: 0.2 }))
 * console.log(name, needs.pair) // DPO true
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
