/**
 * Humanline DPO: DPO of completions as people would perceive them (see humanline-kto.ts).
 *
 *     L = mean −log σ(r_w − r_l),   r = β Σ_t clamp(ρ_t, low, high),   ρ_t = log π_θ(y_t|·)/π_ref(y_t|·)
 */
import { family } from '../family.ts'
import { perceived } from '../perceived.ts'
import { humanline as source } from '../sources-variants.ts'
import { humanlineReading } from '../tokens.ts'
import { dpo } from './dpo.ts'

export const humanlineDpo = family(
  'humanline-dpo',
  { beta: 0.1, low: -1, high: 1.5 },
  ({ beta, low, high }) =>
    perceived({ name: 'Humanline DPO', source: source('the clipped variant') }, dpo({ beta }), humanlineReading(low, high)),
  [],
  'pairs, collected before',
)
