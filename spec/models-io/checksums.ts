/** A Parquet file with the checksums of its pages (CRC-32), which the writer that tests use does not write. */
import checksum from 'crc-32'
import { parquetMetadata } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'

const magic = 0x31524150

/** Each page again, its checksum in its header, and the offsets and sizes as they then are. */
export const withChecksums = (file: ArrayBuffer): Uint8Array => {
  const metadata = parquetMetadata(file)
  const writer = new ByteWriter()
  writer.appendUint32(magic)
  for (const group of metadata.row_groups) {
    let packed = 0n
    for (const { meta_data: meta } of group.columns) {
      if (meta === undefined) continue
      const begin = Number(meta.dictionary_page_offset ?? meta.data_page_offset)
      const size = Number(meta.total_compressed_size)
      const reader = { view: new DataView(file, begin, size), offset: 0 }
      const from = writer.offset
      while (reader.offset < size) {
        const header = parquetHeader(reader)
        const data = new Uint8Array(file, begin + reader.offset, header.compressed_page_size)
        reader.offset += header.compressed_page_size
        if (header.type === 'DICTIONARY_PAGE') meta.dictionary_page_offset = BigInt(writer.offset)
        else if (writer.offset === from || meta.dictionary_page_offset !== undefined) meta.data_page_offset = BigInt(writer.offset)
        writePageHeader(writer, { ...header, crc: checksum.buf(data) })
        writer.appendBytes(data)
      }
      meta.total_compressed_size = BigInt(writer.offset - from)
      packed += meta.total_compressed_size
    }
    group.total_compressed_size = packed
  }
  writeMetadata(writer, metadata)
  writer.appendUint32(magic)
  return writer.getBytes()
}
