/** axolotl's types of preference data (chatml.argilla, chatml.icr, …) and of judged completions (kto: chatml.intel, chatml.argilla). */
import type { Preset } from '../mapping.ts'

export const preset: Preset = {
  title: "axolotl's preferences",
  source: 'https://docs.axolotl.ai/docs/rlhf.html',
  direct: true,
  mappings: [
    {
      keys: ['instruction', 'chosen_response', 'rejected_response'],
      prompt: 'instruction',
      chosen: 'chosen_response',
      rejected: 'rejected_response',
      system: 'system',
    },
    { keys: ['input', 'chosen', 'rejected'], prompt: 'input', chosen: 'chosen', rejected: 'rejected', system: 'system' },
    { keys: ['question', 'completion', 'label'], prompt: 'question', completion: 'completion', verdict: 'label', system: 'system' },
    { keys: ['instruction', 'completion', 'label'], prompt: 'instruction', completion: 'completion', verdict: 'label', system: 'system' },
  ],
}
