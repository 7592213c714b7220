/**
 * TensorBoard's event files: records of (length, its checksum, bytes, their checksum), each of which is one `Event` of protocol buffers.
 * Sources: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto
 */
import crc32c from 'crc-32/crc32c.js'

/** One event, framed as a record. */
export type Event = Uint8Array

/** The first event of a file. */
export const versionEvent = (seconds: number): Event => record([double(1, seconds), text(3, 'brain.Event:2')])

/** Marks that the run continues before `step`: what older files hold from there on is void. */
export const startEvent = (seconds: number, step: number): Event =>
  record([double(1, seconds), integer(2, step), message(7, [integer(1, sessionStart)])])
const sessionStart = 1

/** Scalars of one step, by tag. */
export const scalarsEvent = (seconds: number, step: number, scalars: Readonly<Record<string, number>>): Event =>
  record([
    double(1, seconds),
    integer(2, step),
    message(
      5,
      Object.entries(scalars).map(([tag, value]) => message(1, [text(1, tag), float(2, value)])),
    ),
  ])

// ------------------------------------------------------------------ records

const record = (fields: readonly Uint8Array[]): Event => {
  const data = Buffer.concat(fields)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(data.length))
  return Buffer.concat([length, checksum(length), data, checksum(data)])
}

/** CRC-32C, rotated and shifted so that the checksum of a text with checksums in it is no trivial one. */
const checksum = (bytes: Uint8Array): Uint8Array => {
  const crc = crc32c.buf(bytes) >>> 0
  const masked = Buffer.alloc(4)
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0)
  return masked
}

// ------------------------------------------------------------------ protocol buffers

/** How a field is written; its key is 8 × its number + this. */
const wire = { varint: 0, eightBytes: 1, bytes: 2, fourBytes: 5 } as const

const varint = (n: number): readonly number[] => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))])
const key = (field: number, type: number): readonly number[] => varint(8 * field + type)

const integer = (field: number, n: number): Uint8Array => Uint8Array.from([...key(field, wire.varint), ...varint(n)])
const bytes = (field: number, content: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.from([...key(field, wire.bytes), ...varint(content.length)]), content])
const text = (field: number, content: string): Uint8Array => bytes(field, Buffer.from(content))
const message = (field: number, fields: readonly Uint8Array[]): Uint8Array => bytes(field, Buffer.concat(fields))
const double = (field: number, x: number): Uint8Array =>
  Buffer.concat([Uint8Array.from(key(field, wire.eightBytes)), new Uint8Array(Float64Array.of(x).buffer)])
const float = (field: number, x: number): Uint8Array =>
  Buffer.concat([Uint8Array.from(key(field, wire.fourBytes)), new Uint8Array(Float32Array.of(x).buffer)])
