/**
 * The safetensors format, as pure functions between bytes and tensors: an 8-byte little-endian length, that many bytes of JSON
 * (`{name: {dtype, shape, data_offsets: [begin, end]}, __metadata__?: {…}}`), then the raw little-endian data without gaps or overlaps.
 * Source: https://github.com/huggingface/safetensors#format
 */
import type { Half } from '../../core/internal.ts'
import { type DType, decode, dtypes, encode, type FloatType, halvesIn } from './dtypes.ts'
import { CheckpointError, show } from './errors.ts'
import { isObject, type Json } from './fields.ts'
import { endOfString, parseJson } from './json.ts'
import type { Bytes } from './source.ts'

/** A tensor as a checkpoint holds it. */
export interface StoredTensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /**
   * Its numbers, row-major, rounded to float32 whatever `dtype` they have. Those of a file are read when they are asked for, each time anew: ask
   * once. They are not to be changed.
   */
  readonly data: Float32Array
  /** The same numbers as they are stored, where that is in 16 bits. */
  readonly half?: () => Half
}

/** The same tensor under another name: not read yet, if it is not (`{ ...tensor, name }` would read it). */
export const renamed = (tensor: StoredTensor, name: string): StoredTensor =>
  Object.defineProperties({} as StoredTensor, { ...Object.getOwnPropertyDescriptors(tensor), name: { value: name, enumerable: true } }) // the rest is copied

/** The reference implementation's own bound on the header, against files that ask for absurd memory. */
const longestHeader = 100_000_000

/**
 * The tensors of a safetensors file, in the order of their data. Numbers are decoded when `data` is read.
 * @param bytes not to be changed while the tensors are in use
 * @param file named in errors only
 * @throws CheckpointError when the file is truncated or its header does not describe its data exactly
 * @example
 * ```ts
 * import { formatSafetensors, parseSafetensors } from 'halograd/models'
 * const bytes = formatSafetensors([{ name: 'w', dtype: 'F32', shape: [2], data: new Float32Array([1, 2]) }])
 * const [w] = parseSafetensors(bytes, 'w.safetensors')
 * ```
 */
export const parseSafetensors = (bytes: Uint8Array, file: string): readonly StoredTensor[] =>
  tensorsIn({ length: bytes.length, slice: (from, to) => bytes.subarray(from, to) }, file)

/** …wherever its bytes are. Only its header is read at once; the numbers of a tensor, when they are asked for. @throws CheckpointError */
export const tensorsIn = (bytes: Bytes, file: string): readonly StoredTensor[] => {
  const { header, start } = headerOf(bytes, file)
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entryOf(name, value, file))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  checkCoverage(entries, bytes.length - start, file)
  return entries.map(({ name, dtype, shape, begin, end }) => {
    const own = (): Uint8Array => bytes.slice(start + begin, start + end)
    const tensor: StoredTensor = {
      ...{ name, dtype, shape },
      get data() {
        return decode(own(), dtype)
      },
    }
    if (dtype !== 'F16' && dtype !== 'BF16') return tensor
    // Not enumerable: `{ ...tensor, data }` is another tensor, and must not say that it is stored as this one is.
    return Object.defineProperty(tensor, 'half', { value: () => halvesIn(own(), dtype) })
  })
}

const truncated = 'The file is truncated or is not safetensors: download or save it again.'

/** The header, and where the data after it start. */
const headerOf = (bytes: Bytes, file: string): { readonly header: Json; readonly start: number } => {
  if (bytes.length < 8) throw new CheckpointError({ file, expected: 'at least 8 bytes', found: `${bytes.length} bytes`, advice: truncated })
  const first = bytes.slice(0, 8)
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true))
  if (length > longestHeader || 8 + length > bytes.length)
    throw new CheckpointError({
      file,
      expected: `a header of ${length} bytes`,
      found: `a file of ${bytes.length} bytes`,
      advice: truncated,
    })
  const text = new TextDecoder().decode(bytes.slice(8, 8 + length))
  const header = parseJson(text)
  if (!isObject(header))
    throw new CheckpointError({ file, expected: 'a header that is a JSON object', found: show(text), advice: truncated })
  const twice = duplicate(text)
  if (twice !== undefined)
    throw new CheckpointError({ file, tensor: twice, expected: 'one entry in the header', found: 'two', advice: 'Save the file again.' })
  return { header, start: 8 + length }
}

/** A key that stands twice at the top level of valid JSON whose values are all objects (JSON.parse keeps the last and says nothing). */
const duplicate = (json: string): string | undefined => {
  const seen = new Set<string>()
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') depth--
    else if (c === '"') {
      const end = endOfString(json, i)
      const key: string = depth === 1 ? JSON.parse(json.slice(i, end + 1)) : ''
      if (depth === 1 && seen.has(key)) return key
      if (depth === 1) seen.add(key)
      i = end
    }
  }
  return undefined
}

