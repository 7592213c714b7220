/**
 * Contrastive preference optimization, whole: the preference term, and the likelihood of the chosen completions, a token at a time. Not a
 * HALO: different rewards, and the likelihood is compared with nothing.
 *
 *     L = mean −log σ(β p_w − β p_l) − α Σ p_w / Σ n_w
 */
import { either as E } from 'fp-ts'
import { weighted } from '../algebra.ts'
import { family } from '../family.ts'
import type { AnyLoss } from '../loss.ts'
import { cpo as source } from '../sources.ts'
import { checked, positive } from '../validation.ts'
import { seenByPairs } from '../view.ts'
import { cpo } from './cpo.ts'
import { sft } from './sft.ts'

export const cpoNll = family(
  'cpo-nll',
  { beta: 0.1, epsilon: 0, nll: 1 },
  ({ beta, epsilon, nll }) =>
    E.chain((of: { readonly preference: AnyLoss; readonly likelihood: AnyLoss; readonly nll: number }) =>
      weighted('CPO', source('eq. 5'), [
        [1, of.preference],
        [of.nll, seenByPairs(of.likelihood)],
      ]),
    )(checked({ preference: cpo({ beta, epsilon }), likelihood: sft(), nll: positive('nll', nll) })),
  ['CPOTrainer'],
)
