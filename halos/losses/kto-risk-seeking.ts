/**
 * KTO with a value function that seeks risks, as Diffusion-KTO tried: convex on gains. Declared as it is published, and refuted.
 *
 *     L = mean log σ(−s (β u − z₀))
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { policy } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { diffusionKto as source } from '../sources-variants.ts'
import { value } from '../value.ts'

export const ktoRiskSeeking = family(
  'kto-risk-seeking',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'KTO, risk-seeking',
      source: source('the risk-seeking utility'),
      reward: logRatio(beta),
      reference: policy(),
      value: value('−log σ(−z)', (S) => S.softplus),
      t: always(negation),
    }),
  [],
  'nobody: a control that verification refutes',
)
