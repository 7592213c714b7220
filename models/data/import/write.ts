/**
 * Rows in the shape of another program: the mapping of its preset run backwards. What a mapping reads from a path, it writes to the path.
 *
 *     {prompt, chosen, rejected}  →  input.messages = prompt, preferred_output = chosen, non_preferred_output = rejected        (OpenAI)
 */
import { own } from '../../../core/internal.ts'
import { isObject, type Json } from '../../io/fields.ts'
import type { Reading, Written } from './making.ts'
import type { Mapping, Preset, TurnForm } from './mapping.ts'
import { isWritable, withValue } from './paths.ts'

export type RowWriter = (row: Written) => Json

/** How a preset writes rows of each kind that it has. Nothing for one that is only read. */
export const writersOf = ({ form, mappings }: Preset): { readonly [R in Reading]?: RowWriter } => {
  if (form === undefined) return {}
  const first = (suits: (mapping: Mapping) => boolean): RowWriter | undefined => {
    const mapping = mappings.find((each) => each.refused === undefined && suits(each))
    return mapping && ((row) => writtenBy(mapping, form, row))
  }
  const shown = ({ messages, prompt, completion }: Mapping): boolean =>
    isWritable(messages) || (isWritable(prompt) && isWritable(completion))
  const writers = {
    pairs: first((each) => isWritable(each.chosen) && isWritable(each.rejected)),
    labels: first((each) => isWritable(each.verdict) && shown(each)),
    demonstrations: first((each) => each.verdict === undefined && each.chosen === undefined && shown(each)),
  }
  return Object.fromEntries(Object.entries(writers).filter(([, writer]) => writer !== undefined))
}

const writtenBy = (mapping: Mapping, form: TurnForm, row: Written): Json => {
  const { system, prompt } = parted(row.prompt, mapping, form)
  const turns = (value: unknown): unknown => (Array.isArray(value) ? value.flatMap((turn) => turnBy(form, turn)) : value)
  const whole = (value: unknown): unknown => [...asTurns(prompt, 'user'), ...asTurns(value, 'assistant')]
  const answer = (value: unknown): unknown => {
    if (!isWritable(mapping.prompt)) return turns(whole(value))
    const written = turns(mapping.plain ? value : asTurns(value, 'assistant'))
    return form.answers === 'turn' && Array.isArray(written) && written.length === 1 ? written[0] : written
  }
  const tools = row.tools === undefined || !form.toolsAsText ? row.tools : JSON.stringify(row.tools)
  const values: readonly (readonly [unknown, unknown])[] = [
    [mapping.messages, isWritable(mapping.messages) ? turns(whole(row.completion)) : undefined],
    [mapping.system, system],
    [mapping.prompt, turns(mapping.plain ? prompt : asTurns(prompt, 'user'))],
    [mapping.completion, row.completion && answer(row.completion)],
    [mapping.chosen, row.chosen && answer(row.chosen)],
    [mapping.rejected, row.rejected && answer(row.rejected)],
    [mapping.verdict, row.label],
    [mapping.tools, tools],
    [mapping.weight, row.weight],
    [mapping.options, row.chat_template_kwargs],
    [mapping.text, row.text],
  ]
  return values.reduce<Json>((json, [path, value]) => (isWritable(path) && value !== undefined ? withValue(json, path, value) : json), {})
}

/** The system prompt apart from the turns, where the shape has a column for it. */
const parted = (prompt: unknown, mapping: Mapping, form: TurnForm): { readonly system?: unknown; readonly prompt: unknown } => {
  const [first, ...rest]: readonly unknown[] = Array.isArray(prompt) ? prompt : []
  if (!form.systemApart || !isWritable(mapping.system) || !isObject(first) || first.role !== 'system') return { prompt }
  return { system: first.content, prompt: rest }
}

const asTurns = (value: unknown, role: string): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === '' ? [] : [{ role, content: value }]

/** A turn under the names of the shape; in some, a call of a tool is a turn of its own. */
const turnBy = ({ role, content, names, calls }: TurnForm, turn: unknown): readonly Json[] => {
  if (!isObject(turn)) return []
  const { role: who, content: said, tool_calls: called, ...beside } = turn
  const named = { [role]: own(names, String(who)) ?? who, [content]: said, ...(calls === 'turns' ? {} : beside) }
  if (!Array.isArray(called)) return [named]
  if (calls === 'turns') {
    const functions = called.map((call: unknown) => (isObject(call) ? call.function : call))
    const call = { [role]: 'function_call', [content]: JSON.stringify(functions.length === 1 ? functions[0] : functions) }
    return said === '' ? [call] : [named, call]
  }
  return [{ ...named, tool_calls: calls === 'json' ? called.map(withTextArguments) : called }]
}

const withTextArguments = (call: unknown): unknown =>
  isObject(call) && isObject(call.function) && typeof call.function.arguments !== 'string'
    ? { ...call, function: { ...call.function, arguments: JSON.stringify(call.function.arguments) } }
    : call
