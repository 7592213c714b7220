/**
 * Alignment by optimal transport: the k-th best chosen reward of the batch compared with the k-th best rejected one.
 *
 *     L = mean −log σ(z) + ε z,   z = β u_w⁽ᵏ⁾ − β u_l⁽ᵏ⁾
 */
import { family } from '../family.ts'
import { rankMatched } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { smoothed } from '../smoothed.ts'
import { aot as source } from '../sources.ts'

export const aotUnpaired = family('aot-unpaired', { beta: 0.1, epsilon: 0 }, ({ beta, epsilon }) =>
  smoothed({ name: 'AOT, unpaired', source: source('the unpaired loss'), reward: logRatio(beta), reference: rankMatched, epsilon }),
)
