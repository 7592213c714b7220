/** What a file of training data holds, before anything is trained on it: how much of what, how long, how balanced, and everything that is wrong with it. */
import { type Balance, type Verdict, weigh } from './balance.ts'
import { type RowOptions, type Rows, readUsable, rowsOf } from './data.ts'
import type { Finding } from './errors.ts'
import type { SourceRecord } from './records.ts'
import { type Repetitions, repetitionsIn } from './repetitions.ts'
import { asDemonstrations, type Demonstration, pairsToLabelled, type Row } from './rows.ts'

export interface InspectOptions extends RowOptions {
  /** Length of a text. Default: in characters. A completion goes on after its prompt. */
  readonly measure?: (text: string, part: 'prompt' | 'completion') => number
  /** How long a prompt and a completion may be together. */
  readonly longest?: number
}

export interface Inspection extends Repetitions<number> {
  readonly file: string
  /** How many can be used, and of which kind they are. */
  readonly rows: number
  readonly kind?: Row['tag']
  readonly distinctPrompts: number
  /** Of labelled rows; of pairs, as a loss of labels would read them. */
  readonly labels?: Balance & Verdict
  readonly lengths?: { readonly prompt: Lengths; readonly completion: Lengths; readonly together: Lengths }
  /** Lines whose text is longer than `longest`. */
  readonly longer: readonly number[]
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
  summary(await readUsable(file, options), file, options)

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
    ...(first === undefined ? { longer: [] } : { kind: first.tag, ...lengthsOf(rows, lines, options) }),
    distinctPrompts: new Set(rows.map((row) => (row.tag === 'text' ? '' : row.prompt))).size,
    ...(labelled.length === 0 ? {} : { labels: { ...counts, ...weigh(counts) } }),
    ...repetitionsIn(rows, lines),
    findings,
  }
}

// ------------------------------------------------------------------ lengths

/** The lengths of prompts and completions, a pair being two; and which lines are longer than they may be. */
const lengthsOf = (
  rows: readonly Row[],
  lines: readonly number[],
  { measure = (text) => text.length, longest = Number.POSITIVE_INFINITY }: InspectOptions,
): { readonly lengths: NonNullable<Inspection['lengths']>; readonly longer: readonly number[] } => {
  const [prompts, completions, together]: [number[], number[], number[]] = [[], [], []]
  const longer = lines.filter((_, i) => {
    const before = prompts.length
    for (const { prompt, completion } of textsOf(rows[i]!)) {
      const [p, c] = [measure(prompt, 'prompt'), measure(completion, 'completion')]
      prompts.push(p)
      completions.push(c)
      together.push(p + c)
    }
    return together.slice(before).some((length) => length > longest)
  })
  return { lengths: { prompt: spread(prompts), completion: spread(completions), together: spread(together) }, longer }
}

const textsOf = (row: Row): readonly Pick<Demonstration, 'prompt' | 'completion'>[] =>
  row.tag === 'paired' ? pairsToLabelled([row]) : row.tag === 'text' ? asDemonstrations([row]) : [row]

const spread = (lengths: readonly number[]): Lengths => {
  const sorted = lengths.toSorted((a, b) => a - b)
  const at = (fraction: number): number => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]!
  return { least: at(0), median: at(0.5), most95: at(0.95), most: at(1) }
}
