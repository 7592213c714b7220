/** NVIDIA's HelpSteer: scores of helpfulness, two answers to a prompt (HelpSteer 2), or preferences from −3 to 3 (HelpSteer 3). */
import type { Json } from '../../../io/fields.ts'
import type { Field, Preset } from '../mapping.ts'

/** Negative: the first answer is better; positive: the second; 0: neither. */
const better =
  (chosen: boolean, strength: string): Field =>
  (record: Json) => {
    const preference = Number(record[strength])
    if (!(preference !== 0)) return undefined
    return [record.response1, record.response2, record.response_1, record.response_2].filter((each) => each !== undefined)[
      preference < 0 === chosen ? 0 : 1
    ]
  }

export const preset: Preset = {
  title: 'HelpSteer',
  source: 'https://huggingface.co/datasets/nvidia/HelpSteer2',
  mappings: [
    {
      keys: ['prompt', 'response', 'helpfulness', 'verbosity'],
      prompt: 'prompt',
      completion: 'response',
      verdict: 'helpfulness',
      good: [],
      bad: [],
    },
    {
      keys: ['context', 'response1', 'response2', 'overall_preference'],
      prompt: 'context',
      chosen: better(true, 'overall_preference'),
      rejected: better(false, 'overall_preference'),
    },
    {
      keys: ['prompt', 'response_1', 'response_2', 'preference_strength'],
      prompt: 'prompt',
      chosen: better(true, 'preference_strength'),
      rejected: better(false, 'preference_strength'),
    },
  ],
}
