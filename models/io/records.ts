/**
 * The records of a data file and where each stands: JSON Lines, CSV or TSV with a header (both perhaps gzipped), or Parquet, by the name's ending.
 * They come one after another as the file is read: a file is never in memory as a whole. What cannot be read is a record with a flaw, so that
 * everything that is wrong with a file can be told at once.
 */
import { pipeline, Readable } from 'node:stream'
import { type CsvError, type Info, type Options, parse } from 'csv-parse'
import { either as E } from 'fp-ts'
import { again, elementsOf, layoutOf } from './elements.ts'
import { DataError, type InputFinding, show } from './errors.ts'
import { isObject, type Json } from './fields.ts'
import { readChunks } from './files.ts'
import { unzipped } from './gzip.ts'
import { deeper, parseJson, whyNotJson } from './json.ts'
import { type ObjectPart, partsOf } from './members.ts'
import { type ParquetLimits, parquet } from './parquet.ts'
import { textDecoder } from './text.ts'

/** What is wrong with a record, whichever it is. */
export type Flaw = Omit<InputFinding, 'file' | 'line'>

export interface SourceRecord {
  /** Line of the file on which the record ends, from 1; in Parquet, the row. */
  readonly line: number
  readonly content: E.Either<Flaw, Json>
}

export interface ReadOptions {
  /** Of text, a label of the WHATWG Encoding Standard. Default: UTF-8, and nothing else is read. */
  readonly encoding?: string
  /** The longest line of JSON Lines, or record of CSV, in UTF-16 code units. Default: 32 Mi. */
  readonly longestLine?: number
  /** How many bytes may come of each byte of a gzip file. Default: 200, or as many as make 256 MiB. */
  readonly unpackedRatio?: number
  /** What reading Parquet may take. */
  readonly parquet?: ParquetLimits
}
const usuallyLongest = 2 ** 25

/** @throws FileError, DataError when the file as a whole cannot be read */
export const readRecords = (file: string, options: ReadOptions = {}): AsyncIterable<SourceRecord> => {
  const [, kind] = /\.(csv|tsv|parquet)(?:\.gz)?$/i.exec(file) ?? []
  if (kind?.toLowerCase() === 'parquet') return numbered(parquet(file, options.parquet))
  const { encoding, longestLine: longest = usuallyLongest, unpackedRatio } = options
  const text = decoded(/\.gz$/i.test(file) ? unzipped(file, unpackedRatio) : readChunks(file), file, encoding)
  return kind === undefined
    ? jsonOf(text, longest, /\.json(?:\.gz)?$/i.test(file))
    : kind.toLowerCase() === 'csv'
      ? commaSeparated(text, file, longest)
      : separated(text, file, '\t', longest)
}

async function* numbered(rows: AsyncIterable<Json>): AsyncGenerator<SourceRecord> {
  let line = 0
  for await (const row of rows) yield { line: ++line, content: E.right(row) }
}

/** Without the mark that some editors put at the beginning. */
async function* decoded(chunks: AsyncIterable<Uint8Array>, file: string, encoding: string | undefined): AsyncGenerator<string> {
  const decode = textDecoder(encoding, (why) => new DataError({ file, ...why }))
  for await (const chunk of chunks) yield decode(chunk, false)
  yield decode(new Uint8Array(0), true)
}

/** One JSON object a line; or, however the file is called, one array of them; or, in a .json file, one object, a large one by the elements of its arrays. */
async function* jsonOf(given: AsyncIterable<string>, longest: number, mayBeObject: boolean): AsyncGenerator<SourceRecord> {
  const { kind, text } = await layoutOf(given, longest)
  if (kind === 'array')
    for await (const element of elementsOf(text, longest)) yield { line: element.line, content: elementOf(element.text, longest) }
  else if (kind === 'object' && mayBeObject) yield* objectIn(text, longest)
  else yield* jsonLinesOf(text, longest)
}

/** Characters up to which an object is one record. */
const largestWhole = 2 ** 22

/** An object as it is; a larger one, as objects with one element each of its arrays. */
async function* objectIn(text: AsyncIterable<string>, longest: number): AsyncGenerator<SourceRecord> {
  const pieces = text[Symbol.asyncIterator]()
  const read: string[] = []
  let length = 0
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    read.push(next.value)
    length += next.value.length
    if (length > Math.min(longest, largestWhole)) {
      for await (const part of partsOf(again(read, pieces), longest)) yield { line: part.line, content: partOf(part, longest) }
      return
    }
  }
  yield { line: 1, content: jsonLine(read.join('')) }
}

const partOf = ({ json, text }: ObjectPart, longest: number): SourceRecord['content'] => {
  if (json !== undefined) return E.right(json)
  if (text === undefined) return E.left(tooLong(longest, 'in a member or an element'))
  return E.left({
    expected: text === '' ? 'a } at the end of the object' : 'a member of the object, or an element of its array',
    found: text === '' ? 'the end of the file' : foundIn(text, undefined),
    advice: text === '' ? 'Write the file again: its end is missing.' : 'Write the file again with a JSON library.',
  })
}

const elementOf = (text: string | undefined, longest: number): SourceRecord['content'] => {
  if (text === undefined) return E.left(tooLong(longest, 'in an element'))
  const json = parseJson(text)
  if (isObject(json)) return E.right(json)
  return E.left({
    expected: text === '' ? 'a ] at the end of the array' : 'an object in the array',
    found: text === '' ? 'the end of the file' : foundIn(text, json),
    advice: text === '' ? 'Write the file again: its end is missing.' : 'Write one array of objects, with commas between them.',
  })
}

