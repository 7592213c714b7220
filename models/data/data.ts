/**
 * Training data from files: JSON Lines, CSV or Parquet (records.ts), each record in one of the shapes that people have (shapes.ts).
 * All records of a file have one shape. Every flaw of every record is reported, at once.
 */
import { either as E } from 'fp-ts'
import { DataError, type InputFinding, mostFindings, throwAll } from '../io/errors.ts'
import { type Flaw, jsonLines, type ReadOptions, readRecords, type SourceRecord } from '../io/records.ts'
import { plain, type Render } from '../text/conversation.ts'
import type { Fits } from './dialogues.ts'
import type { Row } from './rows.ts'
import { rowOf, trainingRow } from './shapes.ts'

/** How rows of a data file are read. */
export interface RowOptions extends ReadOptions {
  /** How conversations become text. Default: as `role: content` lines. */
  readonly render?: Render
  /** Whether a model can take a text. Conversations that it cannot lose their first turns. Default: always. */
  readonly fits?: Fits
}

/**
 * The rows of a data file (JSON Lines, JSON, CSV, Parquet, compressed or not), in its order.
 * @throws FileError, DataError naming line and field of every flaw
 * @example
 * ```ts
 * import { asLabelled, readRows } from 'halograd/models'
 * export const labelled = async (file: string) => asLabelled(await readRows(file), file)
 * ```
 */
export const readRows = async (file: string, options: RowOptions = {}): Promise<readonly Row[]> => (await readLines(file, options)).rows

/**
 * The rows of a data file that can be used, and findings about its other lines.
 * @throws FileError, DataError when the file as a whole cannot be read
 * @example
 * ```ts
 * import { readUsable } from 'halograd/models'
 * export const flaws = async (file: string) => (await readUsable(file)).findings.map(({ line }) => line)
 * ```
 */
export const readUsable = (file: string, options: RowOptions = {}): Promise<Rows> => rowsIn(readRecords(file, options), file, options)

/** …and their lines. @throws FileError, DataError naming line and field of every flaw */
export const readLines = async (file: string, options: RowOptions = {}): Promise<Sound> => sound(await readUsable(file, options), file)

/**
 * The rows of JSON Lines. Blank lines are skipped.
 * @param file named in errors only
 * @throws DataError naming line and field of every flaw
 */
export const parseRows = (text: string, file: string, options: RowOptions = {}): readonly Row[] =>
  sound(rowsOf(jsonLines(text, options.longestLine), file, options), file).rows

/** What a data file holds: rows that can be used, and findings about those that cannot. */
export interface Rows {
  /** Those that can be read, and their lines. */
  readonly rows: readonly Row[]
  readonly lines: readonly number[]
  readonly findings: readonly InputFinding[]
  /** What a reader should know of lines that can be used. */
  readonly notes: RowNotes
}

/** What is to be known, and of which lines. */
export type RowNotes = ReadonlyMap<string, readonly number[]>

/** The rows of records, and what is wrong with the others. */
export const rowsOf = (records: Iterable<SourceRecord>, file: string, options?: RowOptions): Rows => {
  const gathered = gather(file, options)
  for (const record of records) gathered.add(record)
  return gathered.rows()
}

/** The same, of records that are still being read: of a large file nothing is kept but what rows say. */
export const rowsIn = async (records: AsyncIterable<SourceRecord>, file: string, options?: RowOptions): Promise<Rows> => {
  const gathered = gather(file, options)
  for await (const record of records) gathered.add(record)
  return gathered.rows()
}

const gather = (file: string, options?: RowOptions) => {
  const [rows, lines]: [Row[], number[]] = [[], []]
  const take = (row: Row, line: number): void => {
    rows.push(row)
    lines.push(line)
  }
  const { add, findings, notes } = rowReader(file, take, options)
  return { add, rows: (): Rows => ({ rows, lines, findings: findings(), notes }) }
}

/** Gives on the rows that records mean, one after another, with their lines; and keeps what is wrong with the others. */
export const rowReader = (file: string, take: (row: Row, line: number) => void, { render = plain, fits }: RowOptions = {}) => {
  const findings: InputFinding[] = []
  const notes = new Map<string, number[]>()
  const presets = new Set<string>()
  let foreign = 0
  const scale: { zero?: number; minus?: number } = {}
  let first: { readonly tag: Row['tag']; readonly line: number } | undefined
  return {
    add: ({ line, content }: SourceRecord): void => {
      if (E.isRight(content)) {
        if (content.right.label === 0) scale.zero ??= line
        if (content.right.label === -1) scale.minus ??= line
      }
      const read = E.flatMap(E.mapLeft((flaw: Flaw): readonly Flaw[] => [flaw])(content), (json) => rowOf(json, render, fits))
      if (E.isLeft(read)) {
        for (const flaw of read.left)
          if (flaw.expected !== trainingRow) findings.push({ file, line, ...flaw })
          else if (foreign++ === 0) findings.push({ file, line, ...flaw, advice: flaw.advice.replace('FILE', file) })
        if (findings.length >= mostFindings) throwAll(DataError, findings)
        return
      }
      const { row, preset } = read.right
      if (preset !== undefined) presets.add(preset)
      const { tag } = row
      for (const note of read.right.notes) {
        const those = notes.get(note)
        if (those === undefined) notes.set(note, [line])
        else those.push(line)
      }
      first ??= { tag, line }
      if (tag === first.tag) take(row, line)
      else findings.push({ file, line, ...mixed(first.tag, first.line, tag) })
    },
    findings: (): readonly InputFinding[] => [...findings, ...twoScales(file, scale)].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    notes,
    /** The shapes of the rows, by the names of presets. */
    presets,
  }
}

/** Beside −1, a 0 may be a draw; beside 1, it is bad. A file that has both does not say which. */
const twoScales = (file: string, { zero, minus }: { readonly zero?: number; readonly minus?: number }): readonly InputFinding[] =>
  zero === undefined || minus === undefined
    ? []
    : [
        {
          file,
          line: zero,
          field: 'label',
          expected: 'labels of one scale: 1 and 0, or 1 and -1',
          found: `0 here, and -1 on line ${minus}`,
          advice: 'Remove the rows of 0, if they are draws: halograd data import FILE --verdict label --good 1 --bad -1 --out rows.jsonl.',
        },
      ]

const mixed = (expected: string, line: number, found: string): Flaw => ({
  expected: `a ${expected} row, as on line ${line}`,
  found: `a ${found} row`,
  advice: 'Split the file: one shape a file.',
})

type Sound = Omit<Rows, 'findings'>

const sound = ({ rows, lines, notes, findings }: Rows, file: string): Sound => {
  throwAll(DataError, findings)
  if (rows.length > 0) return { rows, lines, notes }
  throw new DataError({ file, expected: 'at least one record', found: 'an empty file', advice: 'Check the path.' })
}
