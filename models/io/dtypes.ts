/**
 * Number formats of checkpoints, from and to float32. Whatever is narrower is rounded to the nearest, ties to even, as PyTorch does.
 *
 *     F16    sign, 5 bits of exponent, 10 of fraction (IEEE 754 binary16)        BF16    the upper half of a float32
 */

interface Codec {
  /** Bytes an element. */
  readonly size: number
  /** The elements that begin at a multiple of `size`. */
  readonly decode: (...where: Where) => Float32Array
}
type Where = readonly [buffer: ArrayBufferLike, byteOffset: number, length: number]

export const dtypes = {
  F64: { size: 8, decode: (...where) => Float32Array.from(new Float64Array(...where)) },
  F32: { size: 4, decode: (...where) => new Float32Array(...where) },
  F16: { size: 2, decode: (...where) => Float32Array.from(new Uint16Array(...where), fromHalf) },
  BF16: { size: 2, decode: (...where) => new Float32Array(Uint32Array.from(new Uint16Array(...where), (upper) => upper << 16).buffer) },
  I64: { size: 8, decode: (...where) => Float32Array.from(new BigInt64Array(...where), Number) },
  I32: { size: 4, decode: (...where) => Float32Array.from(new Int32Array(...where)) },
  U8: { size: 1, decode: (...where) => Float32Array.from(new Uint8Array(...where)) },
} as const satisfies Readonly<Record<string, Codec>>

export type DType = keyof typeof dtypes

/** The formats that weights are written in. */
export type FloatType = 'F32' | 'F16' | 'BF16'

/** The numbers in little-endian bytes. Those of F32 are not copied, but stay where they are if that is a multiple of 4. */
export const decode = (bytes: Uint8Array, dtype: DType): Float32Array => {
  const codec = dtypes[dtype]
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % codec.size === 0 ? bytes : Uint8Array.from(bytes)
  return codec.decode(buffer, byteOffset, byteLength / codec.size)
}

/** The little-endian bytes of numbers in a format. Beyond the range of F16 (65504) they become infinite. */
export const encode = (data: Float32Array, dtype: FloatType): Uint8Array => {
  if (dtype === 'F32') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  return new Uint8Array(Uint16Array.from(bits, dtype === 'F16' ? toHalf : toUpperHalf).buffer)
}

const fromHalf = (bits: number): number => {
  const [sign, exponent, fraction] = [bits >>> 15 ? -1 : 1, (bits >>> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

/** From the bits of a float32: m · 2^(exponent − 23). Half-precision numbers are 2^(exponent − 10) apart, at least 2^−24. */
const toHalf = (bits: number): number => {
  const [sign, exponent, fraction] = [(bits >>> 16) & 0x8000, ((bits >>> 23) & 255) - 127, bits & 0x7fffff]
  if (exponent === 128) return sign | (fraction === 0 ? 0x7c00 : 0x7e00)
  if (exponent > 15) return sign | 0x7c00
  if (exponent < -25) return sign
  const steps = rounded(fraction | 0x800000, 13 + Math.max(0, -14 - exponent))
  // The leading bit of a normal number is 1 in the field of the exponent, and what rounds up to the next power of two carries into it.
  return sign | (steps + (Math.max(0, exponent + 14) << 10))
}

const toUpperHalf = (bits: number): number => {
  const notANumber = (bits & 0x7fffffff) > 0x7f800000
  return notANumber ? (bits >>> 16) | 0x40 : rounded(bits, 16)
}

/** n / 2^shift to the nearest integer, ties to even. */
const rounded = (n: number, shift: number): number => {
  const whole = n >>> shift
  const [rest, half] = [n - whole * 2 ** shift, 2 ** (shift - 1)]
  return whole + (rest > half || (rest === half && whole % 2 === 1) ? 1 : 0)
}
