/**
 * Conversations as turns, read from the forms in which data sets write them, and rendered as the prompt and the completion that a model reads. The
 * completion is the last turn. A `Render` turns turns into text: `role: content` lines, unless the model has a chat template.
 *
 *     {role, content}      {from: human | gpt, value}      content: text, or parts [{type: text, text}, …]      the list as a JSON string
 */
import { either as E } from 'fp-ts'
import { show } from '../io/errors.ts'
import { isObject, type Json } from '../io/fields.ts'
import { parseJson } from '../io/json.ts'
import type { Flaw } from '../io/records.ts'

/** One turn of a conversation. */
export interface Turn {
  readonly role: Role
  readonly content: string
  /** What a template may write beside the content: `tool_calls`, `reasoning_content`, `name`, `tool_call_id`. */
  readonly beside?: Json
}
const roles = ['system', 'user', 'assistant', 'tool'] as const
/** Who says a turn. */
export type Role = (typeof roles)[number]

export interface Rendered {
  readonly prompt: string
  readonly completion: string
  /** What whoever reads the file should know. */
  readonly notes?: readonly string[]
}
/** What a template knows of a conversation beyond its turns: the tools on offer, and its own options (TRL's `chat_template_kwargs`). */
export interface ConversationSetting {
  readonly tools?: readonly unknown[]
  readonly options?: Json
}
/** The text of turns, of which the last is the assistant's. */
export type Render = (turns: readonly Turn[], setting?: ConversationSetting) => E.Either<Flaw, Rendered>

/** Turns as `role: content` lines; the prompt ends with the role whose turn it is. Tool calls and reasoning have no such line: they are refused. */
export const plain: Render = (turns, { tools } = {}) => {
  const index = turns.findIndex(
    ({ beside }, i) => beside?.tool_calls !== undefined || (i === turns.length - 1 && reasoningOf(beside) !== ''),
  )
  if (tools !== undefined || index >= 0)
    return E.left({
      field: tools !== undefined ? 'tools' : `messages[${index}]`,
      expected: 'turns of text only, where no chat template is used',
      found: tools !== undefined ? 'tools' : Object.keys(turns[index]?.beside ?? {}).join(' and '),
      advice: 'Give --model with a chat template that writes them, or remove them from the data.',
    })
  const before = turns.slice(0, -1).map(({ role, content }) => `${role}: ${content}\n`)
  const last = turns.at(-1)
  return E.right({ prompt: `${before.join('')}${last?.role}:`, completion: ` ${last?.content}` })
}

export const reasoningOf = (beside: Json | undefined): string =>
  typeof beside?.reasoning_content === 'string' ? beside.reasoning_content.trim() : ''

/** A list of turns that ends with the assistant's, in any of the forms above. */
export const turnsOf = (messages: unknown, field: string): E.Either<readonly Flaw[], readonly Turn[]> =>
  E.flatMap(promptOf(messages, field), (turns): E.Either<readonly Flaw[], readonly Turn[]> => {
    const end = `${field}[${turns.length - 1}]`
    const last = turns.at(-1)!
    // Some data sets give the bot's answer the role "system": a system turn never answers.
    if (last.role === 'system' && turns.at(-2)?.role === 'user')
      return E.right([...turns.slice(0, -1), { ...last, role: 'assistant' as const }])
    if (last.role !== 'assistant')
      return E.left([
        {
          field: end,
          expected: 'a last turn of the assistant',
          found: `one of the ${last.role}`,
          advice: 'End with the completion to learn.',
        },
      ])
    if (last.content.trim() === '' && last.beside?.tool_calls === undefined)
      return E.left([{ field: `${end}.content`, expected: 'a text', found: show(last.content), advice: withoutText }])
    return E.right(turns)
  })

/** A list of turns, whoever speaks last. */
export const promptOf = (messages: unknown, field: string): E.Either<readonly Flaw[], readonly Turn[]> => {
  const list = typeof messages === 'string' ? parseJson(messages) : messages
  if (!Array.isArray(list) || list.length === 0)
    return E.left([{ field, expected: 'a list of {role, content}', found: show(messages), advice: 'Give the turns in order.' }])
  const flaws: Flaw[] = []
  const turns = list.map((message: unknown, index) => turnOf(message, `${field}[${index}]`, flaws))
  return flaws.length > 0 ? E.left(flaws) : E.right(turns)
}

/** What to do about a completion that says nothing. It is refused, whichever the loss: whether silence is meant, the data does not say. */
export const withoutText = 'Remove the line (`halograd data convert --skip` does): there is nothing to learn from an empty text.'

/** One turn, as an object: a list holds several. */
export const isTurn = (value: unknown): value is Json =>
  isObject(value) && (('role' in value && ('content' in value || 'parts' in value)) || ('from' in value && 'value' in value))

