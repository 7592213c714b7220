/**
 * Humanline KTO: KTO of completions as people would perceive them. What they would not believe of a token, a log-ratio beyond the bounds, is clamped,
 * and nothing is learnt from it. With infinite bounds, and a reference model that stays, it is KTO.
 *
 *     L = mean λ_s (1 − σ(s (r − z₀))),   r = β Σ_t clamp(ρ_t, low, high),   ρ_t = log π_θ(y_t|·)/π_ref(y_t|·)
 *
 * The paper also copies the policy into the reference model every few steps, which is the trainer's to do.
 */
import { family } from '../family.ts'
import { perceived } from '../perceived.ts'
import { humanline as source } from '../sources-variants.ts'
import { humanlineReading } from '../tokens.ts'
import { kto } from './kto.ts'

export const humanlineKto = family(
  'humanline-kto',
  { beta: 0.1, desirable: 1, undesirable: 1, low: -1, high: 1.5 },
  ({ beta, desirable, undesirable, low, high }) =>
    perceived(
      { name: 'Humanline KTO', source: source('the clipped variant') },
      kto({ beta, desirable, undesirable }),
      humanlineReading(low, high),
    ),
  [],
  'thumbs up and down, collected before',
)
