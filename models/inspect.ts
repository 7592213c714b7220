/** What a file of training data holds, before anything is trained on it: how much of what, how long, how balanced, and everything that is wrong with it. */
import { type Balance, type Verdict, weigh } from './balance.ts'
import { type RowOptions, type Rows, rowsIn, rowsOf } from './data.ts'
import type { Finding } from './errors.ts'
import { readRecords, type SourceRecord } from './records.ts'
import { asDemonstrations, type Demonstration, pairsToLabelled, type Row } from './rows.ts'

export interface InspectOptions extends RowOptions {
  /** Length of a text. Default: in characters. A completion goes on after its prompt. */
  readonly measure?: (text: string, part: 'prompt' | 'completion') => number
}

export interface Inspection {
  readonly file: string
  /** How many can be used, and of which kind they are. */
  readonly rows: number
  readonly kind?: Row['tag']
  readonly distinctPrompts: number
  /** Of labelled rows; of pairs, as a loss of labels would read them. */
  readonly labels?: Balance & Verdict
  readonly lengths?: { readonly prompt: Lengths; readonly completion: Lengths; readonly together: Lengths }
  /** Lines that say the same, in groups. */
  readonly duplicates: readonly (readonly number[])[]
  /** Lines that say opposite things of the same completions, in groups. Two people may well disagree; a loss learns nothing from them. */
  readonly contradictions: readonly (readonly number[])[]
  /** Pairs whose two completions are the same. */
  readonly indifferent: readonly number[]
  /** Everything that keeps lines from being used. */
  readonly findings: readonly Finding[]
}

export interface Lengths {
  readonly least: number
  readonly median: number
  /** 95 % are at most so long. */
  readonly most95: number
  readonly most: number
}

/** @throws FileError, DataError when the file as a whole cannot be read */
export const inspectFile = async (file: string, options: InspectOptions = {}): Promise<Inspection> =>
  summary(await rowsIn(readRecords(file), file, options), file, options)

/** @param file named in findings only */
export const inspect = (records: readonly SourceRecord[], file: string, options: InspectOptions = {}): Inspection =>
  summary(rowsOf(records, file, options), file, options)

const summary = ({ rows, lines, findings }: Rows, file: string, options: InspectOptions): Inspection => {
  const [first] = rows
  const labelled = rows.flatMap((row) => (row.tag === 'labelled' ? [row] : row.tag === 'paired' ? pairsToLabelled([row]) : []))
  const desirable = labelled.filter(({ label }) => label).length
  const counts = { desirable, undesirable: labelled.length - desirable }
  return {
    file,
    rows: rows.length,
    ...(first === undefined ? {} : { kind: first.tag, lengths: lengthsOf(rows, options) }),
    distinctPrompts: new Set(rows.map((row) => (row.tag === 'text' ? '' : row.prompt))).size,
    ...(labelled.length === 0 ? {} : { labels: { ...counts, ...weigh(counts) } }),
    duplicates: grouped(rows, lines, (row) => JSON.stringify(row))
      .filter((group) => group.length > 1)
      .map((group) => group.map(({ line }) => line)),
    contradictions: grouped(rows, lines, subject)
      .filter((group) => new Set(group.map(({ row }) => JSON.stringify(row))).size > 1)
      .map((group) => group.map(({ line }) => line)),
    indifferent: lines.filter((_, i) => isIndifferent(rows[i]!)),
    findings,
  }
}

interface Placed {
  readonly row: Row
  readonly line: number
}
const grouped = (rows: readonly Row[], lines: readonly number[], key: (row: Row) => string): readonly (readonly Placed[])[] => {
  const groups = new Map<string, Placed[]>()
  for (const [i, row] of rows.entries()) {
    const group = groups.get(key(row)) ?? []
    groups.set(key(row), group)
    group.push({ row, line: lines[i]! })
  }
  return [...groups.values()]
}

/** What a row judges, whichever way. */
const subject = (row: Row): string =>
  JSON.stringify(
    row.tag === 'labelled' ? [row.prompt, row.completion] : row.tag === 'paired' ? [row.prompt, ...[row.chosen, row.rejected].sort()] : row,
  )

const isIndifferent = (row: Row): boolean => row.tag === 'paired' && row.chosen === row.rejected

// ------------------------------------------------------------------ lengths

const lengthsOf = (rows: readonly Row[], { measure = (text) => text.length }: InspectOptions): NonNullable<Inspection['lengths']> => {
  const texts = rows.flatMap((row): readonly Pick<Demonstration, 'prompt' | 'completion'>[] =>
    row.tag === 'paired' ? pairsToLabelled([row]) : row.tag === 'text' ? asDemonstrations([row]) : [row],
  )
  const prompts = texts.map(({ prompt }) => measure(prompt, 'prompt'))
  const completions = texts.map(({ completion }) => measure(completion, 'completion'))
  return { prompt: spread(prompts), completion: spread(completions), together: spread(prompts.map((n, i) => n + completions[i]!)) }
}

const spread = (lengths: readonly number[]): Lengths => {
  const sorted = lengths.toSorted((a, b) => a - b)
  const at = (fraction: number): number => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]!
  return { least: at(0), median: at(0.5), most95: at(0.95), most: at(1) }
}
