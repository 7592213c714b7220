/**
 * Conservative DPO: preferences are believed with probability 1 − ε. Not a HALO: it rises beyond z = log((1 − ε)/ε).
 *
 *     L = mean −log σ(z) + ε z,   z = β u_w − β u_l
 */
import { family } from '../family.ts'
import { logRatio } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { cdpo as source } from '../sources.ts'

export const cdpo = family(
  'cdpo',
  { beta: 0.1, epsilon: 0.1 },
  ({ beta, epsilon }) =>
    smoothed({ name: 'cDPO', source: source('eq. 3, https://ericmitchell.ai/cdpo.pdf'), reward: logRatio(beta), epsilon }),
  ['CDPOTrainer'],
)
