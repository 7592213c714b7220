/** A growable byte array, and the number formats of WebAssembly binaries. */
export interface ByteList {
  data: Uint8Array
  length: number
  /** In the code of a function: the number of a local that holds this constant of four words, if it is worth one. */
  readonly constant?: (words: readonly number[]) => number | undefined
  /** …the number of a mutable global, for a vector that nobody else keeps there. */
  readonly spare?: () => number
}

export const bytes = (capacity = 1 << 12): ByteList => ({ data: new Uint8Array(capacity), length: 0 })
export const finished = ({ data, length }: ByteList): Uint8Array<ArrayBuffer> => data.slice(0, length)

const reserve = (out: ByteList, more: number): void => {
  if (out.length + more <= out.data.length) return
  const data = new Uint8Array(Math.max(2 * out.data.length, out.length + more))
  data.set(out.data.subarray(0, out.length))
  out.data = data
}
export const byte = (out: ByteList, value: number): void => {
  if (out.length === out.data.length) reserve(out, 1)
  out.data[out.length++] = value
}
export const append = (out: ByteList, { data, length }: ByteList): void => {
  reserve(out, length)
  out.data.set(data.subarray(0, length), out.length)
  out.length += length
}
/** Unsigned LEB128. */
export const unsigned = (out: ByteList, value: number): void => {
  let rest = value >>> 0
  while (rest > 0x7f) {
    byte(out, (rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  byte(out, rest)
}
/** Signed LEB128. */
export const signed = (out: ByteList, value: number): void => {
  let rest = value | 0
  while (rest < -64 || rest > 63) {
    byte(out, (rest & 0x7f) | 0x80)
    rest >>= 7
  }
  byte(out, rest & 0x7f)
}
export const text = (out: ByteList, value: string): void => {
  const data = new TextEncoder().encode(value)
  unsigned(out, data.length)
  append(out, { data, length: data.length })
}
/** An integer of 32 bits. */
export const word = (out: ByteList, value: number): void => {
  reserve(out, 4)
  for (let shift = 0; shift < 32; shift += 8) out.data[out.length++] = value >>> shift
}
const numbers = new Float64Array(1)
const single = new Float32Array(numbers.buffer)
const words = new Int32Array(numbers.buffer)
/** The bits of a single-precision number. */
export const bitsOf = (value: number): number => {
  single[0] = value
  return words[0]!
}
/** A single-precision number. */
export const float = (out: ByteList, value: number): void => word(out, bitsOf(value))
/** A double-precision number. */
export const double = (out: ByteList, value: number): void => {
  numbers[0] = value
  word(out, words[0]!)
  word(out, words[1]!)
}
