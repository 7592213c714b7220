/**
 * Supervised fine-tuning: the cross-entropy of demonstrations, over tokens. With control tokens in the prompt it is CSFT.
 *
 *     L = −Σ log π_θ(y|x) / Σ tokens
 */
import { div, negate, sum } from '../../core/index.ts'
import type { Completion } from '../evidence.ts'
import { family } from '../family.ts'
import { sound } from '../flaw.ts'
import { instructGpt as source } from '../sources.ts'
import type { Stated } from '../stated.ts'

type Demonstrations = { readonly outcome: Pick<Completion, 'policy' | 'length'> }

const loss: Stated<Demonstrations> = {
  name: 'SFT',
  source: source('§3.5'),
  because: {
    reason: 'no reference point: log π_θ(y|x) is never positive, so nothing is ever a gain, whatever else could have been said',
  },
  needs: { pair: false, outcome: true, label: false, unrelated: false, reference: false, length: true, history: false },
  evaluate: ({ outcome: { policy, length } }) => {
    const tokens = sum(length, 'example')
    return {
      loss: div(negate(sum(policy, 'example')), tokens),
      weight: tokens,
      losses: div(negate(policy), length),
      rewards: { outcome: policy },
    }
  },
}

export const sft = family('sft', {}, () => sound(loss), ['SFTTrainer', 'csft', 'CSFTTrainer'])
