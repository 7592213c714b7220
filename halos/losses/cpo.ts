/**
 * Contrastive preference optimization, the preference term: DPO without a reference model. The whole loss is `cpo-nll`.
 *
 *     L = mean −log σ(β p_w − β p_l)
 */
import { family } from '../family.ts'
import { logProbability } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { cpo as source } from '../sources.ts'

export const cpo = family(
  'cpo',
  { beta: 0.1, epsilon: 0 },
  ({ beta, epsilon }) => smoothed({ name: 'CPO', source: source('the preference term'), reward: logProbability(beta), epsilon }),
  ['CPOLoss'],
)
