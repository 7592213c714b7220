/**
 * Kahneman–Tversky optimization: a completion that was judged desirable or undesirable, compared with what the policy does elsewhere.
 *
 *     L = mean λ_s (1 − σ(s (β u − z₀))),   z₀ = max(0, stop(mean of β u over unrelated completions))
 */
import { byLabel, complement } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { policy } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { kto as source } from '../sources.ts'
import { logistic } from '../value.ts'

/**
 * Kahneman–Tversky optimization, a loss of judged completions: L = mean λ_s (1 − σ(s (β u − z₀))). Ethayarajh et al. (2024),
 * arXiv:2402.01306, eq. 7. `beta` (default 0.1, above 0) is the strength of the penalty for leaving the reference model; `desirable` and
 * `undesirable` (default 1, above 0) are λ_D and λ_U.
 * @example
 * ```ts
 * import { getOrThrow, kto, verify } from 'halograd/halos'
 * console.log(verify(getOrThrow(kto({ beta: 0.1 }))).verdict) // HALO
 * ```
 */
export const kto = family(
  'kto',
  { beta: 0.1, desirable: 1, undesirable: 1 },
  ({ beta, desirable, undesirable }) =>
    halo({
      name: 'KTO',
      source: source('eq. 7'),
      reward: logRatio(beta),
      reference: policy(),
      value: logistic,
      t: byLabel({ desirable: complement(desirable), undesirable: complement(undesirable) }),
    }),
  ['KTOTrainer', 'KTOLoss'],
)