async function* jsonLinesOf(text: AsyncIterable<string>, longest: number): AsyncGenerator<SourceRecord> {
  const read = lineReader(longest)
  for await (const piece of text) yield* read(piece)
  yield* read('\n')
}

/** One JSON object a line. Blank lines are skipped. */
export const jsonLines = (text: string, longest: number = usuallyLongest): readonly SourceRecord[] =>
  lineReader(longest)(`${text.replace(/^\uFEFF/, '')}\n`)

/** The records that end in the next piece of a text. Of a line that is too long, nothing is kept. */
const lineReader = (longest: number) => {
  let [line, rest, length] = [0, '', 0]
  return (piece: string): readonly SourceRecord[] => {
    const lines = piece.split('\n')
    return lines.flatMap((part, i) => {
      length += part.length
      rest = length > longest ? '' : rest + part
      if (i === lines.length - 1) return []
      line++
      const found = length > longest ? E.left(tooLong(longest)) : rest.trim() === '' ? undefined : jsonLine(rest)
      ;[rest, length] = ['', 0]
      return found === undefined ? [] : [{ line, content: found }]
    })
  }
}

const tooLong = (longest: number, where = 'on a line'): Flaw => ({
  expected: `at most ${longest} characters ${where}`,
  found: 'more',
  advice: 'Write one record a line; what belongs to several examples, on several lines. Where a record is that long, allow it: --max-line.',
})

const foundIn = (text: string, json: unknown): string => {
  if (json !== undefined) return show(json)
  return deeper(text) ? whyNotJson(text).found : `malformed JSON ${show(text.trim())}`
}

const jsonLine = (text: string): SourceRecord['content'] => {
  const json = parseJson(text)
  if (isObject(json)) return E.right(json)
  return E.left({
    expected: 'a JSON object',
    found: foundIn(text, json),
    advice: 'Write one complete object a line (JSON Lines: no array around them, no commas between them).',
  })
}

// ------------------------------------------------------------------ CSV

/** By the separator of the header: spreadsheets write semicolons where commas are decimal. */
async function* commaSeparated(text: AsyncIterable<string>, file: string, longest: number): AsyncGenerator<SourceRecord> {
  const [pieces, read]: [AsyncIterator<string>, string[]] = [text[Symbol.asyncIterator](), []]
  let length = 0
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    read.push(next.value)
    length += next.value.length
    if (length > longest || next.value.includes('\n')) break
  }
  yield* separated(again(read, pieces), file, separatorIn(read.join('').split('\n', 1)[0] ?? ''), longest)
}

/** The most frequent of the usual separators in a header, outside quotes; the comma where there is none. */
const separatorIn = (header: string): string => {
  const bare = header.replaceAll(/"[^"]*"/g, '')
  const count = (separator: string): number => bare.split(separator).length
  return [',', ';', '\t', '|'].reduce((best, each) => (count(each) > count(best) ? each : best))
}

/**
 * RFC 4180, the first line naming the fields. A label is true or false, or 1 or 0; a weight is a number; every other field is text.
 */
async function* separated(text: AsyncIterable<string>, file: string, delimiter: string, longest: number): AsyncGenerator<SourceRecord> {
  const flawed: SourceRecord[] = []
  const options = {
    delimiter,
    max_record_size: longest,
    columns: (names: readonly string[]) => distinct(names, file),
    ...{ bom: true, info: true, skip_empty_lines: true, skip_records_with_error: true },
    on_skip: (error: CsvError | undefined) => {
      // Where such a record ends, nobody knows: what follows would be read as something else.
      if (error?.code === 'CSV_MAX_RECORD_SIZE')
        throw new DataError({ file, line: Number(error.lines), ...tooLong(longest, 'in a record') })
      flawed.push({ line: Number(error?.lines), content: E.left(csvFlaw(error)) })
    },
  } satisfies Options
  const records: AsyncIterable<{ readonly record: Json; readonly info: Info }> = pipeline(
    Readable.from(text),
    parse(options),
    () => undefined,
  )
  for await (const { record, info } of records) {
    yield* flawed.splice(0)
    yield { line: info.lines, content: E.right(cells(record)) }
  }
  yield* flawed
}

/** @throws DataError: of two fields with one name, a record would keep only the last */
const distinct = (names: readonly string[], file: string): string[] => {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice === undefined) return [...names]
  throw new DataError({
    ...{ file, line: 1, field: twice, expected: 'a header that names each field once' },
    ...{ found: 'the name twice', advice: 'Rename or remove one of the columns.' },
  })
}

const cells = (record: Json): Json => {
  const label = booleans.get(String(record.label).trim().toLowerCase())
  const { weight, ...rest } = record
  const number = typeof weight === 'string' && weight.trim() !== '' ? Number(weight) : undefined
  return {
    ...rest,
    ...(label !== undefined && { label }),
    ...(number !== undefined && { weight: Number.isNaN(number) ? weight : number }),
  }
}
const booleans = new Map<string, boolean>(Object.entries({ true: true, false: false, 1: true, 0: false }))

const csvFlaw = (error: CsvError | undefined): Flaw => ({
  expected: 'a record with as many fields as the header, quotes inside fields doubled',
  found: error?.message ?? 'a malformed record',
  advice: 'Correct the quotes and separators of the line, or write the file again with a CSV library.',
})
