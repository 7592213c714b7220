/**
 * A round judged by people: answers.tsv, with a column `verdict` to fill in, in any editor or spreadsheet.
 *
 *     id ⇥ prompt ⇥ answer ⇥ verdict        verdict: up, down, good, bad, 1, 0, 👍, 👎, … or a number; `-`: no verdict
 */
import { parse } from 'csv-parse/sync'
import { DataError, type InputFinding, readText } from '../../models/index.ts'
import { throwAll, verdictOf } from '../../models/internal.ts'
import type { AnswerGroup } from './answers.ts'
import type { RoundVerdicts } from './verdicts.ts'

const idOf = (group: number, answer: number): string => `q${group + 1}a${answer + 1}`
const flat = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\r', '\\r').replaceAll('\n', '\\n')

export const sheetOf = (groups: readonly AnswerGroup[]): string =>
  [
    ['id', 'prompt', 'answer', 'verdict'],
    ...groups.flatMap(({ prompt, answers }, g) => answers.map(({ text }, a) => [idOf(g, a), flat(prompt.text), flat(text), ''])),
  ]
    .map((cells) => `${cells.join('\t')}\n`)
    .join('')

/** The verdicts of a sheet; or how many are still missing. @throws FileError, DataError naming line and value of each that is none */
export const readSheet = async (
  file: string,
  groups: readonly AnswerGroup[],
): Promise<{ readonly missing: number; readonly verdicts: RoundVerdicts }> => {
  const cells = new Map<string, { readonly value: string; readonly line: number }>()
  const lines: readonly (readonly string[])[] = parse(await readText(file), {
    ...{ delimiter: '\t', quote: null, bom: true, relaxColumnCount: true, skipEmptyLines: true },
  })
  const [head = [], ...rows] = lines
  const [id, verdict] = [head.indexOf('id'), head.indexOf('verdict')]
  if (id < 0 || verdict < 0)
    throw new DataError({
      ...{ file, line: 1, expected: 'the columns id and verdict', found: head.join(', ') || 'none' },
      advice: 'Keep the first line as it was written.',
    })
  for (const [i, row] of rows.entries()) cells.set((row[id] ?? '').trim(), { value: (row[verdict] ?? '').trim(), line: i + 2 })
  const findings: InputFinding[] = []
  let missing = 0
  const read = (key: string): number | undefined => {
    const cell = cells.get(key)
    if (cell === undefined || cell.value === '') {
      missing++
      return undefined
    }
    if (cell.value === '-') return undefined
    const found = scoreOf(cell.value)
    if (found === undefined)
      findings.push({
        ...{ file, line: cell.line, field: 'verdict', expected: 'up, down, a number, or - for none', found: JSON.stringify(cell.value) },
        advice: 'Correct the verdict.',
      })
    return found
  }
  const verdicts = groups.map(({ answers }, g) => answers.map((_, a) => read(idOf(g, a))))
  throwAll(DataError, findings)
  return { missing, verdicts }
}

/** A number as it is; words as 1 or 0. */
const scoreOf = (text: string): number | undefined => {
  const number = Number(text)
  if (Number.isFinite(number)) return number
  const verdict = verdictOf(text)
  return verdict === undefined ? undefined : Number(verdict)
}
