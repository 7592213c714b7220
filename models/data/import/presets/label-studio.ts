/** Label Studio: tasks with annotations: a choice, a rating, one of two answers (pairwise), or a better text. */
import { isObject, type Json } from '../../../io/fields.ts'
import { fieldOf } from '../fields.ts'
import { majority } from '../helpers.ts'
import type { Field, Preset } from '../mapping.ts'

/** What annotators said in controls of a type. What they skipped is not said. */
const results =
  (type: string) =>
  ({ annotations }: Json): readonly Json[] =>
    (Array.isArray(annotations) ? annotations : [])
      .filter((each): each is Json => isObject(each) && each.was_cancelled !== true)
      .flatMap(({ result }) => (Array.isArray(result) ? result : []))
      .filter((each): each is Json => isObject(each) && each.type === type)

const data =
  (...names: readonly string[]): Field =>
  (record) =>
    names.map((name) => fieldOf('data', record) && (record.data as Json)[name]).find((value) => value !== undefined)

const prompt = data('prompt', 'question', 'instruction', 'input', 'query', 'messages', 'dialogue', 'context')
const completion = data('response', 'answer', 'completion', 'output', 'generation', 'text')

/** The two answers of a comparison: the names that it compares are `left,right`; where the data calls them otherwise, the two that end in 1 and 2, or A and B. */
const sides = (record: Json): readonly unknown[] => {
  const names = Object.keys(isObject(record.data) ? record.data : {})
  const compared = String(results('pairwise')(record)[0]?.to_name ?? '')
    .split(',')
    .filter((name) => names.includes(name))
  const [left, right] =
    compared.length === 2
      ? compared
      : [names.find((name) => /(1|_?a|left)$/i.test(name)), names.find((name) => /(2|_?b|right)$/i.test(name))]
  return left === undefined || right === undefined ? [] : [data(left), data(right)].map((field) => fieldOf(field, record))
}
const selected = (record: Json): unknown => majority(results('pairwise')(record).map((each) => fieldOf('value.selected', each)))
const side =
  (chosen: boolean): Field =>
  (record) => {
    const choice = selected(record)
    if (choice !== 'left' && choice !== 'right') return undefined
    return sides(record)[(choice === 'left') === chosen ? 0 : 1]
  }

const first =
  (type: string, path: string): Field =>
  (record) =>
    majority(results(type)(record).map((each) => fieldOf(path, each)))

export const preset: Preset = {
  title: "Label Studio's tasks",
  source: 'https://labelstud.io/guide/task_format',
  mappings: [
    { keys: ['data', "annotations[?@.result[?@.type == 'pairwise']]"], prompt, chosen: side(true), rejected: side(false) },
    {
      keys: ['data', 'annotations'],
      prompt,
      completion,
      verdict: (record) => fieldOf(first('choices', 'value.choices[0]'), record) ?? fieldOf(first('rating', 'value.rating'), record),
      correction: first('textarea', 'value.text[0]'),
    },
  ],
}
