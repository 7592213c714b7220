/**
 * Mixed preference optimization: a preference (DPO), a quality (BCO) and a generation (SFT) loss, added. Not a HALO: different r and Q.
 *
 *     L = a DPO + b BCO-pair + c SFT of the chosen completions
 */
import { either as E } from 'fp-ts'
import { weighted } from '../algebra.ts'
import { family } from '../family.ts'
import type { AnyLoss } from '../loss.ts'
import { mpo as source } from '../sources.ts'
import { checked, nonNegative } from '../validation.ts'
import { seenByPairs } from '../view.ts'
import { bcoPair } from './bco-pair.ts'
import { dpo } from './dpo.ts'
import { sft } from './sft.ts'

export const mpo = family('mpo', { beta: 0.1, preference: 0.8, quality: 0.2, generation: 1 }, ({ beta, preference, quality, generation }) =>
  E.chain((of: { readonly dpo: AnyLoss; readonly bco: AnyLoss; readonly sft: AnyLoss }) => {
    const terms = [
      [preference, of.dpo],
      [quality, of.bco],
      [generation, seenByPairs(of.sft)],
    ] as const
    return weighted(
      'MPO',
      source('the mixed loss'),
      terms.filter(([weight]) => weight !== 0),
    )
  })(
    checked({
      ...{ dpo: dpo({ beta }), bco: bcoPair({ beta }), sft: sft() },
      ...{
        preference: nonNegative('preference', preference),
        quality: nonNegative('quality', quality),
        generation: nonNegative('generation', generation),
      },
    }),
  ),
)
