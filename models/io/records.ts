/**
 * The records of a data file and where each stands: JSON Lines, CSV or TSV with a header (both perhaps gzipped), or Parquet, by the name's ending.
 * They come one after another as the file is read: a file is never in memory as a whole. What cannot be read is a record with a flaw, so that
 * everything that is wrong with a file can be told at once.
 */
import { pipeline, Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { type CsvError, type Info, type Options, parse } from 'csv-parse'
import { either as E } from 'fp-ts'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, toJson } from 'hyparquet'
import { elementsOf, layoutOf } from './elements.ts'
import { DataError, type Finding, show } from './errors.ts'
import { isObject, type Json, parseJson } from './fields.ts'
import { readChunks } from './files.ts'

/** What is wrong with a record, whichever it is. */
export type Flaw = Omit<Finding, 'file' | 'line'>

export interface SourceRecord {
  /** Line of the file on which the record ends, from 1; in Parquet, the row. */
  readonly line: number
  readonly content: E.Either<Flaw, Json>
}

/** @throws FileError, DataError when the file as a whole cannot be read */
export const readRecords = (file: string): AsyncIterable<SourceRecord> => {
  const [, kind] = /\.(csv|tsv|parquet)(?:\.gz)?$/i.exec(file) ?? []
  if (kind?.toLowerCase() === 'parquet') return parquet(file)
  const text = decoded(/\.gz$/i.test(file) ? unzipped(file) : readChunks(file))
  return kind === undefined ? jsonOf(text, /\.json(?:\.gz)?$/i.test(file)) : separated(text, kind.toLowerCase() === 'csv' ? ',' : '\t')
}

async function* unzipped(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* pipeline(Readable.from(readChunks(file)), zlib.createGunzip(), () => undefined)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error
    throw new DataError({ file, expected: 'a gzip file', found: error.message, advice: 'Download it again, or compress it with gzip.' })
  }
}

/** UTF-8, without the mark that some editors put at its beginning. */
async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

/** One JSON object a line; or, however the file is called, one array of them; or, in a .json file, one object alone. */
async function* jsonOf(given: AsyncIterable<string>, mayBeObject: boolean): AsyncGenerator<SourceRecord> {
  const { kind, text } = await layoutOf(given)
  if (kind === 'array') for await (const element of elementsOf(text)) yield { line: element.line, content: elementOf(element.text) }
  else if (kind === 'object' && mayBeObject) yield { line: 1, content: jsonLine(await whole(text)) }
  else yield* jsonLinesOf(text)
}

const whole = async (text: AsyncIterable<string>): Promise<string> => {
  const pieces: string[] = []
  for await (const piece of text) pieces.push(piece)
  return pieces.join('')
}

const elementOf = (text: string): SourceRecord['content'] => {
  const json = parseJson(text)
  if (isObject(json)) return E.right(json)
  return E.left({
    expected: text === '' ? 'a ] at the end of the array' : 'an object in the array',
    found: text === '' ? 'the end of the file' : json === undefined ? `malformed JSON ${show(text.trim())}` : show(json),
    advice: text === '' ? 'Write the file again: its end is missing.' : 'Write one array of objects, with commas between them.',
  })
}

async function* jsonLinesOf(text: AsyncIterable<string>): AsyncGenerator<SourceRecord> {
  const read = lineReader()
  for await (const piece of text) yield* read(piece)
  yield* read('\n')
}

/** One JSON object a line. Blank lines are skipped. */
export const jsonLines = (text: string): readonly SourceRecord[] => lineReader()(`${text.replace(/^\uFEFF/, '')}\n`)

/** The records that end in the next piece of a text. */
const lineReader = () => {
  let [line, rest] = [0, '']
  return (piece: string): readonly SourceRecord[] => {
    const lines = piece.split('\n')
    const last = lines.pop() ?? ''
    if (lines.length === 0) {
      rest += last
      return []
    }
    lines[0] = rest + lines[0]
    rest = last
    return lines.flatMap((text) => {
      line++
      return text.trim() === '' ? [] : [{ line, content: jsonLine(text) }]
    })
  }
}

const jsonLine = (text: string): SourceRecord['content'] => {
  const json = parseJson(text)
  if (isObject(json)) return E.right(json)
  return E.left({
    expected: 'a JSON object',
    found: json === undefined ? `malformed JSON ${show(text.trim())}` : show(json),
    advice: 'Write one complete object a line (JSON Lines: no array around them, no commas between them).',
  })
}

// ------------------------------------------------------------------ CSV

/**
 * RFC 4180, the first line naming the fields. A label is true or false, or 1 or 0; a weight is a number; every other field is text. Malformed records
 * come last.
 */
async function* separated(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<SourceRecord> {
  const flawed: SourceRecord[] = []
  const options = {
    delimiter,
    ...{ bom: true, columns: true, info: true, skip_empty_lines: true, skip_records_with_error: true },
    on_skip: (error: CsvError | undefined) => void flawed.push({ line: Number(error?.lines), content: E.left(csvFlaw(error)) }),
  } satisfies Options
  const records: AsyncIterable<{ readonly record: Json; readonly info: Info }> = pipeline(
    Readable.from(text),
    parse(options),
    () => undefined,
  )
  for await (const { record, info } of records) yield { line: info.lines, content: E.right(cells(record)) }
  yield* flawed
}

const cells = (record: Json): Json => {
  const label = booleans[String(record.label).trim().toLowerCase()]
  const { weight, ...rest } = record
  const number = typeof weight === 'string' && weight.trim() !== '' ? Number(weight) : undefined
  return {
    ...rest,
    ...(label !== undefined && { label }),
    ...(number !== undefined && { weight: Number.isNaN(number) ? weight : number }),
  }
}
const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false }

const csvFlaw = (error: CsvError | undefined): Flaw => ({
  expected: 'a record with as many fields as the header, quotes inside fields doubled',
  found: error?.message ?? 'a malformed record',
  advice: 'Correct the quotes and separators of the line, or write the file again with a CSV library.',
})

// ------------------------------------------------------------------ Parquet

/** A group of rows at a time. */
async function* parquet(path: string): AsyncGenerator<SourceRecord> {
  for await (const _ of readChunks(path)) break // a file that cannot be read at all says so as any other does
  const file = await asyncBufferFromFile(path)
  const metadata = await understood(path, () => parquetMetadataAsync(file))
  let line = 0
  for (const { num_rows } of metadata.row_groups) {
    const [rowStart, rowEnd] = [line, line + Number(num_rows)]
    const rows: readonly Json[] = await understood(path, () => parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors }))
    // 64-bit integers become numbers, dates strings.
    for (const row of rows)
      yield { line: ++line, content: E.right(Object.fromEntries(Object.entries(row).map(([k, x]) => [k, toJson(x)]))) }
  }
}

const understood = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw new DataError({
      file,
      expected: 'a Parquet file',
      found: error instanceof Error ? error.message : String(error),
      advice: 'Download it again, or convert it to JSON Lines.',
    })
  }
}

/** Beside Snappy, which the library has: what Node has. */
const compressors = {
  GZIP: (bytes: Uint8Array) => zlib.gunzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => zlib.brotliDecompressSync(bytes),
}
