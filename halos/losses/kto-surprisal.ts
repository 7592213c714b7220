/**
 * KTO without a reference model: the reward is the log-probability per token, compared with that of unrelated completions, unclamped.
 *
 *     L = mean λ_s (1 − σ(s β (p̄ − mean p̄')))
 */
import { byLabel, complement } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { policy } from '../reference.ts'
import { logProbabilityPerToken } from '../reward.ts'
import { kto as source } from '../sources.ts'
import { logistic } from '../value.ts'

export const ktoSurprisal = family(
  'kto-surprisal',
  { beta: 0.1, desirable: 1, undesirable: 1 },
  ({ beta, desirable, undesirable }) =>
    halo({
      name: 'KTO on surprisal',
      source: source('§4.1'),
      reward: logProbabilityPerToken(beta),
      reference: policy({ clamped: false }),
      value: logistic,
      t: byLabel({ desirable: complement(desirable), undesirable: complement(undesirable) }),
    }),
  ['KTOSurprisalTrainer'],
)
