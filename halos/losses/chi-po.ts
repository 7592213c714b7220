/**
 * χPO: DPO whose reward is that of the divergence χ² + KL, which grows much faster where the policy departs from the data. Differences are
 * clipped to what rewards can differ by, 2R.
 *
 *     L = mean −log σ(clip(r_w − r_l, ±2R)),   r = β (e^u + u)
 */
import { either as E } from 'fp-ts'
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { chiSquared } from '../reward.ts'
import { chiPo as source } from '../sources-variants.ts'
import { positive } from '../validation.ts'
import { value } from '../value.ts'
import { lesser, logSigmoid } from '../words.ts'

export const chiPo = family('chi-po', { beta: 0.1, bound: 1 }, ({ beta, bound }) =>
  halo({
    name: 'χPO',
    source: source('Algorithm 1'),
    reward: chiSquared(beta),
    reference: rejected,
    value: E.chain((r: number) =>
      value(`log σ(clip(z, ±${2 * r}))`, (S) => (z) => logSigmoid(S, S.max(S.of(-2 * r), lesser(S, z, S.of(2 * r))))),
    )(positive('bound', bound)),
    t: always(negation),
  }),
)
