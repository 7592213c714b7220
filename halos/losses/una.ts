/**
 * Unified alignment, by squared error: the implied reward, as a probability, is regressed onto the label. It is the value of Savage's loss
 * on judged completions, with the reference model for a reference point: σ(β u) − 1 = −σ(−β u).
 *
 *     L = mean (σ(β u) − y)²,   y = 1 (desirable), 0 (undesirable)
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { anchor } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { savage } from '../savage.ts'
import { una as source } from '../sources-variants.ts'

export const una = family('una', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'UNA',
    source: source('the squared error, binary feedback'),
    reward: logRatio(beta),
    reference: anchor,
    value: savage,
    t: always(negation),
  }),
)
