/**
 * Unified alignment, by cross-entropy: BCO without a reference point to estimate.
 *
 *     L = mean −log σ(s β u)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { anchor } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { una as source } from '../sources-variants.ts'
import { logLogistic } from '../value.ts'

export const unaBce = family('una-bce', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'UNA, cross-entropy',
    source: source('the cross-entropy, binary feedback'),
    reward: logRatio(beta),
    reference: anchor,
    value: logLogistic,
    t: always(negation),
  }),
)
