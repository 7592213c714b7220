/**
 * Conditional fine-tuning: every completion is learnt after a control token that says whether it was liked; afterwards the model is
 * asked for what is liked. The label is in the prompt, not in the loss, which is that of SFT.
 *
 *     L = −Σ log π_θ(y|x, label) / Σ tokens
 */
import { either as E } from 'fp-ts'
import { needing } from '../evidence.ts'
import { family } from '../family.ts'
import { conditional as source } from '../sources.ts'
import type { Stated } from '../stated.ts'
import { type Demonstrations, sft } from './sft.ts'

export const csft = family(
  'csft',
  {},
  () =>
    E.map(
      (loss: Stated<Demonstrations>): Stated<Demonstrations> => ({
        ...loss,
        name: 'CSFT',
        source: source('§2, conditional training'),
        needs: needing('outcome', 'label', 'length', 'control'),
        formula: { ...loss.formula!, of: ['\\log \\pi_\\theta(y|x, s)', '|y|'] },
      }),
    )(sft()),
  ['CSFTTrainer'],
)