interface TensorEntry {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isDType = (value: unknown): value is DType => typeof value === 'string' && Object.hasOwn(dtypes, value)

const entryOf = (name: string, value: unknown, file: string): TensorEntry => {
  const wrong = (expected: string, found: unknown, advice = 'Save the file again.') =>
    new CheckpointError({ file, tensor: name, expected, found: typeof found === 'string' ? found : show(found), advice })
  if (!isObject(value)) throw wrong('{dtype, shape, data_offsets}', value)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isDType(dtype)) throw wrong(`dtype ${Object.keys(dtypes).join(', ')}`, show(dtype), 'Convert the tensor to one of these, e.g. F32.')
  if (!Array.isArray(shape) || !shape.every(isCount)) throw wrong('shape: a list of integers ≥ 0', shape)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) throw wrong('data_offsets: [begin, end]', offsets)
  const [begin, end] = [offsets[0] ?? 0, offsets[1] ?? 0]
  const needed = shape.reduce((product, size) => product * size, dtypes[dtype].size)
  if (end - begin !== needed) throw wrong(`${needed} bytes for ${dtype} [${shape.join(', ')}]`, `${end - begin} bytes`)
  return { name, dtype, shape, begin, end }
}

/** The data must be covered exactly: each entry begins where the one before ends, and the last ends with the file. */
const checkCoverage = (entries: readonly TensorEntry[], length: number, file: string): void => {
  let covered = 0
  for (const { name, begin, end } of entries) {
    if (begin !== covered)
      throw new CheckpointError({
        file,
        tensor: name,
        expected: `data from byte ${covered}, where the data before it end`,
        found: `data from byte ${begin} (${begin < covered ? 'overlapping' : 'leaving a gap'})`,
        advice: 'Save the file again.',
      })
    covered = end
  }
  if (covered === length) return
  const cut = entries.find(({ end }) => end > length)
  throw new CheckpointError({
    file,
    ...(cut === undefined ? {} : { tensor: cut.name }),
    expected: `${covered} bytes of data`,
    found: `${length} bytes`,
    advice: truncated,
  })
}

/**
 * The bytes of a safetensors file with these tensors, data in the order given.
 * @param metadata strings, e.g. `{ format: 'pt' }`. Default: none
 * @param dtype how all of them are written; narrower types round to the nearest, ties to even. Default `F32`
 * @throws CheckpointError when two tensors have one name, or a shape does not fit its data
 * @example
 * ```ts
 * import { formatSafetensors } from 'halograd/models'
 * const bytes = formatSafetensors([{ name: 'w', dtype: 'F32', shape: [2], data: new Float32Array([1, 2]) }])
 * ```
 */
export const formatSafetensors = (
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>> = {},
  dtype: FloatType = 'F32',
): Uint8Array => {
  checkTensors(tensors)
  const header = safetensorsHeader(tensors, metadata, dtype)
  const length = tensors.reduce((n, { data }) => n + data.length * dtypes[dtype].size, 0)
  const bytes = new Uint8Array(header.length + length)
  bytes.set(header)
  let offset = header.length
  for (const { data } of tensors) {
    bytes.set(encode(data, dtype), offset)
    offset += data.length * dtypes[dtype].size
  }
  return bytes
}

/** How a file with such tensors begins: the length of the header, and the header. The data follow, in the order given. */
export const safetensorsHeader = (
  tensors: readonly Pick<StoredTensor, 'name' | 'shape'>[],
  metadata: Readonly<Record<string, string>> = {},
  dtype: FloatType = 'F32',
): Uint8Array => {
  let end = 0
  const entries = tensors.map(({ name, shape }) => {
    const begin = end
    end += shape.reduce((product, size) => product * size, dtypes[dtype].size)
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const
  })
  const json = JSON.stringify({ ...(Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}), ...Object.fromEntries(entries) })
  // Padded with spaces so that the data begin at a multiple of 8, as readers that map the file like it.
  const header = new TextEncoder().encode(json)
  const length = Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(8 + length).fill(0x20, 8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(header, 8)
  return bytes
}

const checkTensors = (tensors: readonly StoredTensor[]): void => {
  const names = new Set<string>(['__metadata__'])
  for (const { name, shape, data } of tensors) {
    const elements = shape.reduce((product, size) => product * size, 1)
    if (elements !== data.length)
      throw new CheckpointError({
        tensor: name,
        expected: `${elements} elements for [${shape.join(', ')}]`,
        found: `${data.length}`,
        advice: 'Correct the shape or the data.',
      })
    if (names.has(name))
      throw new CheckpointError({ tensor: name, expected: 'a name of its own', found: 'a name taken', advice: 'Rename it.' })
    names.add(name)
  }
}
