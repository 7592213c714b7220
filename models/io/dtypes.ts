/**
 * Number formats of checkpoints, from and to float32. Whatever is narrower is rounded to the nearest, ties to even, as PyTorch does.
 *
 *     F16    sign, 5 bits of exponent, 10 of fraction (IEEE 754 binary16)        BF16    the upper half of a float32
 */
import { type Half, half, widened } from '../../core/internal.ts'

interface Codec {
  /** Bytes an element. */
  readonly size: number
  /** The elements that begin at a multiple of `size`. */
  readonly decode: (...where: Where) => Float32Array
}
type Where = readonly [buffer: ArrayBufferLike, byteOffset: number, length: number]

const halves = (format: Half['format'], ...where: Where): Half => half(format, new Uint16Array(...where))

export const dtypes = {
  F64: { size: 8, decode: (...where) => Float32Array.from(new Float64Array(...where)) },
  F32: { size: 4, decode: (...where) => new Float32Array(...where) },
  F16: { size: 2, decode: (...where) => widened(halves('f16', ...where)) },
  BF16: { size: 2, decode: (...where) => widened(halves('bf16', ...where)) },
  // Buffers beside the weights, and the codes of quantized ones: to be read, and for no more.
  I64: { size: 8, decode: (...where) => Float32Array.from(new BigInt64Array(...where), Number) },
  I32: { size: 4, decode: (...where) => Float32Array.from(new Int32Array(...where)) },
  I16: { size: 2, decode: (...where) => Float32Array.from(new Int16Array(...where)) },
  I8: { size: 1, decode: (...where) => Float32Array.from(new Int8Array(...where)) },
  U64: { size: 8, decode: (...where) => Float32Array.from(new BigUint64Array(...where), Number) },
  U32: { size: 4, decode: (...where) => Float32Array.from(new Uint32Array(...where)) },
  U16: { size: 2, decode: (...where) => Float32Array.from(new Uint16Array(...where)) },
  U8: { size: 1, decode: (...where) => Float32Array.from(new Uint8Array(...where)) },
  BOOL: { size: 1, decode: (...where) => Float32Array.from(new Uint8Array(...where)) },
  F8_E4M3: { size: 1, decode: (...where) => Float32Array.from(new Uint8Array(...where), (bits) => fromByte(bits, 3, 7)) },
  F8_E5M2: { size: 1, decode: (...where) => Float32Array.from(new Uint8Array(...where), (bits) => fromByte(bits, 2, 15)) },
} as const satisfies Readonly<Record<string, Codec>>

/** Types of stored tensors, as safetensors names them. */
export type DType = keyof typeof dtypes

/** Formats of real numbers: what the weights of a model are stored in, where they are not quantized. */
export const isFloat = (dtype: DType): boolean => ['F64', 'F32', 'F16', 'BF16'].includes(dtype)

/** The formats that weights are written in. */
export type FloatType = 'F32' | 'F16' | 'BF16'

/** The numbers in little-endian bytes. Those of F32 are not copied, but stay where they are if that is a multiple of 4. */
export const decode = (bytes: Uint8Array, dtype: DType): Float32Array => dtypes[dtype].decode(...aligned(bytes, dtypes[dtype].size))

/** The numbers of 16 bits in little-endian bytes, not widened: see `decode`. */
export const halvesIn = (bytes: Uint8Array, dtype: 'F16' | 'BF16'): Half => halves(dtype === 'F16' ? 'f16' : 'bf16', ...aligned(bytes, 2))

const aligned = (bytes: Uint8Array, size: number): Where => {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes)
  return [buffer, byteOffset, byteLength / size]
}

/** The little-endian bytes of numbers in a format. Beyond the range of F16 (65504) they become infinite. */
export const encode = (data: Float32Array, dtype: FloatType): Uint8Array => {
  if (dtype === 'F32') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  const made = new Uint16Array(data.length)
  // A loop with a call that can be inlined: twenty times as fast as Uint16Array.from with a function.
  if (dtype === 'F16') for (let i = 0; i < made.length; i++) made[i] = toHalf(bits[i]!)
  else for (let i = 0; i < made.length; i++) made[i] = toUpperHalf(bits[i]!)
  return new Uint8Array(made.buffer)
}

/** A number of 8 bits, so many of them for the fraction; the exponent is stored with `bias` added. E4M3 has no infinities. */
const fromByte = (bits: number, fraction: number, bias: number): number => {
  const [sign, exponent, part] = [bits >>> 7 ? -1 : 1, (bits & 127) >>> fraction, (bits & ((1 << fraction) - 1)) / (1 << fraction)]
  if ((bits & 127) === 127) return Number.NaN
  if (bias === 15 && exponent === 31) return part === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * part * 2 ** (1 - bias) : sign * (1 + part) * 2 ** (exponent - bias)
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
