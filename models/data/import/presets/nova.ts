/** Preference files of Amazon Nova: the last message has two candidates, preferred and non-preferred. */
import { isObject, type Json } from '../../../io/fields.ts'
import { fieldOf } from '../fields.ts'
import type { Field, Preset } from '../mapping.ts'

const candidate =
  (label: 'preferred' | 'non-preferred'): Field =>
  ({ messages }: Json) => {
    const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
    const all: readonly unknown[] = isObject(last) && Array.isArray(last.candidates) ? last.candidates : []
    const found = all.find((each) => isObject(each) && each.preferenceLabel === label)
    return isObject(found) ? [{ role: 'assistant', content: found.content }] : undefined
  }

export const preset: Preset = {
  title: "Amazon Nova's preferences",
  source: 'https://docs.aws.amazon.com/nova/latest/userguide/nova-dpo.html',
  direct: true,
  mappings: [
    {
      keys: ['messages[?@.candidates]', 'messages'],
      system: (record) => fieldOf(['system[0].text', 'system'], record),
      prompt: ({ messages }) => (Array.isArray(messages) ? messages.slice(0, -1) : undefined),
      chosen: candidate('preferred'),
      rejected: candidate('non-preferred'),
    },
  ],
}
