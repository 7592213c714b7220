/**
 * The value function of Tversky and Kahneman (1992) itself, in place of KTO's logistic one.
 *
 *     L = mean −v(s (β u − z₀)),   v(z) = z^α for gains, −λ(−z)^α for losses
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { policy } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { tverskyKahneman as source } from '../sources.ts'
import { prospect } from '../value.ts'

export const prospectLoss = family(
  'prospect',
  { beta: 0.1, alpha: 0.88, lambda: 2.25 },
  ({ beta, alpha, lambda }) =>
    halo({
      name: 'Kahneman–Tversky',
      source: source('eq. 5'),
      reward: logRatio(beta),
      reference: policy(),
      value: prospect({ alpha, lambda }),
      t: always(negation),
    }),
  ['kahneman-tversky'],
)
