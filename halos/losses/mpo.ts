/**
 * Mixed preference optimization: a preference (DPO), a quality (BCO) and a generation (SFT) loss, added. Not a HALO: different r and Q.
 *
 *     L = a DPO + b BCO-pair + c SFT of the chosen completions
 */
import { either as E } from 'fp-ts'
import { contramap, weighted } from '../algebra.ts'
import { type Completion, needing } from '../evidence.ts'
import { family } from '../family.ts'
import { checked } from '../flaw.ts'
import type { Loss } from '../loss.ts'
import { mpo as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { bcoPair } from './bco-pair.ts'
import { dpo } from './dpo.ts'
import { type Demonstrations, sft } from './sft.ts'

interface Pairs {
  readonly chosen: Completion
  readonly rejected: Completion
}

export const mpo = family('mpo', { beta: 0.1, preference: 0.8, quality: 0.2, generation: 1 }, ({ beta, preference, quality, generation }) =>
  E.chain((of: { readonly dpo: Loss<Pairs>; readonly bco: Loss<Pairs>; readonly sft: Stated<Demonstrations> }) => {
    const { because, formula } = of.sft
    const ofChosen: Stated<Pairs> = {
      ...contramap(({ chosen: outcome }: Pairs) => ({ outcome }))(of.sft),
      ...{ because, ...(formula && { formula }) },
      needs: needing('pair', 'length'),
    }
    const terms = [
      [preference, of.dpo],
      [quality, of.bco],
      [generation, ofChosen],
    ] as const
    return weighted(
      'MPO',
      source('the mixed loss'),
      terms.filter(([weight]) => weight !== 0),
    )
  })(checked({ dpo: dpo({ beta }), bco: bcoPair({ beta }), sft: sft() })),
)
