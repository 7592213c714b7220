/**
 * Diffusion-KTO with a risk-seeking utility, as published for diffusion models: KTO whose value is convex. It is declared, and refuted: on gains a
 * value function is concave, so that every further gain is felt less; here it is felt more.
 *
 *     L = mean 1 + log σ(−s (β u − z₀)),   z₀ = max(0, stop(mean of β u over unrelated completions))
 */
import { always, complement } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { policy } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { diffusionKto as source } from '../sources-variants.ts'
import { value } from '../value.ts'

export const diffusionKto = family(
  'diffusion-kto-seeking',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'Diffusion-KTO, risk-seeking',
      source: source('the risk-seeking utility, −log σ(−x)'),
      reward: logRatio(beta),
      reference: policy(),
      value: value('−log σ(−z)', (S) => S.softplus),
      t: always(complement(1)),
    }),
  [],
  'nothing: it is here as a counterexample',
)
