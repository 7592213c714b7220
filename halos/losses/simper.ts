/**
 * SimPER: the inverse perplexity of the chosen completion up, that of the rejected one down. Nothing to choose, and no reference model.
 *
 *     L = mean −e^p̄_w + e^p̄_l
 */
import { always, negation } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { rejected } from '../reference.ts'
import { inversePerplexity } from '../reward.ts'
import { simPer as source } from '../sources-variants.ts'
import { linear } from '../value.ts'

export const simPer = family(
  'simper',
  {},
  () =>
    halo({
      name: 'SimPER',
      source: source('the loss'),
      reward: inversePerplexity,
      reference: rejected,
      value: linear,
      t: always(negation),
    }),
  [],
  'pairs, without a reference model, nothing to tune',
)
