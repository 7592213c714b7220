/**
 * The records of a data file and where each stands: JSON Lines, CSV or TSV with a header, or Parquet, by the name's ending.
 * What cannot be read is a record with a flaw, so that everything that is wrong with a file can be told at once.
 */
import * as zlib from 'node:zlib'
import { type CsvError, type Info, type Options, parse } from 'csv-parse/sync'
import { either as E } from 'fp-ts'
import { parquetReadObjects, toJson } from 'hyparquet'
import { DataError, type Finding, show } from './errors.ts'
import { isObject, type Json, parseJson } from './fields.ts'
import { readBytes, readText } from './files.ts'

/** What is wrong with a record, whichever it is. */
export type Flaw = Omit<Finding, 'file' | 'line'>

export interface SourceRecord {
  /** Line of the file on which the record ends, from 1; in Parquet, the row. */
  readonly line: number
  readonly content: E.Either<Flaw, Json>
}

/** @throws FileError, DataError when the file as a whole cannot be read */
export const readRecords = async (file: string): Promise<readonly SourceRecord[]> => {
  if (/\.parquet$/i.test(file)) return parquet(await readBytes(file), file)
  const text = await readText(file)
  return /\.csv$/i.test(file) ? separated(text, ',') : /\.tsv$/i.test(file) ? separated(text, '\t') : jsonLines(text)
}

/** One JSON object a line. Blank lines are skipped. */
export const jsonLines = (text: string): readonly SourceRecord[] =>
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, i) => ({ line: i + 1, text: line }))
    .filter(({ text }) => text.trim() !== '')
    .map(({ line, text }) => ({ line, content: jsonLine(text) }))

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

/** RFC 4180, the first line naming the fields. A label is true or false, or 1 or 0; a weight is a number; every other field is text. */
const separated = (text: string, delimiter: string): readonly SourceRecord[] => {
  const flawed: SourceRecord[] = []
  const options = {
    delimiter,
    ...{ bom: true, columns: true, info: true, skip_empty_lines: true, skip_records_with_error: true },
    on_skip: (error: CsvError | undefined) => void flawed.push({ line: Number(error?.lines), content: E.left(csvFlaw(error)) }),
  } satisfies Options
  const records: readonly { readonly record: Json; readonly info: Info }[] = parse(text, options)
  const read = records.map(({ record, info }) => ({ line: info.lines, content: E.right(cells(record)) }))
  return [...read, ...flawed].sort((a, b) => a.line - b.line)
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

const parquet = async (bytes: Uint8Array, file: string): Promise<readonly SourceRecord[]> => {
  try {
    const rows: readonly Json[] = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer, compressors })
    // 64-bit integers become numbers, dates strings.
    return rows.map((row, i) => ({
      line: i + 1,
      content: E.right(Object.fromEntries(Object.entries(row).map(([k, x]) => [k, toJson(x)]))),
    }))
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