/** Whether a text is a list of turns that somebody wrote as JSON into a column of text. */
export const isWrittenTurns = (value: unknown): value is string => {
  if (typeof value !== 'string' || !/^\s*\[\s*\{/.test(value)) return false
  const list = parseJson(value)
  return Array.isArray(list) && list.length > 0 && list.every(isTurn)
}

/** What data sets call the roles. OpenAI's developer is the system by a later name. */
const roleNames: ReadonlyMap<string, Role> = new Map([
  ...roles.map((role) => [role, role] as const),
  ...['human', 'prompter', 'customer'].map((name) => [name, 'user'] as const),
  ...['gpt', 'chatgpt', 'bot', 'model', 'ai', 'chatbot', 'function_call', 'tool_call'].map((name) => [name, 'assistant'] as const),
  ...['function', 'observation', 'tool_response', 'ipython'].map((name) => [name, 'tool'] as const),
  ['developer', 'system'],
])
export const roleOf = (name: unknown): Role | undefined => (typeof name === 'string' ? roleNames.get(name.toLowerCase()) : undefined)

const turnOf = (message: unknown, field: string, flaws: Flaw[]): Turn => {
  const json = isObject(message) ? message : {}
  const [nameField, name] = 'from' in json && !('role' in json) ? ['from', json.from] : ['role', json.role]
  const role = roleOf(name)
  if (role === undefined)
    flaws.push({ field: `${field}.${nameField}`, expected: `one of ${roles.join(', ')}`, found: show(name), advice: 'Correct the role.' })
  const [contentField, content] = ['content', 'value', 'parts']
    .map((key) => [key, json[key]] as const)
    .find(([, value]) => value !== undefined) ?? ['content', undefined]
  const beside = besideOf(json, name, `${field}.${contentField}`, flaws)
  const text = contentOf(content, `${field}.${contentField}`, beside?.tool_calls !== undefined, flaws)
  const reasoning = beside?.reasoning_content ?? text.reasoning
  const all: Json = { ...beside, ...(reasoning !== undefined && { reasoning_content: reasoning }) }
  const said = name === 'function_call' || name === 'tool_call' ? '' : text.content
  return { role: role ?? 'user', content: said, ...(Object.keys(all).length > 0 && { beside: all }) }
}

/** A text; parts of which all are texts, joined; nothing, where a call stands for it. */
const contentOf = (
  content: unknown,
  field: string,
  called: boolean,
  flaws: Flaw[],
): { readonly content: string; readonly reasoning?: string } => {
  if (typeof content === 'string') return { content }
  if ((content === null || content === undefined) && called) return { content: '' }
  if (!Array.isArray(content)) {
    flaws.push({ field, expected: 'a string', found: show(content), advice: 'Make it a string, or a list of {type: "text", text}.' })
    return { content: String(content) }
  }
  const [texts, reasoning]: [string[], string[]] = [[], []]
  for (const [i, part] of content.entries()) {
    const { kind, text } = partOf(part)
    if (text === undefined)
      flaws.push({
        field: `${field}[${i}]`,
        expected: 'a part of type text: halograd trains on text alone',
        found: `one of type ${kind}`,
        advice: 'Remove the row, or describe what it shows in words (`halograd data import` leaves such rows out, and counts them).',
      })
    else (/^(think|thinking|reasoning)$/.test(kind) ? reasoning : texts).push(text)
  }
  return { content: texts.join(''), ...(reasoning.length > 0 && { reasoning: reasoning.join('') }) }
}

const partOf = (part: unknown): { readonly kind: string; readonly text?: string } => {
  if (typeof part === 'string') return { kind: 'text', text: part }
  if (!isObject(part)) return { kind: show(part) }
  const kind = typeof part.type === 'string' ? part.type : (Object.keys(part)[0] ?? 'nothing')
  const text = isObject(part.text) ? part.text.value : (part.text ?? (/^(think|thinking|reasoning)$/.test(kind) ? part[kind] : undefined))
  return /^(text|input_text|output_text|think|thinking|reasoning)$/.test(kind) && typeof text === 'string' ? { kind, text } : { kind }
}

/** Calls of tools with their arguments as objects, as templates expect them (OpenAI writes them as JSON strings); reasoning; names. */
const besideOf = (json: Json, name: unknown, field: string, flaws: Flaw[]): Json | undefined => {
  const called = name === 'function_call' || name === 'tool_call' ? [parseJson(String(json.content ?? json.value))] : undefined
  const given = json.tool_calls ?? (isObject(json.function_call) ? [json.function_call] : called)
  const calls = Array.isArray(given) && given.length > 0 ? given.map(callOf) : undefined
  if (calls?.some((call) => call === undefined))
    flaws.push({
      field: called === undefined ? `${field.replace(/\.\w+$/, '')}.tool_calls` : field,
      expected: 'calls {function: {name, arguments}}',
      found: show(given),
      advice: 'Correct the call, or remove the row.',
    })
  const reasoning = ['reasoning_content', 'reasoning', 'thinking']
    .map((key) => json[key])
    .find((text) => typeof text === 'string' && text !== '')
  const entries = Object.entries({
    tool_calls: calls,
    reasoning_content: reasoning,
    name: json.name ?? undefined,
    tool_call_id: json.tool_call_id ?? undefined,
  }).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

const callOf = (call: unknown): Json | undefined => {
  const named = isObject(call) ? (isObject(call.function) ? call.function : call) : {}
  if (typeof named.name !== 'string') return undefined
  const parsed = typeof named.arguments === 'string' ? parseJson(named.arguments) : named.arguments
  const id = isObject(call) && typeof call.id === 'string' ? { id: call.id } : {}
  return { ...id, type: 'function', function: { ...named, arguments: parsed ?? named.arguments ?? {} } }
}

const speakers = { Human: 'user', Assistant: 'assistant' } as const
const speaker = /\n\n(Human|Assistant):/

/** Whether a text is a transcript as Anthropic's HH-RLHF has them: `\n\nHuman: …\n\nAssistant: …`. */
export const isTranscript = (text: unknown): text is string => typeof text === 'string' && text.startsWith('\n\nHuman:')

/** The turns of a transcript. */
export const transcriptTurns = (text: string): readonly Json[] => {
  const [, ...parts] = text.split(speaker)
  return parts.flatMap((part, i) => {
    const role = i % 2 === 0 && (part === 'Human' || part === 'Assistant') ? speakers[part] : undefined
    return role === undefined ? [] : [{ role, content: parts[i + 1]?.trim() ?? '' }]
  })
}
