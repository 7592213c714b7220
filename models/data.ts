/**
 * Training data from files: JSON Lines, CSV or Parquet (records.ts), each record in one of the shapes that people have (shapes.ts).
 * All records of a file have one shape. Every flaw of every record is reported, at once.
 */
import { either as E } from 'fp-ts'
import { plain, type Render } from './conversation.ts'
import { DataError, type Finding, throwAll } from './errors.ts'
import { type Flaw, jsonLines, readRecords, type SourceRecord } from './records.ts'
import type { Row } from './rows.ts'
import { rowOf } from './shapes.ts'

export interface RowOptions {
  /** How conversations become text. Default: as `role: content` lines. */
  readonly render?: Render
}

/**
 * The rows of a file, in its order.
 * @throws FileError, DataError naming line and field of every flaw
 */
export const readRows = async (file: string, options: RowOptions = {}): Promise<readonly Row[]> => (await readLines(file, options)).rows

/** …and their lines. @throws FileError, DataError naming line and field of every flaw */
export const readLines = async (file: string, options: RowOptions = {}): Promise<Omit<Rows, 'findings'>> =>
  sound(rowsOf(await readRecords(file), file, options), file)

/**
 * The rows of JSON Lines. Blank lines are skipped.
 * @param file named in errors only
 * @throws DataError naming line and field of every flaw
 */
export const parseRows = (text: string, file: string, options: RowOptions = {}): readonly Row[] =>
  sound(rowsOf(jsonLines(text), file, options), file).rows

export interface Rows {
  /** Those that can be read, and their lines. */
  readonly rows: readonly Row[]
  readonly lines: readonly number[]
  readonly findings: readonly Finding[]
}

/** The rows of records, and what is wrong with the others. */
export const rowsOf = (records: readonly SourceRecord[], file: string, { render = plain }: RowOptions = {}): Rows => {
  const findings: Finding[] = []
  const [rows, lines]: [Row[], number[]] = [[], []]
  for (const { line, content } of records) {
    const row = E.flatMap(E.mapLeft((flaw: Flaw): readonly Flaw[] => [flaw])(content), (json) => rowOf(json, render))
    const [first] = rows
    if (E.isLeft(row)) findings.push(...row.left.map((flaw) => ({ file, line, ...flaw })))
    else if (first !== undefined && row.right.tag !== first.tag)
      findings.push({ file, line, ...mixed(first.tag, lines[0]!, row.right.tag) })
    else {
      rows.push(row.right)
      lines.push(line)
    }
  }
  return { rows, lines, findings }
}

const mixed = (expected: string, line: number, found: string): Flaw => ({
  expected: `a ${expected} row, as on line ${line}`,
  found: `a ${found} row`,
  advice: 'Split the file: one shape a file.',
})

const sound = ({ rows, lines, findings }: Rows, file: string): Omit<Rows, 'findings'> => {
  throwAll(DataError, findings)
  if (rows.length > 0) return { rows, lines }
  throw new DataError({ file, expected: 'at least one record', found: 'an empty file', advice: 'Check the path.' })
}
