/** Preference files of Vertex AI (Gemini): contents, and two completions with scores. */
import { isObject, type Json } from '../../../io/fields.ts'
import { fieldOf } from '../fields.ts'
import type { Field, Preset } from '../mapping.ts'

const ranked = ({ completions }: Json): readonly unknown[] =>
  (Array.isArray(completions) ? completions : [])
    .filter(isObject)
    .toSorted((a, b) => Number(b.score) - Number(a.score))
    .map(({ completion }) => completion)
const at =
  (index: 0 | -1): Field =>
  (record) =>
    ranked(record).at(index)

export const preset: Preset = {
  title: "Vertex AI's preferences",
  source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-preference-tuning',
  direct: true,
  mappings: [
    {
      keys: ['contents', 'completions'],
      system: (record) => fieldOf(['system_instruction.parts[0].text', 'systemInstruction.parts[0].text'], record),
      prompt: 'contents',
      chosen: at(0),
      rejected: at(-1),
    },
  ],
}
