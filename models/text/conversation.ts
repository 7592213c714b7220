/**
 * Conversations as turns, from the forms in which data sets have them; and as the prompt and completion that a model reads, where the completion
 * is the last turn. How turns become text is a `Render`: `role: content` lines, unless the model has a chat template.
 */
import { either as E } from 'fp-ts'
import { show } from '../io/errors.ts'
import { isObject } from '../io/fields.ts'
import type { Flaw } from '../io/records.ts'

export interface Turn {
  readonly role: Role
  readonly content: string
}
const roles = ['system', 'user', 'assistant', 'tool'] as const
export type Role = (typeof roles)[number]

export interface Rendered {
  readonly prompt: string
  readonly completion: string
}
/** The text of turns, of which the last is the assistant's. */
export type Render = (turns: readonly Turn[]) => E.Either<Flaw, Rendered>

/** Turns as `role: content` lines; the prompt ends with the role whose turn it is. */
export const plain: Render = (turns) => {
  const before = turns.slice(0, -1).map(({ role, content }) => `${role}: ${content}\n`)
  const last = turns.at(-1)
  return E.right({ prompt: `${before.join('')}${last?.role}:`, completion: ` ${last?.content}` })
}

/** A list of `{role, content}`, as Hugging Face has them. */
export const turnsOf = (messages: unknown, field: string): E.Either<readonly Flaw[], readonly Turn[]> => {
  if (!Array.isArray(messages) || messages.length === 0)
    return E.left([{ field, expected: 'a list of {role, content}', found: show(messages), advice: 'Give the turns in order.' }])
  const flaws: Flaw[] = []
  const turns = messages.map((message: unknown, index) => turnOf(message, `${field}[${index}]`, flaws))
  const last = turns.at(-1)
  const end = `${field}[${turns.length - 1}]`
  if (flaws.length === 0 && last?.role !== 'assistant')
    flaws.push({
      field: end,
      expected: 'a last turn of the assistant',
      found: `one of the ${last?.role}`,
      advice: 'End with the completion to learn.',
    })
  if (flaws.length === 0 && last?.content.trim() === '')
    flaws.push({
      field: `${end}.content`,
      expected: 'a text',
      found: show(last.content),
      advice: withoutText,
    })
  return flaws.length > 0 ? E.left(flaws) : E.right(turns)
}

/** What to do about a completion that says nothing. It is refused, whichever the loss: whether silence is meant, the data does not say. */
export const withoutText = 'Remove the line (`halograd data convert --skip` does): there is nothing to learn from an empty text.'

const isRole = (role: unknown): role is Role => roles.some((known) => known === role)

const turnOf = (message: unknown, field: string, flaws: Flaw[]): Turn => {
  const { role, content } = isObject(message) ? message : {}
  if (!isRole(role))
    flaws.push({ field: `${field}.role`, expected: `one of ${roles.join(', ')}`, found: show(role), advice: 'Correct the role.' })
  if (typeof content !== 'string')
    flaws.push({ field: `${field}.content`, expected: 'a string', found: show(content), advice: 'Make it a string.' })
  return { role: isRole(role) ? role : 'user', content: String(content) }
}

const speakers = { Human: 'user', Assistant: 'assistant' } as const
const speaker = /\n\n(Human|Assistant):/

/** Whether a text is a transcript as Anthropic's HH-RLHF has them: `\n\nHuman: …\n\nAssistant: …`. */
export const isTranscript = (text: unknown): text is string => typeof text === 'string' && text.startsWith('\n\nHuman:')

/** The turns of a transcript. */
export const transcriptTurns = (text: string, field: string): E.Either<readonly Flaw[], readonly Turn[]> => {
  const [, ...parts] = text.split(speaker)
  const turns = parts.flatMap((part, i) => {
    const role = i % 2 === 0 && (part === 'Human' || part === 'Assistant') ? speakers[part] : undefined
    return role === undefined ? [] : [{ role, content: parts[i + 1]?.trim() ?? '' }]
  })
  return turnsOf(turns, field)
}
