/**
 * The GGUF format, version 3, little-endian: what llama.cpp and its kin read. Metadata by key, then what tensors there are, then their data,
 * each beginning at a multiple of 32 bytes. Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 *     "GGUF" version tensors keys   { key type value }   { name dimensions type offset }   padding   { data padding }
 */
import { encode, type FloatType } from './dtypes.ts'
import type { StoredTensor } from './safetensors.ts'

/** How the numbers of a tensor are written. Q8_0: 8-bit integers and one scale for every 32 numbers of a row. */
export type GgufType = FloatType | 'Q8_0'

/** ggml's numbers for them, and how many bytes a block of so many numbers takes. */
const types = {
  F32: { id: 0, numbers: 1, bytes: 4 },
  F16: { id: 1, numbers: 1, bytes: 2 },
  Q8_0: { id: 8, numbers: 32, bytes: 34 },
  BF16: { id: 30, numbers: 1, bytes: 2 },
} as const satisfies Readonly<Record<GgufType, { readonly id: number; readonly numbers: number; readonly bytes: number }>>

/** A tensor as it is to be written: its name and shape (row-major, the last dimension the fastest) are llama.cpp's. */
export interface GgufTensor extends Pick<StoredTensor, 'name' | 'shape' | 'data'> {
  readonly type: GgufType
}

// ------------------------------------------------------------------ metadata
// `serializeGgufMetadata` of @huggingface/gguf writes the keys alone: names, shapes and offsets of tensors, which are the other half of the header, need
// the same writers; and it would bring a package (with @huggingface/tasks) into pages. Tests read our files with it.

/** A value of metadata, by the number of its type. */
export interface GgufValue {
  readonly type: number
  readonly bytes: Uint8Array
}
const number = (type: number, size: number, write: (view: DataView) => void): GgufValue => {
  const view = new DataView(new ArrayBuffer(size))
  write(view)
  return { type, bytes: new Uint8Array(view.buffer) }
}
export const u32 = (n: number): GgufValue => number(4, 4, (view) => view.setUint32(0, n, true))
export const i32 = (n: number): GgufValue => number(5, 4, (view) => view.setInt32(0, n, true))
export const f32 = (n: number): GgufValue => number(6, 4, (view) => view.setFloat32(0, n, true))
const u64 = (n: number): GgufValue => number(10, 8, (view) => view.setBigUint64(0, BigInt(n), true))
export const flag = (b: boolean): GgufValue => ({ type: 7, bytes: Uint8Array.of(b ? 1 : 0) })
export const text = (s: string): GgufValue => {
  const bytes = new TextEncoder().encode(s)
  return { type: 8, bytes: joined([u64(bytes.length).bytes, bytes]) }
}
/** Values of one type; there is at least one. */
export const list = (values: readonly GgufValue[]): GgufValue => ({
  type: 9,
  bytes: joined([u32(values[0]?.type ?? 4).bytes, u64(values.length).bytes, ...values.map(({ bytes }) => bytes)]),
})

export type Metadata = Readonly<Record<string, GgufValue>>

// ------------------------------------------------------------------ the file

/** Where data begin; llama.cpp takes it for granted where `general.alignment` does not say otherwise. */
const alignment = 32
const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment

/** The bytes of a file, piece by piece: a large model is never in memory twice. */
export function* formatGguf(metadata: Metadata, tensors: readonly GgufTensor[]): Generator<Uint8Array> {
  let offset = 0
  const infos = tensors.map(({ name, shape, type, data }) => {
    const info = [text(name).bytes, u32(shape.length).bytes, ...shape.toReversed().map((n) => u64(n).bytes), u32(types[type].id).bytes]
    const place = u64(offset).bytes
    offset += padded((data.length / types[type].numbers) * types[type].bytes)
    return joined([...info, place])
  })
  const keys = Object.entries(metadata).map(([key, { type, bytes }]) => joined([text(key).bytes, u32(type).bytes, bytes]))
  const start = [new TextEncoder().encode('GGUF'), u32(3).bytes, u64(tensors.length).bytes, u64(keys.length).bytes]
  yield aligned(joined([...start, ...keys, ...infos]))
  for (const { data, type } of tensors) yield aligned(type === 'Q8_0' ? quantized(data) : encode(data, type))
}

const aligned = (bytes: Uint8Array): Uint8Array => {
  const rest = padded(bytes.length) - bytes.length
  return rest === 0 ? bytes : joined([bytes, new Uint8Array(rest)])
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Blocks of 32 numbers x as d = max |x| / 127, in F16, and round(x / d), ties away from 0 as ggml rounds. */
const quantized = (data: Float32Array): Uint8Array => {
  const { numbers, bytes: size } = types.Q8_0
  const bytes = new Uint8Array((data.length / numbers) * size)
  for (let block = 0; block * numbers < data.length; block++) {
    const x = data.subarray(block * numbers, (block + 1) * numbers)
    const scale = Math.fround(x.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127)
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
    bytes.set(encode(Float32Array.of(scale), 'F16'), block * size)
    for (let i = 0; i < numbers; i++) {
      const value = Math.fround(x[i]! * inverse)
      bytes[block * size + 2 + i] = Math.sign(value) * Math.round(Math.abs(value))
    }
  }
  return bytes
}
