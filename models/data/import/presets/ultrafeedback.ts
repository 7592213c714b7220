/** UltraFeedback: several answers, each with a score; the best against the worst. Cui et al. (2023), arXiv:2310.01377. Its binarized copies are TRL's. */
import { show } from '../../../io/errors.ts'
import { isObject, type Json } from '../../../io/fields.ts'
import type { Flaw } from '../../../io/records.ts'
import type { Field, Preset } from '../mapping.ts'

interface UltraFeedbackScored {
  readonly response: string
  readonly overall_score: number
}
const isScored = (each: unknown): each is UltraFeedbackScored =>
  isObject(each) && typeof each.response === 'string' && typeof each.overall_score === 'number'

const listed = ({ completions }: Json): readonly unknown[] => (Array.isArray(completions) ? completions : [])
const ranked = (record: Json): readonly UltraFeedbackScored[] =>
  listed(record)
    .filter(isScored)
    .toSorted((a, b) => b.overall_score - a.overall_score)

const at =
  (index: 0 | -1): Field =>
  (record) => [{ role: 'assistant', content: ranked(record).at(index)?.response }]

const check = (record: Json): readonly Flaw[] => {
  const flaws = listed(record).flatMap((each, i) =>
    isScored(each)
      ? []
      : [
          {
            field: `completions[${i}]`,
            expected: '{response, overall_score}, a string and a number',
            found: show(each),
            advice: 'Correct or remove it.',
          },
        ],
  )
  const scores = ranked(record).map(({ overall_score }) => overall_score)
  if (flaws.length > 0 || (scores[0] ?? 0) > (scores.at(-1) ?? 0)) return flaws
  return [
    {
      field: 'completions',
      expected: 'two of different overall_score',
      found: `the scores ${show(scores)}`,
      advice: 'Remove the line: it states no preference.',
    },
  ]
}

export const preset: Preset = {
  title: 'UltraFeedback',
  source: 'https://huggingface.co/datasets/openbmb/UltraFeedback',
  direct: true,
  mappings: [{ keys: ['instruction', 'completions'], prompt: 'instruction', chosen: at(0), rejected: at(-1), check }],
}
