/**
 * Generalized preference optimization with the Savage loss of classification: any convex (or bounded) f(z) in place of −log σ(z). It saturates on both sides, faster on gains than σ does.
 *
 *     L = mean σ(−z)²,   z = β u_w − β u_l
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { savage } from '../savage.ts'
import { gpo as source } from '../sources-variants.ts'

export const gpoSavage = family('gpo-savage', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'GPO, Savage',
    source: source('Table 1'),
    reward: logRatio(beta),
    reference: rejected,
    value: savage,
    t: always(negation),
  }),
)
