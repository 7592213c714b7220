/** What a mapping's fields lead to in a record, and the row that a record means: the fields of shapes.ts, under their own names. */

import { dataFields } from '../../../halos/internal.ts'
import { isObject, type Json } from '../../io/fields.ts'
import type { Flaw } from '../../io/records.ts'
import { isWrittenTurns } from '../../text/conversation.ts'
import type { Field, Mapping } from './mapping.ts'
import { pathOf } from './paths.ts'
import { judge } from './values.ts'

/** The value of a field, where there is one that is not null. A path of several values gives the first. */
export const fieldOf = (field: Field | undefined, record: Json): unknown => {
  if (field === undefined) return undefined
  if (typeof field === 'function') return field(record) ?? undefined
  for (const path of typeof field === 'string' ? [field] : field) {
    const value = pathOf(path)(record).find((each) => each !== null && each !== undefined)
    if (value !== undefined) return value
  }
  return undefined
}

/** Whether a record is of the kind that a mapping describes. */
export const fits = ({ keys }: Pick<Mapping, 'keys'>, record: unknown): record is Json =>
  isObject(record) && keys.every((key) => key.split(' | ').some((path) => pathOf(path)(record).length > 0))

const said = ['messages', 'prompt', 'completion', 'chosen', 'rejected', 'text', 'system', 'tools', 'weight'] as const

/** The record in halograd's own fields, without what is absent. A verdict is the label that it stands for, or stays as it is where it stands for none. */
export const canonicalOf = (mapping: Mapping, record: Json): Json => {
  const verdict = fieldOf(mapping.verdict, record)
  const prompt = fieldOf(mapping.prompt, record)
  const asked = typeof prompt === 'string' && !mapping.plain && !isWrittenTurns(prompt) ? [{ role: 'user', content: prompt }] : prompt
  const entries = [
    ...said.map((name) => [name, name === 'prompt' ? asked : fieldOf(mapping[name], record)] as const),
    ...dataFields.map((name) => [name, fieldOf(name, record)] as const), // named alike wherever they are given
    ['chat_template_kwargs', fieldOf(mapping.options, record)] as const,
    ['label', mapping.verdict === undefined ? undefined : verdict === undefined ? null : (judge(verdict, mapping) ?? verdict)] as const,
  ]
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** A flaw of a canonical row, told of the field of the record that it comes from. */
export const renamed =
  (mapping: Mapping, record: Json) =>
  (flaw: Flaw): Flaw => {
    const [, name = '', rest = ''] = /^(\w+)(.*)$/.exec(flaw.field ?? '') ?? []
    const field = { ...mapping, label: mapping.verdict, chat_template_kwargs: mapping.options }[name as keyof Mapping]
    const paths = typeof field === 'string' ? [field] : Array.isArray(field) ? field.filter((each) => typeof each === 'string') : []
    const path = paths.find((each) => pathOf(each)(record).length > 0) ?? paths[0]
    return path === undefined ? flaw : { ...flaw, field: `${path}${rest}` }
  }
