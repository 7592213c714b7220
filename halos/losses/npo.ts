/**
 * Negative preference optimization: logs of thumbs-down alone. A completion is pushed below the reference model, ever more gently.
 *
 *     L = mean −(2/β) log σ(s β u),   s = −1
 *
 * The paper has undesirable completions only; of a desirable one, if there are any, the mirror image is learnt. As β → 0 it is gradient
 * ascent on the likelihood of what was disliked.
 */
import { either as E } from 'fp-ts'
import { affine, always } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { anchor } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { npo as source } from '../sources-variants.ts'
import { positive } from '../validation.ts'
import { logLogistic } from '../value.ts'

export const npo = family(
  'npo',
  { beta: 0.1 },
  ({ beta }) =>
    halo({
      name: 'NPO',
      source: source('the loss'),
      reward: logRatio(beta),
      reference: anchor,
      value: logLogistic,
      t: always(E.chain((b: number) => affine(0, 2 / b))(positive('beta', beta))),
    }),
  [],
  'thumbs-down alone: nothing need be liked',
)
