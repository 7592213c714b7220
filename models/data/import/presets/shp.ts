/** Stanford's SHP: posts with two comments, of which A was preferred where labels is 1. Ethayarajh et al. (2022), "Understanding dataset difficulty with V-usable information". */
import { show } from '../../../io/errors.ts'
import type { Json } from '../../../io/fields.ts'
import type { Flaw } from '../../../io/records.ts'
import { unfilled } from '../helpers.ts'
import type { Field, Preset } from '../mapping.ts'

const answer =
  (preferred: 0 | 1): Field =>
  ({ labels, human_ref_A, human_ref_B }: Json) => [{ role: 'assistant', content: labels === preferred ? human_ref_A : human_ref_B }]

const check = (record: Json): readonly Flaw[] => [
  ...(record.labels === 0 || record.labels === 1
    ? []
    : [{ field: 'labels', expected: '1 (A was preferred) or 0 (B was)', found: show(record.labels), advice: 'Correct the field.' }]),
  ...unfilled('human_ref_A', 'human_ref_B')(record),
]

export const preset: Preset = {
  title: "Stanford's SHP",
  source: 'https://huggingface.co/datasets/stanfordnlp/SHP',
  direct: true,
  mappings: [
    { keys: ['history', 'human_ref_A', 'human_ref_B', 'labels'], prompt: 'history', chosen: answer(1), rejected: answer(0), check },
  ],
}
