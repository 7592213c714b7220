/**
 * The thread in which Parquet files are read (parquet.ts): of a path it tells the row groups, and of the number of one its rows.
 * Before the library sees the pages of a group, their headers must agree with the metadata, and their bytes with their checksums (CRC-32), where the
 * writer has left any.
 * Source: https://parquet.apache.org/docs/file-format/data-pages/checksumming/
 */
import { parentPort } from 'node:worker_threads'
import checksum from 'crc-32'
import { asyncBufferFromFile, type ColumnChunk, parquetMetadataAsync, parquetReadObjects, toJson } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { compressors } from 'hyparquet-compressors'
import type { Json } from './fields.ts'

/** A row group: its rows, and its bytes unpacked, as the metadata say. */
export interface RowGroup {
  readonly rows: number
  readonly bytes: number
}

export type ParquetReply =
  | { readonly tag: 'started' }
  | { readonly tag: 'groups'; readonly groups: readonly RowGroup[] }
  | { readonly tag: 'rows'; readonly rows: readonly Json[] }
  /** `ended`: by what ended the thread. */
  | { readonly tag: 'refused'; readonly found: string; readonly ended?: true }

/** Pages, and rows of a group, are this large at most: bytes, and values. */
const [mostBytes, mostValues] = [2 ** 30, 2 ** 26]

const answer = (message: ParquetReply): void => parentPort?.postMessage(message)
const demand = (holds: boolean, found: string): void => {
  if (!holds) throw new Error(found)
}

/** Numbers of the metadata are 64-bit integers, or absent. */
const count = (n: bigint | number | undefined, what: string): number => {
  const value = Number(n ?? Number.NaN)
  demand(Number.isSafeInteger(value) && value >= 0, `${what} of ${n ?? 'nothing'}`)
  return value
}

const open = async (path: string) => {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const groups = metadata.row_groups.map((group, i): RowGroup => {
    const rows = count(group.num_rows, `row group ${i}: a number of rows`)
    demand(rows <= mostValues, `row group ${i}: ${rows} rows, and at most ${mostValues} are read`)
    const packed = group.columns.reduce((sum, { meta_data: meta }) => sum + count(meta?.total_compressed_size, 'a column of bytes'), 0)
    const said = group.total_compressed_size
    demand(said === undefined || Number(said) === packed, `row group ${i}: ${said} bytes by its metadata, ${packed} by its columns`)
    return { rows, bytes: group.columns.reduce((sum, chunk) => sum + unpacked(chunk), 0) }
  })
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  demand(rows === Number(metadata.num_rows), `${metadata.num_rows} rows by the metadata, ${rows} by its row groups`)
  return { file, metadata, groups }
}

const unpacked = ({ meta_data }: ColumnChunk): number => count(meta_data?.total_uncompressed_size, 'a column of unpacked bytes')

/** @throws Error where the pages are not what the metadata say, or their bytes not what they were */
const checkColumn = async ({ meta_data: meta }: ColumnChunk, { file }: Awaited<ReturnType<typeof open>>): Promise<void> => {
  if (meta === undefined) throw new Error('a column without metadata')
  const name = `column ${meta.path_in_schema.join('.')}`
  const first = count(meta.data_page_offset, `${name}: an offset`)
  const dictionary = count(meta.dictionary_page_offset ?? 0n, `${name}: an offset`)
  const begin = dictionary > 0 ? Math.min(dictionary, first) : first
  const size = count(meta.total_compressed_size, `${name}: a size`)
  demand(begin + size <= file.byteLength, `${name}: bytes ${begin} to ${begin + size} of a file of ${file.byteLength}`)
  const bytes = new Uint8Array(await file.slice(begin, begin + size))
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
  let values = 0
  for (let page = 0; reader.offset < bytes.length - 1; page++) {
    const what = `${name}, page ${page}`
    const header = parquetHeader(reader)
    const packed = count(header.compressed_page_size, `${what}: a size`)
    demand(reader.offset + packed <= bytes.length, `${what}: ${packed} bytes of the ${bytes.length - reader.offset} that are left`)
    demand(count(header.uncompressed_page_size, `${what}: a size`) <= mostBytes, `${what}: more than ${mostBytes} bytes unpacked`)
    const data = bytes.subarray(reader.offset, reader.offset + packed)
    // The checksum is of the bytes as they are in the file, and a signed integer, as is the library's.
    demand(header.crc === undefined || header.crc === checksum.buf(data), `${what}: bytes whose checksum is not the one that was stored`)
    const held = (header.data_page_header ?? header.data_page_header_v2)?.num_values
    if (held !== undefined) values += count(held, `${what}: a number of values`)
    demand(count(header.dictionary_page_header?.num_values ?? 0, what) <= mostValues, `${what}: more than ${mostValues} values`)
    reader.offset += packed
  }
  demand(values === Number(meta.num_values), `${name}: ${meta.num_values} values by the metadata, ${values} in its pages`)
  demand(values <= mostValues, `${name}: more than ${mostValues} values`)
}

const strict = new TextDecoder('utf-8', { fatal: true })
/** What is not UTF-8 is refused, not replaced. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : strict.decode(bytes)),
}

let opened: ReturnType<typeof open> | undefined

/** The rows of a group. 64-bit integers become numbers, dates strings. */
const rowsOf = async (index: number): Promise<readonly Json[]> => {
  const source = await opened
  if (source === undefined) throw new Error('no file')
  const { file, metadata, groups } = source
  const columns = metadata.row_groups[index]?.columns ?? []
  for (const column of columns) await checkColumn(column, source)
  const rowStart = groups.slice(0, index).reduce((sum, { rows }) => sum + rows, 0)
  const rowEnd = rowStart + (groups[index]?.rows ?? 0)
  const rows: readonly Json[] = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors, parsers })
  demand(rows.length === rowEnd - rowStart, `${rows.length} rows of ${rowEnd - rowStart}`)
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, toJson(value)])))
}

const refused = (error: unknown): void => answer({ tag: 'refused', found: error instanceof Error ? error.message : String(error) })

parentPort?.on('message', (asked: string | number) => {
  if (typeof asked === 'number') return void rowsOf(asked).then((rows) => answer({ tag: 'rows', rows }), refused)
  opened = open(asked)
  opened.then(({ groups }) => answer({ tag: 'groups', groups }), refused)
})
answer({ tag: 'started' })
