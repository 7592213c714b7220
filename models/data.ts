/**
 * Training data from JSON Lines: one object a line, in one of the shapes that people have.
 *
 *     {"prompt": "…", "completion": "…", "label": true}      a judged completion
 *     {"prompt": "…", "chosen": "…", "rejected": "…"}        a preference
 *     {"prompt": "…", "completion": "…"}                     a demonstration
 *     {"messages": [{"role": "user", "content": "…"}, …]}    a conversation, whose last turn is the completion; with "label" a judged one
 *     {"text": "…"}                                          plain text
 *
 * Other fields are ignored. All lines of a file have one shape. Every flaw of every line is reported, at once.
 */
import { DataError, type Finding, show, throwAll } from './errors.ts'
import { isObject, type Json, parseJson } from './fields.ts'
import { readText } from './files.ts'
import type { Row } from './rows.ts'

/**
 * The rows of a JSON Lines file, in its order.
 * @throws FileError, DataError
 */
export const readRows = async (file: string): Promise<readonly Row[]> => parseRows(await readText(file), file)

/**
 * The rows of JSON Lines. Blank lines are skipped.
 * @param file named in errors only
 * @throws DataError naming line and field of every flaw
 */
export const parseRows = (text: string, file: string): readonly Row[] => {
  const findings: Finding[] = []
  const rows: Row[] = []
  let first: { readonly tag: Row['tag']; readonly line: number } | undefined
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const [index, content] of lines.entries()) {
    if (content.trim() === '') continue
    const line = index + 1
    const { row, flaws } = rowOf(content)
    findings.push(...flaws.map((flaw) => ({ file, line, ...flaw })))
    if (row === undefined) continue
    first ??= { tag: row.tag, line }
    if (row.tag !== first.tag) findings.push({ file, line, ...mixed(first, row.tag) })
    rows.push(row)
  }
  throwAll(DataError, findings)
  if (rows.length === 0)
    throw new DataError({ file, expected: 'at least one line of JSON', found: 'an empty file', advice: 'Check the path.' })
  return rows
}

type Flaw = Omit<Finding, 'file' | 'line'>

const mixed = (first: { readonly tag: string; readonly line: number }, found: string): Flaw => ({
  expected: `a ${first.tag} row, as on line ${first.line}`,
  found: `a ${found} row`,
  advice: 'Split the file: one shape a file.',
})

const rowOf = (content: string): { readonly row?: Row; readonly flaws: readonly Flaw[] } => {
  const json = parseJson(content)
  if (!isObject(json))
    return {
      flaws: [
        {
          expected: 'a JSON object',
          found: json === undefined ? `malformed JSON ${show(content.trim())}` : show(json),
          advice: 'Write one complete object a line (JSON Lines: no array around them, no commas between them).',
        },
      ],
    }
  const flaws: Flaw[] = []
  const row = shaped(json, flaws)
  return row === undefined || flaws.length > 0 ? { flaws } : { row, flaws }
}

/** The row that an object means, by the fields it has. A flawed field adds to `flaws`, and reads as empty. */
const shaped = (json: Json, flaws: Flaw[]): Row | undefined => {
  const has = (...fields: readonly string[]) => fields.some((field) => json[field] !== undefined)
  if (has('messages')) return conversation(json, flaws)
  if (has('chosen', 'rejected'))
    return {
      tag: 'paired',
      prompt: textField(json, 'prompt', flaws),
      chosen: filledField(json, 'chosen', flaws),
      rejected: filledField(json, 'rejected', flaws),
    }
  if (has('prompt', 'completion', 'label'))
    return judged(json, textField(json, 'prompt', flaws), filledField(json, 'completion', flaws), flaws)
  if (has('text')) return { tag: 'text', text: filledField(json, 'text', flaws) }
  flaws.push({
    expected: 'prompt, completion and label; prompt, chosen and rejected; messages; or text',
    found: Object.keys(json).length === 0 ? 'no fields' : `the fields ${show(Object.keys(json))}`,
    advice: 'Rename the fields to one of these shapes.',
  })
  return undefined
}

const judged = (json: Json, prompt: string, completion: string, flaws: Flaw[]): Row => {
  if (json.label === undefined) return { tag: 'demonstration', prompt, completion }
  if (typeof json.label !== 'boolean')
    flaws.push({
      field: 'label',
      expected: 'true or false',
      found: show(json.label),
      advice: 'Write true for a desirable completion, false for an undesirable one, without quotes.',
    })
  return { tag: 'labelled', prompt, completion, label: json.label === true }
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
    flaws.push({ field, expected: 'a text', found: show(text), advice: 'Remove the line: there is nothing to learn from an empty one.' })
  return text
}

const roles: readonly unknown[] = ['system', 'user', 'assistant', 'tool']

/** Turns as `role: content` lines; the prompt ends with the role whose turn it is. */
const conversation = (json: Json, flaws: Flaw[]): Row | undefined => {
  const { messages } = json
  if (!Array.isArray(messages) || messages.length === 0) {
    flaws.push({ field: 'messages', expected: 'a list of {role, content}', found: show(messages), advice: 'Give the turns in order.' })
    return undefined
  }
  const turns = messages.map((message: unknown, index) => turn(message, `messages[${index}]`, flaws))
  const last = turns.at(-1)
  if (last === undefined || flaws.length > 0) return undefined
  const field = `messages[${turns.length - 1}]`
  if (last.role !== 'assistant')
    flaws.push({
      field,
      expected: 'a last turn of the assistant',
      found: `one of the ${last.role}`,
      advice: 'End with the completion to learn.',
    })
  if (last.content.trim() === '')
    flaws.push({
      field: `${field}.content`,
      expected: 'a text',
      found: show(last.content),
      advice: 'Remove the line: its completion is empty.',
    })
  const before = turns.slice(0, -1).map(({ role, content }) => `${role}: ${content}\n`)
  return judged(json, `${before.join('')}${last.role}:`, ` ${last.content}`, flaws)
}

const turn = (message: unknown, field: string, flaws: Flaw[]): { readonly role: string; readonly content: string } => {
  const { role, content } = isObject(message) ? message : {}
  if (typeof role !== 'string' || !roles.includes(role))
    flaws.push({ field: `${field}.role`, expected: `one of ${roles.join(', ')}`, found: show(role), advice: 'Correct the role.' })
  if (typeof content !== 'string')
    flaws.push({ field: `${field}.content`, expected: 'a string', found: show(content), advice: 'Make it a string.' })
  return { role: String(role), content: String(content) }
}
