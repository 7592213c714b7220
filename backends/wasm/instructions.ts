/**
 * WebAssembly instructions. Code is a function that emits bytes and, in its type, what it leaves on the stack:
 *
 *     f32x4.add(x, f32x4.mul(y, z)) : Code<'v128'>
 *
 * so expressions compose as in any language, and a badly typed one does not compile. Instructions are named as in the specification.
 */
import { type ByteList, bitsOf, byte, double, float, signed, unsigned, word } from './bytes.ts'

export type Type = 'i32' | 'f32' | 'v128'
/** Emits instructions that leave a value of type T on the stack, or nothing. */
export type Code<T extends Type | 'nothing' = 'nothing'> = ((out: ByteList) => void) & { readonly leaves?: T }
export type I32Code = Code<'i32'>
export type V128Code = Code<'v128'>
/** How a type is written. */
export const types: { readonly [T in Type | 'nothing']: number } = { i32: 0x7f, f32: 0x7d, v128: 0x7b, nothing: 0x40 }

// ------------------------------------------------------------------ instructions

type Opcode = readonly number[]
const simd = (n: number): Opcode => (n < 0x80 ? [0xfd, n] : [0xfd, (n & 0x7f) | 0x80, n >> 7])
const emit = (out: ByteList, opcode: Opcode): void => {
  for (let i = 0; i < opcode.length; i++) byte(out, opcode[i]!)
}
type UnaryOpcode<X extends Type, R extends Type> = (x: Code<X>) => Code<R>
type BinaryOpcode<X extends Type, Y extends Type, R extends Type> = (x: Code<X>, y: Code<Y>) => Code<R>
const unary =
  <X extends Type, R extends Type>(opcode: Opcode): UnaryOpcode<X, R> =>
  (x) =>
  (out) => {
    x(out)
    emit(out, opcode)
  }
const binary =
  <X extends Type, Y extends Type, R extends Type>(opcode: Opcode): BinaryOpcode<X, Y, R> =>
  (x, y) =>
  (out) => {
    x(out)
    y(out)
    emit(out, opcode)
  }
const load =
  <R extends Type>(opcode: Opcode, align = 2) =>
  (address: Code<'i32'>, offset = 0): Code<R> =>
  (out) => {
    address(out)
    emit(out, opcode)
    byte(out, align)
    unsigned(out, offset)
  }
const store =
  <X extends Type, R extends Type | 'nothing' = 'nothing'>(opcode: Opcode) =>
  (address: Code<'i32'>, value: Code<X>, offset = 0): Code<R> =>
  (out) => {
    address(out)
    value(out)
    emit(out, opcode)
    byte(out, 2)
    unsigned(out, offset)
  }
/** One lane of a vector in memory. */
const storeLane =
  (opcode: Opcode) =>
  (address: Code<'i32'>, value: Code<'v128'>, lane: number, offset = 0): Code =>
  (out) => {
    store<'v128'>(opcode)(address, value, offset)(out)
    byte(out, lane)
  }
type II = BinaryOpcode<'i32', 'i32', 'i32'>
const ii = (opcode: number): II => binary([opcode])

export const i32 = {
  const:
    (value: number): Code<'i32'> =>
    (out) => {
      byte(out, 0x41)
      signed(out, value)
    },
  eqz: unary<'i32', 'i32'>([0x45]),
  eq: ii(0x46),
  ne: ii(0x47),
  lt_s: ii(0x48),
  lt_u: ii(0x49),
  ge_s: ii(0x4e),
  add: ii(0x6a),
  sub: ii(0x6b),
  mul: ii(0x6c),
  div_u: ii(0x6e),
  rem_u: ii(0x70),
  and: ii(0x71),
  or: ii(0x72),
  shl: ii(0x74),
  shr_u: ii(0x76),
  load: load<'i32'>([0x28]),
  load16_u: load<'i32'>([0x2f], 1),
  load8_s: load<'i32'>([0x2c], 0),
  store: store<'i32'>([0x36]),
  trunc_sat_f32_s: unary<'f32', 'i32'>([0xfc, 0]),
  atomic: {
    ...{ load: load<'i32'>([0xfe, 0x10]), store: store<'i32'>([0xfe, 0x17]), add: store<'i32', 'i32'>([0xfe, 0x1e]) },
    /** Wake at most so many threads that sleep at an address: how many there were. */
    notify: store<'i32', 'i32'>([0xfe, 0x00]),
    /** Sleep while the number at an address is this one, so many nanoseconds at most: 0 (woken), 1 (it was another number) or 2 (too late). */
    wait:
      (address: Code<'i32'>, expected: Code<'i32'>, nanoseconds: number, offset = 0): Code<'i32'> =>
      (out) => {
        address(out)
        expected(out)
        byte(out, 0x42)
        signed(out, nanoseconds)
        emit(out, [0xfe, 0x01])
        byte(out, 2)
        unsigned(out, offset)
      },
  },
}
export const f32 = {
  const:
    (value: number): Code<'f32'> =>
    (out) => {
      byte(out, 0x43)
      float(out, value)
    },
  add: binary<'f32', 'f32', 'f32'>([0x92]),
  mul: binary<'f32', 'f32', 'f32'>([0x94]),
  max: binary<'f32', 'f32', 'f32'>([0x97]),
  convert_i32_s: unary<'i32', 'f32'>([0xb2]),
  reinterpret: unary<'i32', 'f32'>([0xbe]),
  load: load<'f32'>([0x2a]),
  store: store<'f32'>([0x38]),
}

