/**
 * Generalized preference optimization with the truncated quadratic loss of classification: any convex (or bounded) f(z) in place of −log σ(z). Nothing to gain beyond a margin of 1.
 *
 *     L = mean max(0, 1 − z)²,   z = β u_w − β u_l
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { gpo as source } from '../sources-variants.ts'
import { truncatedSquare } from '../value.ts'

export const gpoTruncatedQuadratic = family('gpo-truncated-quadratic', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'GPO, truncated quadratic',
    source: source('Table 1'),
    reward: logRatio(beta),
    reference: rejected,
    value: truncatedSquare(1),
    t: always(negation),
  }),
)
