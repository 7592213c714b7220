/** What a file of training data holds, before anything is trained on it: how much of what, how long, how balanced, and everything that is wrong with it. */

import type { InputFinding } from '../io/errors.ts'
import { readRecords, type SourceRecord } from '../io/records.ts'
import { type Balance, type BalanceVerdict, weigh } from './balance.ts'
import { type RowOptions, rowReader } from './data.ts'
import { digest, type Repetitions, repetitions } from './repetitions.ts'
import { asDemonstrations, type Demonstration, pairsToLabelled, type Row } from './rows.ts'

export interface InspectOptions extends RowOptions {
  /** Length of a text. Default: in characters. A completion goes on after its prompt. */
  readonly measure?: (text: string, part: 'prompt' | 'completion') => number
  /** How long a prompt and a completion may be together. */
  readonly longest?: number
}

/** What a data file holds, counted: rows, kinds, lengths in tokens, repetitions, and everything that is wrong. */
export interface Inspection extends Repetitions<number> {
  readonly file: string
  /** How many can be used, and of which kind they are. */
  readonly rows: number
  readonly kind?: Row['tag']
  readonly distinctPrompts: number
  /** Of labelled rows; of pairs, as a loss of labels would read them. */
  readonly labels?: Balance & BalanceVerdict
  /** The mean weights of desirable and undesirable rows, where there are labels. */
  readonly weights?: Balance
  readonly lengths?: { readonly prompt: Lengths; readonly completion: Lengths; readonly together: Lengths }
  /** Lines whose text is longer than `longest`. */
  readonly longer: readonly number[]
  /** Everything that keeps lines from being used. */
  readonly findings: readonly InputFinding[]
  /** What should be known of lines that can be used. */
  readonly notes: Readonly<Record<string, readonly number[]>>
  /** The presets by which rows were read. */
  readonly presets: readonly string[]
}

export interface Lengths {
  readonly least: number
  readonly median: number
  /** 95 % are at most so long. */
  readonly most95: number
  readonly most: number
}

/**
 * Counts what a data file holds, reading it as a stream: of a row, only numbers and digests are kept.
 * @throws FileError, DataError when the file as a whole cannot be read
 * @example
 * ```ts
 * import { inspectFile } from 'halograd/models'
 * export const longest = async (file: string) => (await inspectFile(file)).lengths?.together
 * ```
 */
export const inspectFile = async (file: string, options: InspectOptions = {}): Promise<Inspection> => {
  const inspector = inspecting(file, options)
  for await (const record of readRecords(file, options)) inspector.add(record)
  return inspector.found()
}

/** @param file named in findings only */
export const inspect = (records: Iterable<SourceRecord>, file: string, options: InspectOptions = {}): Inspection => {
  const inspector = inspecting(file, options)
  for (const record of records) inspector.add(record)
  return inspector.found()
}

const inspecting = (file: string, options: InspectOptions) => {
  const { measure = (text) => text.length, longest = Number.POSITIVE_INFINITY } = options
  const [prompts, completions, together]: [number[], number[], number[]] = [[], [], []]
  const longer: number[] = []
  const distinct = new Set<string>()
  const repeated = repetitions<number>()
  let [rows, desirable, undesirable] = [0, 0, 0]
  const weight = { desirable: 0, undesirable: 0 }
  let kind: Row['tag'] | undefined

  /** A pair is two texts. */
  const addText = ({ prompt, completion }: Pick<Demonstration, 'prompt' | 'completion'>): boolean => {
    const [p, c] = [measure(prompt, 'prompt'), measure(completion, 'completion')]
    prompts.push(p)
    completions.push(c)
    together.push(p + c)
    return p + c > longest
  }
  const take = (row: Row, line: number): void => {
    rows++
    kind ??= row.tag
    distinct.add(digest([row.tag === 'text' ? '' : row.prompt]))
    repeated.add(row, line)
    if (row.tag === 'paired' || (row.tag === 'labelled' && row.label)) {
      desirable++
      weight.desirable += row.weight ?? 1
    }
    if (row.tag === 'paired' || (row.tag === 'labelled' && !row.label)) {
      undesirable++
      weight.undesirable += row.weight ?? 1
    }
    if (textsOf(row).map(addText).includes(true)) longer.push(line)
  }
  const { add, findings, notes, presets } = rowReader(file, take, options)
  const found = (): Inspection => {
    const counts = { desirable, undesirable }
    const mean = (sum: number, count: number): number => (count === 0 ? 1 : sum / count)
    const weights = { desirable: mean(weight.desirable, desirable), undesirable: mean(weight.undesirable, undesirable) }
    return {
      file,
      rows,
      ...(kind && { kind, lengths: { prompt: spread(prompts), completion: spread(completions), together: spread(together) } }),
      longer,
      distinctPrompts: distinct.size,
      ...(desirable + undesirable > 0 && { labels: { ...counts, ...weigh(counts, weights) }, weights }),
      ...repeated.found(),
      findings: findings(),
      notes: Object.fromEntries(notes),
      presets: [...presets],
    }
  }
  return { add, found }
}

const textsOf = (row: Row): readonly Pick<Demonstration, 'prompt' | 'completion'>[] =>
  row.tag === 'paired' ? pairsToLabelled([row]) : row.tag === 'text' ? asDemonstrations([row]) : [row]

const spread = (lengths: readonly number[]): Lengths => {
  const sorted = Float64Array.from(lengths).sort()
  const at = (fraction: number): number => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]!
  return { least: at(0), median: at(0.5), most95: at(0.95), most: at(1) }
}
