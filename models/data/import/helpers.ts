/** What presets share: turns in any JSON that a tracing tool has logged, messages of a tree, records in a wrapper. */
import { own } from '../../../core/internal.ts'
import { show } from '../../io/errors.ts'
import { isObject, type Json } from '../../io/fields.ts'
import { parseJson } from '../../io/json.ts'
import type { Flaw } from '../../io/records.ts'
import { withoutText } from '../../text/conversation.ts'
import { fieldOf } from './fields.ts'
import type { Field, Mapping } from './mapping.ts'

/** A mapping for records that stand alone, or in a list under a name, as pages of an API have them. */
export const wrapped = (mapping: Mapping, ...names: readonly string[]): readonly Mapping[] => [
  mapping,
  ...names.map((name) => ({ ...mapping, records: `${name}[*]` })),
]

/** A text that may be JSON, as what it says. */
export const parsed = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*[[{]/.test(value) ? (parseJson(value) ?? value) : value

const askedUnder = 'messages input inputs prompt question query request instruction user text content value'.split(' ')
const answeredUnder = 'choices output outputs generations response completion answer result message messages text content value'.split(' ')

/** Turns or a text, wherever a tracing tool has put what was asked. */
export const asked =
  (field: Field): Field =>
  (record) =>
    within(parsed(fieldOf(field, record)), askedUnder)

/** The same for what was answered: of several turns the last. */
export const answered =
  (field: Field): Field =>
  (record) => {
    const answer = within(parsed(fieldOf(field, record)), answeredUnder)
    const last = Array.isArray(answer) ? answer.at(-1) : answer
    if (!isObject(last)) return last
    const { content, role = 'assistant', ...rest } = isObject(last.message) ? last.message : last
    return content === undefined ? within(last, answeredUnder) : { ...rest, role, content }
  }

const within = (value: unknown, names: readonly string[]): unknown => {
  if (Array.isArray(value)) return Array.isArray(value[0]) ? within(value[0], names) : value.map(langChain)
  if (!isObject(value) || 'role' in value) return value
  const turn = langChain(value)
  if (turn !== value) return turn
  const name = names.find((each) => value[each] !== undefined && value[each] !== null)
  return name === undefined ? undefined : within(parsed(value[name]), names)
}

/** LangChain writes {type: 'human', content}, or {lc, id: […, 'HumanMessage'], kwargs: {content}}. */
const langChain = (message: unknown): unknown => {
  if (!isObject(message) || 'role' in message) return message
  const kwargs = isObject(message.kwargs) ? message.kwargs : isObject(message.data) ? message.data : message
  const name: unknown = Array.isArray(message.id) ? message.id.at(-1) : message.type
  const role = own(
    langChainRoles,
    String(name)
      .replace(/Message(Chunk)?$/, '')
      .toLowerCase(),
  )
  return role === undefined || kwargs.content === undefined ? message : { ...kwargs, role }
}
const langChainRoles: Readonly<Record<string, string>> = { human: 'user', ai: 'assistant', system: 'system', tool: 'tool' }

/** The messages of a tree {id: {parentId, role, content}} from its root to one of them. */
export const chain =
  (nodes: Field, at: Field): Field =>
  (record) => {
    const tree = fieldOf(nodes, record)
    const found: Json[] = []
    const met = new Set<unknown>()
    for (let id = fieldOf(at, record); isObject(tree) && typeof id === 'string' && !met.has(id); ) {
      const node = tree[id]
      if (!isObject(node)) break
      met.add(id)
      found.unshift(node)
      id = node.parentId
    }
    return found.length === 0 ? undefined : found.map(({ role, content }) => ({ role, content }))
  }

/** Flaws of fields that are no texts, or empty ones. */
export const unfilled =
  (...names: readonly string[]) =>
  (record: Json): readonly Flaw[] =>
    names.flatMap((field) => {
      const value = record[field]
      return typeof value === 'string' && value.trim() !== ''
        ? []
        : [{ field, expected: typeof value === 'string' ? 'a text' : 'a string', found: show(value), advice: withoutText }]
    })

/** The value that most of several people gave, if most did. */
export const majority = (values: readonly unknown[]): unknown => {
  const counts = new Map<string, { readonly value: unknown; n: number }>()
  for (const value of values) {
    const counted = counts.get(JSON.stringify(value))
    if (counted === undefined) counts.set(JSON.stringify(value), { value, n: 1 })
    else counted.n++
  }
  const [first, second] = [...counts.values()].sort((a, b) => b.n - a.n)
  return first !== undefined && first.n > (second?.n ?? 0) ? first.value : undefined
}
