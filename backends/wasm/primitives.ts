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

/** The registers of a kernel, for its primitives. */
interface Registers {
  readonly body: readonly Instruction[]
  readonly kept: (register: number) => Local<'v128'>
  /** Functions that take several instructions, with locals of their own. */
  readonly elementary: (primitive: 'exp' | 'log' | 'sin' | 'cos') => Lanewise
}

export const primitives = (locals: Locals, body: readonly Instruction[], kept: (register: number) => Local<'v128'>): WasmPrimitives => {
  const made = new Map<Elementary, Lanewise>()
  const elementary: Registers['elementary'] = (primitive) => {
    const known = made.get(primitive)
    if (known !== undefined) return known
    const f = { exp, log, sin, cos }[primitive](locals)
    made.set(primitive, f)
    return f
  }
  const s: Registers = { body, kept, elementary }
  return {
    primitive: (i) => primitive(s, i),
    value: (r) => value(s, r),
    restore: (r, x) => (isMask(s, r) ? f32x4.ne(x, f32x4.const(0)) : x),
  }
}

const isMask = ({ body }: Registers, r: number): boolean => {
  const i = body[r]!
  return i.op === 'primitive' && (i.primitive === 'less' || i.primitive === 'equal')
}
const value = (s: Registers, r: number): V128Code => {
  const i = s.body[r]!
  if (i.op === 'constant') return f32x4.const(i.value)
  return isMask(s, r) ? v128.and(s.kept(r).get, f32x4.const(1)) : s.kept(r).get
}
const mask = (s: Registers, r: number): V128Code => (isMask(s, r) ? s.kept(r).get : f32x4.ne(value(s, r), f32x4.const(0)))
const constant = ({ body }: Registers, r: number): number | undefined => {
  const i = body[r]!
  return i.op === 'constant' ? i.value : undefined
}
/** A register as a multiple of another. */
const multiple = (s: Registers, r: number): { readonly by: number; readonly of: number } => {
  const i = s.body[r]!
  const [x, y] = i.op === 'primitive' && i.primitive === 'mul' ? i.args : []
  const [first, second] = [x !== undefined && constant(s, x), y !== undefined && constant(s, y)]
  return typeof first === 'number' ? { by: first, of: y! } : typeof second === 'number' ? { by: second, of: x! } : { by: 1, of: r }
}
/** Is one −1 times the other? (So are c · x and −c · x: the planner multiplies constants.) */
const opposite = (s: Registers, a: number, b: number): boolean => {
  const [p, q] = [multiple(s, a), multiple(s, b)]
  return (p.of === q.of && p.by === -q.by) || (p.by === -1 && p.of === b) || (q.by === -1 && q.of === a)
}

const primitive = (s: Registers, i: Extract<Instruction, { op: 'primitive' }>): V128Code => {
  const [a, b, c] = i.args as readonly [number, number, number] // as many as the primitive takes
  const x = (r: number): V128Code => value(s, r)
  switch (i.primitive) {
    case 'add':
      return f32x4.add(x(a), x(b))
    case 'sub':
      return f32x4.sub(x(a), x(b))
    case 'mul':
      return constant(s, a) === -1 ? v128.xor(x(b), sign) : constant(s, b) === -1 ? v128.xor(x(a), sign) : f32x4.mul(x(a), x(b))
    case 'div':
      return f32x4.div(x(a), x(b))
    case 'max':
      return opposite(s, a, b) ? v128.andnot(x(a), sign) : f32x4.max(x(a), x(b))
    case 'sqrt':
      return f32x4.sqrt(x(a))
    case 'less':
      return f32x4.lt(x(a), x(b))
    case 'equal':
      return f32x4.eq(x(a), x(b))
    case 'where':
      if (Object.is(constant(s, b), 0)) return v128.andnot(x(c), mask(s, a))
      if (Object.is(constant(s, c), 0)) return v128.and(x(b), mask(s, a))
      return opposite(s, b, c) ? v128.xor(x(c), v128.and(mask(s, a), sign)) : v128.bitselect(x(b), x(c), mask(s, a))
    default:
      return s.elementary(i.primitive)(x(a))
  }
}
