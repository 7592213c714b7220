/**
 * An import: records of files, through a mapping, to rows that training reads; and what became of each answer.
 *
 *     found = rated + unrated        rated = used + dropped (with the reason)
 */
import { either as E } from 'fp-ts'
import { DataError, show } from '../../io/errors.ts'
import type { Json } from '../../io/fields.ts'
import { type ReadOptions, readRecords } from '../../io/records.ts'
import type { Balance } from '../balance.ts'
import { alone, type ConversationPiece, isJoined, type JudgedText, joined, type Unmet } from './join.ts'
import { type ImportSummary, importLog, type ImportLog as Log } from './log.ts'
import {
  asLabels,
  asShown,
  type Pairing,
  pairing,
  type Reading,
  reasonOf,
  rivalPairs,
  rowsFrom,
  type Written,
  writtenOf,
} from './making.ts'
import type { Mapping } from './mapping.ts'
import { recordsIn } from './recognise.ts'
import { isRated } from './verdicts.ts'

/** How other applications' files become rows. */
export interface ImportOptions extends ReadOptions {
  /** Default: labels where there are verdicts, pairs where there are comparisons, demonstrations where there is neither. */
  readonly as?: Reading
  /** Only answers whose columns have these values. */
  readonly where?: Readonly<Record<string, string>>
  /** Weights of desirable and undesirable rows. */
  readonly weights?: Balance
  /** Leave out records that are malformed, rather than refuse the file. */
  readonly skip?: boolean
  /** Without what a model thought before it answered. */
  readonly stripReasoning?: boolean
}

/** Rows made of the files of another application, and a summary of how. */
export interface Import {
  /** The rows, one after another. @throws DataError at the end, when the files make none, or what they say has no meaning */
  readonly rows: AsyncIterable<Written>
  /** To be asked when the rows are all read. */
  readonly summary: () => ImportSummary
}

/**
 * Reads the exports of chat applications and annotation tools, by the mappings of a preset or by one's own, as rows of halograd.
 * @throws DataError (while rows are read) naming file and line; FileError
 * @example
 * ```ts
 * import { importing, presets } from 'halograd/models'
 * export async function* rows(file: string, name: string) {
 *   const preset = presets.find((each) => each.name === name)
 *   yield* importing([file], preset?.mappings ?? []).rows
 * }
 * ```
 */
export const importing = (files: readonly string[], mappings: readonly Mapping[], options: ImportOptions = {}): Import => {
  const log = importLog(options.where)
  const read = () => pieces(files, mappings, log, options)
  const unmet: Unmet[] = []
  const judged = isJoined(mappings) ? joined(read, (each) => unmet.push(each)) : alone(read())
  async function* rows(): AsyncGenerator<Written> {
    yield* made(judged, log, options)
    log.close(files, unmet[0])
  }
  return { rows: rows(), summary: log.summary }
}

/** The records that a mapping fits. What no mapping fits is passed over. */
async function* pieces(
  files: readonly string[],
  mappings: readonly Mapping[],
  log: Log,
  options: ImportOptions,
): AsyncGenerator<ConversationPiece> {
  const sorted = mappings.toSorted((a, b) => b.keys.length - a.keys.length)
  for (const file of files)
    for await (const { line, content } of readRecords(file, options)) {
      const place = `${file}:${line}`
      if (E.isLeft(content)) {
        log.malformed({ file, line, ...content.left }, place, options.skip === true)
        continue
      }
      const element = content.right
      const mapping = sorted.find((each) => recordsIn(each, element).length > 0)
      if (mapping?.refused !== undefined)
        throw new DataError({
          file,
          line,
          expected: 'records with texts',
          found: `the fields ${show(Object.keys(element))}`,
          advice: mapping.refused,
        })
      if (mapping !== undefined) for (const record of recordsIn(mapping, element)) yield { mapping, record, place }
    }
}

/** The rows of judged answers, in the reading that the first of them decides. */
async function* made(judged: AsyncIterable<JudgedText>, log: Log, options: ImportOptions): AsyncGenerator<Written> {
  const pairs = pairing()
  for await (const answer of judged) {
    const rated = !answer.awaits || (answer.verdict !== undefined && isRated(answer.verdict))
    log.answer(rated)
    if (rated) for (const row of rowsOf(answer, pairs, log, options)) yield log.row(row)
  }
  const { pairs: last, left } = pairs.end()
  for (const pair of last) yield log.row(pair)
  for (const place of left) log.drop('no counterpart of the other verdict for the same prompt', place)
}

/** What an answer comes to, or nothing, when the log is told why. */
const rowsOf = (
  { said, verdict, flaw, place, ...text }: JudgedText,
  pairs: Pairing,
  log: Log,
  options: ImportOptions,
): readonly Written[] => {
  const columns = { ...text.columns, ...verdict?.columns }
  const drop = (reason: string): readonly Written[] => {
    log.drop(reason, place)
    return []
  }
  if (flaw !== undefined) return drop(reasonOf([flaw]))
  if (!matches(columns, options.where)) return drop('not what --where asks for')
  const reading = options.as ?? log.reading(said, verdict)
  log.heard(verdict, reading)
  if (verdict?.score !== undefined && reading !== 'pairs') return drop('a score without a threshold')
  if (verdict?.unknown !== undefined && verdict.correction === undefined) return drop(`neither good nor bad: ${show(verdict.unknown)}`)
  const rows = rowsFrom(options.stripReasoning ? withoutReasoning(said) : said, verdict)
  if (E.isLeft(rows)) return drop(rows.left)
  const written = rows.right.map((row) => ({ ...writtenOf(row), ...columns }))
  if (reading === 'labels') return written.flatMap(asLabels).map((row) => weighed(row, options.weights))
  if (reading === 'demonstrations') return written.flatMap(asShown)
  const rivals = verdict === undefined ? [] : rivalPairs(rows.right[0]!, verdict).map((pair) => ({ ...pair, ...columns }))
  if (rivals.length > 0) return rivals
  return written.flatMap((row) => pairs.add(row, place, verdict?.score))
}

const matches = (columns: Json, where: ImportOptions['where'] = {}): boolean =>
  Object.entries(where).every(([name, wanted]) => {
    const value = columns[name]
    return Array.isArray(value) ? value.map(String).includes(wanted) : String(value) === wanted
  })

const weighed = (row: Written, weights: Balance | undefined): Written => {
  const weight = weights === undefined ? 1 : row.label === true ? weights.desirable : weights.undesirable
  return weight === 1 ? row : { ...row, weight: weight * (typeof row.weight === 'number' ? row.weight : 1) }
}

const thoughts = /<details type="reasoning"[^>]*>[\s\S]*?<\/details>\s*|<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>\s*/g
const withoutReasoning = (value: Json): Json =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'string' ? each.replace(thoughts, '') : each)))
