/**
 * Anchored preference optimization: chosen completions above the reference model, rejected ones below it.
 *
 *     L = mean over pairs of (1 − σ(β u_w)) + σ(β u_l)
 */
import { always, complement } from '../affine.ts'
import { family } from '../family.ts'
import { halo } from '../halo.ts'
import { anchor } from '../reference.ts'
import { logRatio } from '../reward.ts'
import { apo as source } from '../sources.ts'
import { logistic } from '../value.ts'
import { ofPairs } from '../view.ts'

export const apoZero = family('apo-zero', { beta: 0.1 }, ({ beta }) =>
  ofPairs(
    'APO-zero',
    'pair',
    halo({
      name: 'APO-zero of one completion',
      source: source('APO-zero'),
      reward: logRatio(beta),
      reference: anchor,
      value: logistic,
      t: always(complement(1)),
    }),
  ),
)
