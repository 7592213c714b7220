/**
 * Records that are conversations: the turns of the prompt, and one turn as the completion, or two of which one is preferred.
 *
 *     prompt = [system] + turns of prompt + turns of completion but the last        completion = the last turn
 *
 * A prompt that chosen and rejected repeat counts once.
 */
import { either as E } from 'fp-ts'
import { show } from '../io/errors.ts'
import { isObject, type Json } from '../io/fields.ts'
import { parseJson } from '../io/json.ts'
import type { Flaw } from '../io/records.ts'
import {
  type ConversationSetting,
  isTranscript,
  isTurn,
  isWrittenTurns,
  promptOf,
  type Render,
  type Rendered,
  type Turn,
  transcriptTurns,
  turnsOf,
} from '../text/conversation.ts'
import { verdictOf } from './import/values.ts'
import type { Dialogue, RowRead } from './rows.ts'

/** Whether a record has any of these fields. */
export const has = (json: Json, ...fields: readonly string[]) => fields.some((field) => json[field] !== undefined)

type ShownConversation<P, C> = { readonly prompt: P; readonly completion: C }
export const judged = <P, C>(json: Json, shown: ShownConversation<P, C>, flaws: Flaw[]) => {
  if (json.label === undefined) return { tag: 'demonstration' as const, ...shown }
  const verdict = verdictOf(json.label)
  if (verdict === undefined)
    flaws.push({
      field: 'label',
      expected: 'true or false',
      found: show(json.label),
      advice:
        typeof json.label === 'number'
          ? "A score needs a threshold: halograd data import FILE --prompt prompt --completion completion --verdict label --good '>=4' --bad '<=2'."
          : 'Write true for a desirable completion, false for an undesirable one.',
    })
  return { tag: 'labelled' as const, ...shown, label: verdict === true }
}

/** Whether a record has turns in it, or what only a conversation has. */
export const isChat = (json: Json): boolean =>
  has(json, 'messages') ||
  ['prompt', 'completion', 'chosen', 'rejected'].some((field) => {
    const value = json[field]
    return Array.isArray(value) || isTurn(value) || isWrittenTurns(value)
  }) ||
  (isTranscript(json.chosen) && isTranscript(json.rejected)) ||
  ((has(json, 'completion') || has(json, 'chosen', 'rejected')) && (isFilled(json.system) || isFilled(json.tools)))

const isFilled = (value: unknown): boolean =>
  typeof value === 'string' ? value.trim() !== '' && value.trim() !== '[]' : Array.isArray(value) && value.length > 0

export const chat = (json: Json, flaws: Flaw[], notes: string[]): Dialogue | undefined => {
  const setting = settingOf(json, flaws)
  const before = withSystem(json, has(json, 'messages') ? [] : turnsBefore(json.prompt, flaws), flaws)
  const answer = (field: string) => answerOf(json[field], field, before, flaws, notes)
  const row = (): Dialogue | undefined => {
    if (has(json, 'chosen', 'rejected')) {
      const chosen = answer('chosen')
      const alone = before.length === 0 && (isPlain(json.rejected) || isTurn(json.rejected))
      // Only chosen tells the prompt: rejected is another answer to it.
      const rejected = alone ? answerOf(json.rejected, 'rejected', chosen?.prompt ?? [], flaws, notes) : answer('rejected')
      return compared(chosen, rejected, flaws)
    }
    const shown = answer(has(json, 'completion') ? 'completion' : 'messages')
    return shown && judged(json, shown, flaws)
  }
  const found = row()
  return found && (setting === undefined ? found : { ...found, setting })
}

/** `tools` as a list, or the JSON of one; `chat_template_kwargs` as an object. */
const settingOf = (json: Json, flaws: Flaw[]): ConversationSetting | undefined => {
  const tools = typeof json.tools === 'string' && json.tools.trim() !== '' ? parseJson(json.tools) : json.tools
  if (isFilled(json.tools) && !Array.isArray(tools))
    flaws.push({ field: 'tools', expected: 'a list of tools', found: show(json.tools), advice: 'Give a list, or its JSON.' })
  const options = isObject(json.chat_template_kwargs) ? json.chat_template_kwargs : undefined
  const listed = Array.isArray(tools) && tools.length > 0 ? { tools } : {}
  return options === undefined && !('tools' in listed) ? undefined : { ...listed, ...(options && { options }) }
}

const turnsBefore = (prompt: unknown, flaws: Flaw[]): readonly Turn[] => {
  if (prompt === undefined || prompt === null || prompt === '') return []
  if (typeof prompt === 'string' && !isWrittenTurns(prompt)) return [{ role: 'user', content: prompt }]
  return taken(promptOf(isTurn(prompt) ? [prompt] : prompt, 'prompt'), flaws) ?? []
}

/** The turns after those of a `system` column. */
const withSystem = ({ system }: Json, turns: readonly Turn[], flaws: Flaw[]): readonly Turn[] => {
  if (system === undefined || system === null || (typeof system === 'string' && system.trim() === '')) return turns
  if (typeof system !== 'string')
    flaws.push({ field: 'system', expected: 'a string', found: show(system), advice: 'Make it a string, or a turn of the prompt.' })
  const first = turns.find(({ role }) => role === 'system')
  if (first === undefined) return [{ role: 'system', content: String(system) }, ...turns]
  if (first.content !== system)
    flaws.push({
      field: 'system',
      expected: 'what the system turn says',
      found: show(system),
      advice: 'Keep one of them: the row has two system prompts.',
    })
  return turns
}

/** A text that is no conversation. */
const isPlain = (value: unknown): value is string => typeof value === 'string' && !isWrittenTurns(value) && !isTranscript(value)

