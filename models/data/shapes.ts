/**
 * What a record means, by the fields it has.
 *
 *     {prompt, completion, label}     a judged completion               {prompt, chosen, rejected}    a preference
 *     {prompt, completion}            a demonstration                   {chosen, rejected}            conversations that differ in their end
 *     {messages}                      a conversation, with label a judged one                         {text}    plain text
 *
 * Each of prompt, completion, chosen and rejected is a text, a turn, or a list of turns; beside them `system`, `tools`, `chat_template_kwargs` and a
 * `weight` from 0 on; beside a pair, its `margin`, or `chosen_score` and `rejected_score`. Every other shape is a preset (import/presets) that says where these fields are.
 */
import { either as E } from 'fp-ts'
import { collect, dataColumns, evidenceFields } from '../../halos/internal.ts'
import { show } from '../io/errors.ts'
import type { Json } from '../io/fields.ts'
import type { Flaw } from '../io/records.ts'
import { type Render, withoutText } from '../text/conversation.ts'
import { chat, type Fits, has, isChat, judged, rendered } from './dialogues.ts'
import { canonicalOf, renamed } from './import/fields.ts'
import { nearest, type Recognised, recognise } from './import/recognise.ts'
import { misread, noted } from './overlooked.ts'
import type { Dialogue, Row, RowRead } from './rows.ts'

/** The row that a record means, or everything that is wrong with it. Fields of no meaning here are ignored. */
export const rowOf = (json: Json, render: Render, fits?: Fits): E.Either<readonly Flaw[], RowRead> =>
  E.flatMap(saidOf(json), ({ row, ...known }) =>
    isDialogue(row)
      ? E.map((read: RowRead): RowRead => ({ ...known, ...read, notes: [...known.notes, ...read.notes] }))(rendered(row, render, fits))
      : E.right({ row, ...known }),
  )

const isDialogue = (row: Row | Dialogue): row is Dialogue => row.tag !== 'text' && typeof row.prompt !== 'string'

/** The same before it is rendered: texts as they are, conversations as turns. */
export const saidOf = (json: Json): E.Either<readonly Flaw[], RowRead<Row | Dialogue>> => {
  const known = recognise(json)
  const flaws = misread(json)
  if (flaws.length > 0) return E.left(flaws)
  return E.map((read: RowRead<Row | Dialogue>) => noted(json, read))(known === undefined ? ownOf(json) : foreignOf(json, known))
}

/** What is expected where a tool's own records stand: it is wrong with all of them, or with none. */
export const trainingRow = 'a row of training data'

/** A record of a shape that a preset describes. */
const foreignOf = (json: Json, { preset, mapping }: Recognised): E.Either<readonly Flaw[], RowRead<Row | Dialogue>> => {
  if (!preset.direct || mapping.refused !== undefined)
    return E.left([
      {
        expected: trainingRow,
        found: `a record of ${preset.title}`,
        advice: mapping.refused ?? 'Make rows of it: halograd data import FILE --out rows.jsonl.',
      },
    ])
  const flaws = mapping.check?.(json) ?? []
  if (flaws.length > 0) return E.left(flaws)
  return E.bimap(
    (each: readonly Flaw[]) => each.map(renamed(mapping, json)),
    (read: RowRead<Row | Dialogue>) => ({ ...read, preset: preset.name }),
  )(ownOf(canonicalOf(mapping, json)))
}

/** A record in halograd's own fields. */
export const ownOf = (json: Json): E.Either<readonly Flaw[], RowRead<Row | Dialogue>> => {
  const [flaws, notes]: [Flaw[], string[]] = [[], []]
  const row = isChat(json) ? chat(json, flaws, notes) : texts(json, flaws)
  const weight = weightOf(json, flaws)
  if (row === undefined || flaws.length > 0) return E.left(flaws)
  const values = collect(dataColumns, (column) => evidenceFields[column].read(json))
  return E.right({ row: { ...row, ...(weight !== undefined && { weight }), ...values }, notes })
}

const weightOf = ({ weight }: Json, flaws: Flaw[]): number | undefined => {
  if (weight === undefined || weight === null || (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)))
    return weight ?? undefined
  flaws.push({
    field: 'weight',
    expected: 'a number of 0 or more',
    found: show(weight),
    advice: 'Weigh a line 1 to count as any other, 0 not at all.',
  })
  return undefined
}

// ------------------------------------------------------------------ texts

const texts = (json: Json, flaws: Flaw[]): Row | undefined => {
  if (has(json, 'chosen', 'rejected'))
    return {
      tag: 'paired',
      prompt: textField(json, 'prompt', flaws),
      chosen: filledField(json, 'chosen', flaws),
      rejected: filledField(json, 'rejected', flaws),
    }
  if (has(json, 'prompt', 'completion', 'label'))
    return judged(json, { prompt: textField(json, 'prompt', flaws), completion: filledField(json, 'completion', flaws) }, flaws)
  if (has(json, 'text')) return { tag: 'text', text: filledField(json, 'text', flaws) }
  const near = nearest(json)
    .map(({ title }) => title)
    .join(', ')
  flaws.push({
    expected: 'prompt, completion and label; prompt, chosen and rejected; messages; or text',
    found: Object.keys(json).length === 0 ? 'no fields' : `the fields ${show(Object.keys(json))}`,
    advice: `Say where they are: halograd data import FILE --prompt PATH --completion PATH --verdict PATH --out rows.jsonl${near === '' ? '' : ` (nearest: ${near})`}.`,
  })
  return undefined
}

const textField = (json: Json, field: string, flaws: Flaw[]): string => {
  const value = json[field]
  if (typeof value === 'string') return value
  flaws.push({ field, expected: 'a string', found: show(value), advice: value === undefined ? 'Add the field.' : 'Make it a string.' })
  return ''
}

const filledField = (json: Json, field: string, flaws: Flaw[]): string => {
  const text = textField(json, field, flaws)
  if (typeof json[field] === 'string' && text.trim() === '')
    flaws.push({ field, expected: 'a text', found: show(text), advice: withoutText })
  return text
}
