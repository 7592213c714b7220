/**
 * What a record says beside its row, so that nothing that changes the meaning is passed over: pictures, lists that Python wrote, turns that are not to be
 * learnt, scores that nobody reads, prompts that stand in their completions again.
 */
import { isObject, type Json } from '../io/fields.ts'
import type { Flaw } from '../io/records.ts'
import type { Dialogue, Row, RowRead } from './rows.ts'

/** What keeps a record from being a row, though its fields are well-formed. */
export const misread = (json: Json): readonly Flaw[] => [...pictures(json), ...representations(json), ...masked(json)]

const pictures = (json: Json): readonly Flaw[] =>
  ['images', 'videos', 'audios'].flatMap((field) => {
    const value = json[field]
    if (!Array.isArray(value) || value.length === 0) return []
    return [
      {
        field,
        expected: 'none: halograd trains on text alone',
        found: `${value.length}`,
        advice: 'Remove the row, or describe in words what they show.',
      },
    ]
  })

/** str() of a list of turns, as pandas writes it into a CSV file. */
const representation = /^\s*\[\s*\{\s*'(role|content|from|value)'\s*:/

const representations = (json: Json): readonly Flaw[] =>
  Object.entries(json).flatMap(([field, value]) =>
    typeof value === 'string' && representation.test(value)
      ? [
          {
            field,
            expected: 'turns as JSON',
            found: 'turns as Python writes them, in single quotes',
            advice: 'Write the column with json.dumps, or the file as JSON Lines or Parquet.',
          },
        ]
      : [],
  )

/** OpenAI's `weight: 0`, axolotl's `train: false`: turns that are not to be learnt. The last one is what is learnt here. */
const masked = ({ messages, conversations }: Json): readonly Flaw[] => {
  const turns: readonly unknown[] = Array.isArray(messages) ? messages : Array.isArray(conversations) ? conversations : []
  const last = turns.at(-1)
  if (!isObject(last) || (last.weight !== 0 && last.train !== false && last.train_on_turn !== false)) return []
  return [
    {
      field: `messages[${turns.length - 1}]`,
      expected: 'a last turn that is to be learnt',
      found: 'one with weight 0',
      advice: 'End the conversation with the turn to learn.',
    },
  ]
}

/** The row as it is meant, and what should be known of it. */
export const noted = (json: Json, { row, notes, ...read }: RowRead<Row | Dialogue>): RowRead<Row | Dialogue> => {
  const repeats = repeated(row)
  return {
    ...read,
    row: repeats === 'both' ? once(row) : row,
    notes: [
      ...notes,
      ...unread(json, row),
      ...(repeats === 'both' ? ['chosen and rejected begin with the whole prompt: it is read once'] : []),
      ...(repeats === 'one' ? ['the completion begins with the whole prompt: if it is the prompt again, remove it'] : []),
    ],
  }
}

const opinions = ['score', 'rating', 'reward', 'feedback', 'verdict', 'vote', 'thumb', 'thumbs', 'stars', 'kto_tag']

/** Without a label every completion is imitated, whatever else says that it is bad. */
const unread = (json: Json, row: Row | Dialogue): readonly string[] =>
  row.tag !== 'demonstration'
    ? []
    : opinions
        .filter((name) => Object.hasOwn(json, name) && ['number', 'string', 'boolean'].includes(typeof json[name]))
        .map((name) => `${name} is not read, so the row is imitated whatever it says (halograd data import … --verdict ${name})`)

/** A prompt shorter than this may well begin its answer. */
const long = 16

const repeated = (row: Row | Dialogue): 'both' | 'one' | undefined => {
  if (row.tag === 'text' || typeof row.prompt !== 'string' || row.prompt.trim().length < long) return undefined
  const { prompt } = row
  const begins = (text: unknown): boolean => typeof text === 'string' && text.startsWith(prompt) && text.length > prompt.length
  if (row.tag === 'paired') return begins(row.chosen) && begins(row.rejected) ? 'both' : undefined
  return begins(row.completion) ? 'one' : undefined
}

const once = (row: Row | Dialogue): Row | Dialogue =>
  row.tag === 'paired' && typeof row.prompt === 'string' && typeof row.chosen === 'string' && typeof row.rejected === 'string'
    ? { ...row, prompt: row.prompt, chosen: row.chosen.slice(row.prompt.length), rejected: row.rejected.slice(row.prompt.length) }
    : row