type VV = BinaryOpcode<'v128', 'v128', 'v128'>
const vv = (n: number): VV => binary(simd(n))
const v = (n: number): UnaryOpcode<'v128', 'v128'> => unary(simd(n))
const shift = (n: number): BinaryOpcode<'v128', 'i32', 'v128'> => binary(simd(n))
/** A constant vector: a local of the function that holds it (see module.ts), or the instruction that makes it. */
const lanes =
  (bits: (value: number) => number) =>
  (...values: readonly [number] | readonly [number, number, number, number]): Code<'v128'> => {
    const words = values.length === 1 ? new Array<number>(4).fill(bits(values[0])) : values.map(bits)
    return (out) => {
      const local = out.constant?.(words)
      emit(out, local === undefined ? constant : [0x20])
      if (local === undefined) for (const each of words) word(out, each)
      else unsigned(out, local)
    }
  }
const constant = simd(0x0c)
const relaxedMadd = simd(0x105)

export const v128 = {
  load: load<'v128'>(simd(0x00)),
  load32_splat: load<'v128'>(simd(0x09)),
  load32_zero: load<'v128'>(simd(0x5c)),
  load64_zero: load<'v128'>(simd(0x5d)),
  /** Four numbers of 16 bits, each in the lower half of a lane. */
  load16x4_u: load<'v128'>(simd(0x04)),
  store: store<'v128'>(simd(0x0b)),
  store32_lane: storeLane(simd(0x5a)),
  store64_lane: storeLane(simd(0x5b)),
  and: vv(0x4e),
  /** Bits of x where y has none. */
  andnot: vv(0x4f),
  or: vv(0x50),
  xor: vv(0x51),
  /** Bits of x where the mask has ones, else of y. */
  bitselect:
    (x: Code<'v128'>, y: Code<'v128'>, mask: Code<'v128'>): Code<'v128'> =>
    (out) => {
      x(out)
      y(out)
      mask(out)
      emit(out, simd(0x52))
    },
}
export const f32x4 = {
  /** One number in all lanes, or four. */
  const: lanes(bitsOf),
  splat: unary<'f32', 'v128'>(simd(0x13)),
  extract: (x: Code<'v128'>, lane: number): Code<'f32'> => unary<'v128', 'f32'>([...simd(0x1f), lane])(x),
  replace: (x: Code<'v128'>, lane: number, value: Code<'f32'>): Code<'v128'> =>
    binary<'v128', 'f32', 'v128'>([...simd(0x20), lane])(x, value),
  /** Lanes 0–3 of x, 4–7 of y. */
  shuffle: (x: Code<'v128'>, y: Code<'v128'>, ...from: readonly number[]): Code<'v128'> =>
    binary<'v128', 'v128', 'v128'>([...simd(0x0d), ...from.flatMap((lane) => [0, 1, 2, 3].map((b) => 4 * lane + b))])(x, y),
  eq: vv(0x41),
  ne: vv(0x42),
  lt: vv(0x43),
  gt: vv(0x44),
  le: vv(0x45),
  ge: vv(0x46),
  nearest: v(0x6a),
  abs: v(0xe0),
  sqrt: v(0xe3),
  add: vv(0xe4),
  sub: vv(0xe5),
  mul: vv(0xe6),
  div: vv(0xe7),
  max: vv(0xe9),
  /** y < x ? y : x, and x < y ? y : x. */
  pmin: vv(0xea),
  pmax: vv(0xeb),
  convert_i32x4_s: v(0xfa),
  /** x · y + z, rounded once where the processor can, else twice: a relaxed instruction. */
  relaxed_madd:
    (x: Code<'v128'>, y: Code<'v128'>, z: Code<'v128'>): Code<'v128'> =>
    (out) => {
      x(out)
      y(out)
      z(out)
      emit(out, relaxedMadd)
    },
  /** Into lanes 0 and 1. */
  demote_f64x2_zero: v(0x5e),
}
/** Two doubles. */
export const f64x2 = {
  const:
    (value: number): Code<'v128'> =>
    (out) => {
      emit(out, simd(0x0c))
      for (let i = 0; i < 2; i++) double(out, value)
    },
  lt: vv(0x49),
  abs: v(0xec),
  sub: vv(0xf1),
  mul: vv(0xf2),
  nearest: v(0x94),
  /** Lanes 0 and 1. */
  promote_low_f32x4: v(0x5f),
}
export const i32x4 = {
  const: lanes((value) => value | 0),
  splat: unary<'i32', 'v128'>(simd(0x11)),
  extract: (x: Code<'v128'>, lane: number): Code<'i32'> => unary<'v128', 'i32'>([...simd(0x1b), lane])(x),
  shl: shift(0xab),
  shr_s: shift(0xac),
  shr_u: shift(0xad),
  add: vv(0xae),
  sub: vv(0xb1),
  mul: vv(0xb5),
  trunc_sat_f32x4_s: v(0xf8),
  /** Of the lower half: 8 numbers of 8 bits to 16, and 4 of 16 bits to 32. */
  extend_low_i8x16_s: v(0x87),
  extend_low_i16x8_s: v(0xa7),
  /** Into lanes 0 and 1. */
  trunc_sat_f64x2_s_zero: v(0xfc),
}
