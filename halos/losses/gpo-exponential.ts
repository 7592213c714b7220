/**
 * Generalized preference optimization with the exponential loss of classification: any convex (or bounded) f(z) in place of −log σ(z). Losses weigh exponentially; nothing is clipped but e^(−z) beyond what numbers hold.
 *
 *     L = mean e^(−z),   z = β u_w − β u_l
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { gpo as source } from '../sources-variants.ts'
import { value } from '../value.ts'
import { boundedExp, negate } from '../words.ts'

export const gpoExponential = family('gpo-exponential', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'GPO, exponential',
    source: source('Table 1'),
    reward: logRatio(beta),
    reference: rejected,
    value: value('−e^(−z)', (S) => (z) => negate(S, boundedExp(S, negate(S, z)))),
    t: always(negation),
  }),
)
