/** Arize Phoenix: annotations of spans, and the spans, whose messages are flat attributes llm.input_messages.N.message.role. */
import { isObject, type Json } from '../../../io/fields.ts'
import { fieldOf } from '../fields.ts'
import { answered, asked, wrapped } from '../helpers.ts'
import type { Field, Preset } from '../mapping.ts'

/** Messages as flat attributes, as nested ones, or as the column of a table. */
const messages =
  (side: 'input' | 'output'): Field =>
  (record) => {
    const attributes = isObject(record.attributes) ? record.attributes : {}
    const listed =
      record[`attributes.llm.${side}_messages`] ?? attributes[`llm.${side}_messages`] ?? fieldOf(`llm.${side}_messages`, attributes)
    if (Array.isArray(listed)) return listed.map((each: unknown) => unflat(isObject(each) && isObject(each.message) ? each.message : each))
    const flat = Object.entries(attributes).flatMap(([name, value]) => {
      const [, index, part] = new RegExp(`^llm\\.${side}_messages\\.(\\d+)\\.message\\.(role|content)$`).exec(name) ?? []
      return index === undefined || part === undefined ? [] : [{ index: Number(index), part, value }]
    })
    if (flat.length === 0)
      return fieldOf([`${side}.value`, `attributes.${side}.value`], { ...record, [side]: { value: attributes[`${side}.value`] } })
    const turns: Record<string, unknown>[] = []
    for (const { index, part, value } of flat) turns[index] = { ...turns[index], [part]: value }
    return turns.filter((turn) => turn !== undefined)
  }

const unflat = (message: unknown): unknown =>
  isObject(message) && 'message.role' in message ? { role: message['message.role'], content: message['message.content'] } : message

const at =
  (field: Field): Field =>
  (record: Json) =>
    typeof field === 'function' ? field(record) : undefined

export const preset: Preset = {
  title: "Phoenix's annotations",
  source: 'https://github.com/Arize-ai/phoenix/blob/main/src/phoenix/server/api/routers/v1/annotations.py',
  mappings: [
    ...wrapped(
      {
        keys: ['span_id', 'annotator_kind', 'result'],
        about: 'span_id',
        verdict: ['result.score', 'result.label'],
        columns: { name: 'name', source: 'annotator_kind', time: 'created_at', comment: 'result.explanation' },
      },
      'data',
    ),
    ...wrapped(
      {
        keys: ["context.span_id | span_id | ['context.span_id']", "attributes | ['attributes.llm.input_messages']"],
        id: ['context.span_id', 'span_id', "['context.span_id']"],
        prompt: asked(at(messages('input'))),
        completion: answered(at(messages('output'))),
        columns: { model: "attributes['llm.model_name']", time: 'start_time' },
      },
      'data',
    ),
  ],
}
