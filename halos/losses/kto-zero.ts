/**
 * KTO without a reference point to estimate: the anchor is the reference model itself (APO-zero on single completions).
 *
 *     L = mean λ_s (1 − σ(s β u))
 */
import { byLabel, complement } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { anchor } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { kto as source } from '../sources.ts'
import { logistic } from '../value.ts'

export const ktoZero = family(
  'kto-zero',
  { beta: 0.1, desirable: 1, undesirable: 1 },
  ({ beta, desirable, undesirable }) =>
    halo({
      name: 'KTO, z₀ = 0',
      source: source('§4.1'),
      reward: logRatio(beta),
      reference: anchor,
      value: logistic,
      t: byLabel({ desirable: complement(desirable), undesirable: complement(undesirable) }),
    }),
  ['apo-zero-unpaired', 'KTOZeroTrainer'],
)
