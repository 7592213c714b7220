/**
 * IPO that stops where it would turn back: a HALO, unlike the square itself.
 *
 *     L = mean (min(z, z*) − z*)²,   z = u_w/n_w − u_l/n_l, z* = 1/(2β)
 */
import { either as E } from 'fp-ts'
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { logRatioPerToken } from '../reward.ts'
import { ipo as source } from '../sources.ts'
import { positive } from '../validation.ts'
import { truncatedSquare } from '../value.ts'

export const truncatedIpo = family('truncated-ipo', { beta: 0.1 }, ({ beta }) =>
  halo({
    name: 'Truncated IPO',
    source: source('eq. 17, truncated at its minimum'),
    reward: logRatioPerToken(1),
    reference: rejected,
    value: E.chain((b: number) => truncatedSquare(1 / (2 * b)))(positive('beta', beta)),
    t: always(negation),
  }),
)
