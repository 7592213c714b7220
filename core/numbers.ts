/**
 * The numbers of an array, as whoever gives them keeps them: plain; in 16 bits; or wherever they can be had from when they are needed.
 *
 *     BF16   the upper half of a float32: sign, 8 bits of exponent, 7 of fraction
 *     F16    IEEE 754 binary16:           sign, 5 bits of exponent, 10 of fraction
 */

/** Sixteen-bit numbers, bit by bit. */
export interface Half {
  readonly format: 'bf16' | 'f16'
  readonly bits: Uint16Array
  readonly length: number
}
export type Numbers = ArrayLike<number> | Half
/** Numbers as a device may keep them, narrower than it computes in: 16 bits, or whole numbers of 8 bits (weights are these times a scale a row). */
export type Narrow = (Half & { readonly format: 'bf16' }) | { readonly format: 'i8'; readonly bits: Int8Array; readonly length: number }
/** How an array is kept where it is narrower than what the device computes in. */
export type Storage = Narrow['format']

/** Numbers that are fetched when they are needed, each time anew, such as those of a file: whoever holds the source holds no memory. */
export interface Source {
  readonly length: number
  readonly load: () => Numbers
}

export const isHalf = (x: Numbers | Source): x is Half => 'format' in x
const isSource = (x: Numbers | Source): x is Source => 'load' in x

export const half = (format: Half['format'], bits: Uint16Array): Half => ({ format, bits, length: bits.length })
export const fetched = (x: Numbers | Source): Numbers => (isSource(x) ? x.load() : x)
/** The numbers as an array: float32 where they were 16 bits wide, else as they are. */
export const plain = (x: Numbers | Source): ArrayLike<number> => {
  const numbers = fetched(x)
  return isHalf(numbers) ? widened(numbers) : numbers
}

/** The same numbers as float32. Nothing is rounded. */
export const widened = ({ format, bits }: Half): Float32Array<ArrayBuffer> => {
  const made = new Float32Array(bits.length)
  if (format === 'bf16') widenBf16(bits, new Int32Array(made.buffer))
  else {
    halves ??= table()
    const known = halves
    for (let i = 0; i < made.length; i++) made[i] = known[bits[i]!]!
  }
  return made
}

/** Two numbers at a time (of a primitive, the lower half comes first), where the first begins a primitive. */
const widenBf16 = (bits: Uint16Array, words: Int32Array): void => {
  const pairs = bits.byteOffset % 4 === 0 ? bits.length >> 1 : 0
  const both = new Int32Array(bits.buffer, pairs === 0 ? 0 : bits.byteOffset, pairs)
  for (let i = 0, j = 0; i < pairs; i++, j += 2) {
    const two = both[i]!
    words[j] = two << 16
    words[j + 1] = two & -65536
  }
  for (let i = 2 * pairs; i < bits.length; i++) words[i] = bits[i]! << 16
}

/** What each of the 65,536 half-precision numbers is: made when first asked for. */
let halves: Float32Array | undefined
const table = (): Float32Array => Float32Array.from({ length: 1 << 16 }, (_, bits) => fromHalf(bits))
const fromHalf = (bits: number): number => {
  const [sign, exponent, fraction] = [bits >>> 15 ? -1 : 1, (bits >>> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
