/**
 * The elementary primitives on four lanes. Comparisons stay bit masks while only `where` reads them, and become 1 or 0 for anyone else;
 * |x|, written max(x, −1 · x), −1 · x, and x or 0 are one instruction each, x or −x two.
 *
 * Derived primitives come as elementary ones. Over all of float32 they are within 3 ulp (tanh, softplus), 2 (sigmoid, expm1, log1p), or 6e−7 (erf).
 */
import type { Elementary } from '../../core/internal.ts'
import type { Instruction } from '../plan/program.ts'
import type { Local, Locals } from './control.ts'
import { f32x4, i32x4, type V128Code, v128 } from './instructions.ts'
import { cos, exp, type Lanewise, log, sin } from './math.ts'

/** The bit that makes a number negative. */
const sign = i32x4.const(1 << 31)

/** The primitives of one kernel: its instructions, and where it keeps the values of registers. */
export interface WasmPrimitives {
  /** The code of an instruction, in the form that its local keeps. */
  readonly primitive: (i: Extract<Instruction, { op: 'primitive' }>) => V128Code
  /** The number in a register. */
  readonly value: (register: number) => V128Code
  /** From a number that was stored to the form that its local keeps. */
  readonly restore: (register: number, x: V128Code) => V128Code
}

export const primitives = (locals: Locals, body: readonly Instruction[], kept: (register: number) => Local<'v128'>): WasmPrimitives => {
  const made = new Map<Elementary, Lanewise>()
  const elementary = (primitive: 'exp' | 'log' | 'sin' | 'cos'): Lanewise => {
    const known = made.get(primitive)
    if (known !== undefined) return known
    const f = { exp, log, sin, cos }[primitive](locals)
    made.set(primitive, f)
    return f
  }
  const isMask = (r: number): boolean => {
    const i = body[r]!
    return i.op === 'primitive' && (i.primitive === 'less' || i.primitive === 'equal')
  }
  const value = (r: number): V128Code => {
    const i = body[r]!
    if (i.op === 'constant') return f32x4.const(i.value)
    return isMask(r) ? v128.and(kept(r).get, f32x4.const(1)) : kept(r).get
  }
  const mask = (r: number): V128Code => (isMask(r) ? kept(r).get : f32x4.ne(value(r), f32x4.const(0)))
  const constant = (r: number): number | undefined => {
    const i = body[r]!
    return i.op === 'constant' ? i.value : undefined
  }
  /** A register as a multiple of another. */
  const multiple = (r: number): { readonly by: number; readonly of: number } => {
    const i = body[r]!
    const [x, y] = i.op === 'primitive' && i.primitive === 'mul' ? i.args : []
    const [first, second] = [x !== undefined && constant(x), y !== undefined && constant(y)]
    return typeof first === 'number' ? { by: first, of: y! } : typeof second === 'number' ? { by: second, of: x! } : { by: 1, of: r }
  }
  /** Is one −1 times the other? (So are c · x and −c · x: the planner multiplies constants.) */
  const opposite = (a: number, b: number): boolean => {
    const [p, q] = [multiple(a), multiple(b)]
    return (p.of === q.of && p.by === -q.by) || (p.by === -1 && p.of === b) || (q.by === -1 && q.of === a)
  }
  const primitive: WasmPrimitives['primitive'] = (i) => {
    const [a, b, c] = i.args as readonly [number, number, number] // as many as the primitive takes
    switch (i.primitive) {
      case 'add':
        return f32x4.add(value(a), value(b))
      case 'sub':
        return f32x4.sub(value(a), value(b))
      case 'mul':
        return constant(a) === -1 ? v128.xor(value(b), sign) : constant(b) === -1 ? v128.xor(value(a), sign) : f32x4.mul(value(a), value(b))
      case 'div':
        return f32x4.div(value(a), value(b))
      case 'max':
        return opposite(a, b) ? v128.andnot(value(a), sign) : f32x4.max(value(a), value(b))
      case 'sqrt':
        return f32x4.sqrt(value(a))
      case 'less':
        return f32x4.lt(value(a), value(b))
      case 'equal':
        return f32x4.eq(value(a), value(b))
      case 'where':
        if (Object.is(constant(b), 0)) return v128.andnot(value(c), mask(a))
        if (Object.is(constant(c), 0)) return v128.and(value(b), mask(a))
        return opposite(b, c) ? v128.xor(value(c), v128.and(mask(a), sign)) : v128.bitselect(value(b), value(c), mask(a))
      default:
        return elementary(i.primitive)(value(a))
    }
  }
  return { primitive, value, restore: (r, x) => (isMask(r) ? f32x4.ne(x, f32x4.const(0)) : x) }
}
