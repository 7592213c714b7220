/** Argilla 2: records {fields, responses}; where several people answered, what most of them said. */
import { isObject, type Json } from '../../../io/fields.ts'
import { majority } from '../helpers.ts'
import type { Field, Preset } from '../mapping.ts'
import { verdictOf } from '../values.ts'

const asks = ['prompt', 'instruction', 'question', 'input', 'query', 'user', 'context', 'chat', 'messages']
const answers = ['response', 'completion', 'output', 'answer', 'generation', 'reply', 'assistant', 'text']

const among =
  (names: readonly string[]): Field =>
  ({ fields }: Json) =>
    isObject(fields) ? names.map((name) => fields[name]).find((value) => value !== undefined && value !== null) : undefined

/** The answers to each question. */
const questions = ({ responses }: Json): readonly (readonly [string, readonly unknown[]])[] =>
  Object.entries(isObject(responses) ? responses : {}).map(([name, given]) => [
    name,
    (Array.isArray(given) ? given : [])
      .filter((each) => isObject(each) && each.status !== 'discarded' && each.status !== 'draft')
      .map((each) => each.value),
  ])

const verdict = (record: Json): unknown => {
  const [, given = []] =
    questions(record).find(([, values]) => values.some((value) => verdictOf(value) !== undefined || typeof value === 'number')) ?? []
  return majority(given.map((value) => verdictOf(value) ?? value))
}
const correction = (record: Json): unknown => {
  const [, given = []] = questions(record).find(([name]) => /correct|edit|better|improve|rewrit/i.test(name)) ?? []
  return given.find((value) => typeof value === 'string' && value.trim() !== '' && verdictOf(value) === undefined)
}

export const preset: Preset = {
  title: "Argilla's records",
  source: 'https://docs.argilla.io/latest/how_to_guides/import_export/',
  mappings: [
    {
      keys: ['fields', 'responses'],
      prompt: among(asks),
      completion: among(answers),
      verdict,
      correction,
      columns: { model: 'metadata.model', tags: 'metadata.tags' },
    },
  ],
}
