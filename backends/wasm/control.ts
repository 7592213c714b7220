/** Statements of WebAssembly: sequences, branches, loops and locals. */
import { type ByteList, byte, unsigned } from './bytes.ts'
import { type Code, i32, type Type, types } from './instructions.ts'

/** One after the other. */
export const seq =
  (...codes: readonly Code[]): Code =>
  (out) => {
    for (let i = 0; i < codes.length; i++) codes[i]!(out)
  }
/** Statements, then a value. */
export const after =
  <T extends Type>(first: Code, value: Code<T>): Code<T> =>
  (out) => {
    first(out)
    value(out)
  }
/** Compute a value for nothing but the effect. */
export const drop =
  (value: Code<Type>): Code =>
  (out) => {
    value(out)
    byte(out, 0x1a)
  }
const nested =
  (opcode: number) =>
  (body: Code): Code =>
  (out) => {
    byte(out, opcode)
    byte(out, types.nothing)
    body(out)
    byte(out, 0x0b)
  }
export const block = nested(0x02)
export const loop = nested(0x03)
/** Never come here. */
export const unreachable: Code = (out) => byte(out, 0x00)
/** Leave (or, of a loop, repeat) the construct that is `depth` levels out. */
export const br =
  (depth: number): Code =>
  (out) => {
    byte(out, 0x0c)
    unsigned(out, depth)
  }
export const br_if =
  (depth: number, condition: Code<'i32'>): Code =>
  (out) => {
    condition(out)
    byte(out, 0x0d)
    unsigned(out, depth)
  }
export const when =
  (condition: Code<'i32'>, yes: Code, no?: Code): Code =>
  (out) => {
    condition(out)
    byte(out, 0x04)
    byte(out, types.nothing)
    yes(out)
    if (no !== undefined) {
      byte(out, 0x05)
      no(out)
    }
    byte(out, 0x0b)
  }
/** One of two values, both computed. */
export const select =
  <T extends 'i32' | 'f32'>(condition: Code<'i32'>, yes: Code<T>, no: Code<T>): Code<T> =>
  (out) => {
    yes(out)
    no(out)
    condition(out)
    byte(out, 0x1b)
  }
/** The smaller of two signed numbers, which are computed twice. */
export const least = (x: Code<'i32'>, y: Code<'i32'>): Code<'i32'> => select(i32.lt_s(x, y), x, y)

// ------------------------------------------------------------------ locals

export interface Local<T extends Type> {
  readonly get: Code<T>
  readonly set: (value: Code<T>) => Code
  readonly tee: (value: Code<T>) => Code<T>
}
export type I32Local = Local<'i32'>
/** The local (or parameter) of this number. */
export const local = <T extends Type>(index: number): Local<T> => ({
  get: access(0x20, index),
  set: (value) => access(0x21, index, value),
  tee: (value) => access(0x22, index, value),
})
const access =
  <T extends Type>(opcode: number, index: number, value?: Code<T>) =>
  (out: ByteList): void => {
    value?.(out)
    byte(out, opcode)
    unsigned(out, index)
  }
/** Makes the locals of the function being written. */
export type Locals = <T extends Type>(type: T) => Local<T>

/**
 * Keep a vector where it was computed. V8 moves pure code to its use, even into a loop, where it then runs every time; what has been
 * through a mutable global stays outside.
 */
export const pin = (x: Local<'v128'>): Code =>
  x.set((out) => {
    x.get(out)
    const global = out.spare?.()
    if (global === undefined) return
    byte(out, 0x24)
    unsigned(out, global)
    byte(out, 0x23)
    unsigned(out, global)
  })

/** p += by. */
export const move = (p: Local<'i32'>, by: Code<'i32'>): Code => p.set(i32.add(p.get, by))
/** `count` addresses, `stride` bytes apart, of which the first is what `at` says: where the offsets are kept, and what sets them. */
export const apart = (locals: Locals, count: number, stride: Local<'i32'>) => {
  const offsets = Array.from({ length: count - 1 }, () => locals('i32'))
  return {
    set: seq(...offsets.map((offset, i) => offset.set(i32.mul(stride.get, i32.const(i + 1))))),
    of: (at: Local<'i32'>): readonly Code<'i32'>[] => [at.get, ...offsets.map((offset) => i32.add(at.get, offset.get))],
  }
}
/** `count` times: body. Destroys `count`. */
export const times = (count: Local<'i32'>, body: Code): Code =>
  block(loop(seq(br_if(1, i32.eqz(count.get)), body, count.set(i32.sub(count.get, i32.const(1))), br(0))))

/** i = from; while (i < to) { body; i += step }, with signed indices. */
export const range = (i: Local<'i32'>, from: Code<'i32'>, to: Code<'i32'>, step: number, body: Code): Code =>
  seq(i.set(from), block(loop(seq(br_if(1, i32.ge_s(i.get, to)), body, i.set(i32.add(i.get, i32.const(step))), br(0)))))
