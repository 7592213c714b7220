/** Intel's orca_dpo_pairs and its copies: {system, question, chosen, rejected}. */
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: 'Orca pairs',
  source: 'https://huggingface.co/datasets/Intel/orca_dpo_pairs',
  direct: true,
  mappings: [
    {
      keys: ['question | input', 'system', 'chosen', 'rejected'],
      prompt: ['question', 'input'],
      chosen: 'chosen',
      rejected: 'rejected',
      system: 'system',
    },
    { keys: ['question', 'chosen', 'rejected'], prompt: 'question', chosen: 'chosen', rejected: 'rejected' },
  ],
}