const taken = <T>(turns: E.Either<readonly Flaw[], T>, flaws: Flaw[]): T | undefined => {
  if (E.isRight(turns)) return turns.right
  flaws.push(...turns.left)
  return undefined
}

/** A completion, and the turns before it: those of the prompt, and those of its own list, where they do not repeat the prompt. */
const answerOf = (
  value: unknown,
  field: string,
  prompt: readonly Turn[],
  flaws: Flaw[],
  notes: string[],
): ShownConversation<readonly Turn[], Turn> | undefined => {
  const list = isTranscript(value)
    ? transcriptTurns(value)
    : isPlain(value) && field !== 'messages'
      ? [{ role: 'assistant', content: value }]
      : isTurn(value)
        ? [value]
        : value
  const turns = taken(turnsOf(list, field), flaws)
  if (turns === undefined) return undefined
  const [own, completion] = [turns.slice(0, -1), turns.at(-1)!]
  const spoken = prompt.filter(({ role }) => role !== 'system')
  if (begins(own, prompt) || ends(own, prompt)) return { prompt: own, completion }
  if (begins(own, spoken) || ends(own, spoken)) return { prompt: [...prompt.filter(({ role }) => role === 'system'), ...own], completion }
  if (own.some(({ role }) => role === 'system') && prompt.some(({ role }) => role === 'system'))
    flaws.push({ field, expected: 'one system turn', found: 'another one than that of the prompt', advice: 'Keep one of them.' })
  if (spoken.length > 0 && own.length > 0) {
    if (own[0]!.role === 'user' && spoken.at(-1)!.role === 'user')
      flaws.push({
        field,
        expected: 'turns that go on from the prompt, or repeat it from its beginning',
        found: `another question, ${show(own[0]!.content)}`,
        advice: 'Give the prompt once: as `prompt`, or as the first turns.',
      })
    else notes.push(`${field} has several turns: only the last is learnt, the others are read before it`)
  }
  return { prompt: [...prompt, ...own], completion }
}

const key = (turns: readonly Turn[]): string => JSON.stringify(turns.map(({ role, content, beside }) => [role, content, beside]))
const begins = (turns: readonly Turn[], first: readonly Turn[]): boolean =>
  first.length > 0 && key(turns.slice(0, first.length)) === key(first)
const ends = (turns: readonly Turn[], last: readonly Turn[]): boolean =>
  last.length > 0 && turns.length >= last.length && key(turns.slice(-last.length)) === key(last)

type LastAnswer = ShownConversation<readonly Turn[], Turn> | undefined

/** Two conversations that differ in their last turn only. */
const compared = (chosen: LastAnswer, rejected: LastAnswer, flaws: Flaw[]): Dialogue | undefined => {
  if (chosen === undefined || rejected === undefined) return undefined
  if (key(chosen.prompt) !== key(rejected.prompt)) {
    flaws.push({
      field: 'rejected',
      expected: 'the turns of chosen, up to the last',
      found: 'other ones',
      advice: 'Remove the line: completions of different prompts are no preference.',
    })
    return undefined
  }
  return { tag: 'paired', prompt: chosen.prompt, chosen: chosen.completion, rejected: rejected.completion }
}

/** Whether a model can take a text as it is. */
export type Fits = (text: Rendered) => boolean

/**
 * A conversation as the texts that a model reads. One that is too long loses its first turns, never a part of one: it begins with its system prompt and a
 * later turn of the user, the same for both sides of a pair. What does not fit even so is left as short as that.
 */
export const rendered = (row: Dialogue, render: Render, fits: Fits = () => true): E.Either<readonly Flaw[], RowRead> => {
  const starts = startsOf(row.prompt)
  const tried = (k: number): E.Either<readonly Flaw[], RowRead> =>
    E.flatMap(written(row, starts[k]!, render), (texts) =>
      k + 1 < starts.length && !texts.every(fits) ? tried(k + 1) : E.right(readAs(row, texts, k > 0 ? [shortened] : [])),
    )
  return tried(0)
}

const shortened = 'longer than the model takes: the first turns are left out'

/** The prompt, and what remains of it when it begins with a later turn of the user. */
const startsOf = (prompt: readonly Turn[]): readonly (readonly Turn[])[] => {
  const system = prompt.filter(({ role }, i) => role === 'system' && i === 0)
  const first = prompt.findIndex(({ role }) => role === 'user')
  return [prompt, ...prompt.flatMap(({ role }, i) => (role === 'user' && i > first ? [[...system, ...prompt.slice(i)]] : []))]
}

const written = (
  { setting, ...row }: Dialogue,
  prompt: readonly Turn[],
  render: Render,
): E.Either<readonly Flaw[], readonly Rendered[]> => {
  const text = (last: Turn) => E.mapLeft((flaw: Flaw): readonly Flaw[] => [flaw])(render([...prompt, last], setting))
  if (row.tag !== 'paired') return E.map((one: Rendered) => [one])(text(row.completion))
  return E.flatMap(text(row.chosen), (chosen) => E.map((rejected: Rendered) => [chosen, rejected])(text(row.rejected)))
}

const readAs = ({ setting: _, ...row }: Dialogue, texts: readonly Rendered[], notes: readonly string[]): RowRead => {
  const [{ prompt, completion }, other] = [texts[0]!, texts[1]]
  const said = new Set([...notes, ...texts.flatMap((text) => text.notes ?? [])])
  return {
    row: row.tag === 'paired' ? { ...row, prompt, chosen: completion, rejected: other!.completion } : { ...row, prompt, completion },
    notes: [...said],
  }
}
