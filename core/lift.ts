/**
 * The scalar language interpreted at tensors: each primitive builds a node whose axes are the union of its arguments'.
 * Smart constructors fold constants and drop identities (0 + x, 1 · x, 0 · x), so `0 · x` is 0 even where x is not finite.
 */
import { applyPrimitive, interpretation, numbers, type Primitive, type Scalar } from './scalar.ts'
import { constant, literal, node, unify } from './tensor.ts'
import type { AnyTensor } from './types.ts'

export const tensors: Scalar<AnyTensor> = interpretation<AnyTensor>(constant, (primitive, args) => primitiveNode(primitive, args))

const commutative: ReadonlySet<Primitive> = new Set<Primitive>(['add', 'mul', 'max', 'equal'])

/** The node of a primitive on its arguments. */
export const primitiveNode = (primitive: Primitive, given: readonly AnyTensor[]): AnyTensor => {
  const shape = unify(primitive, given)
  const turn = commutative.has(primitive) && constantsFirst(given[0]!, given[1]!) > 0
  const args = turn ? [given[1]!, given[0]!] : given
  const values = args.map(literal)
  if (values.every((v) => v !== undefined)) return constant(applyPrimitive(numbers, primitive, values))
  return simpler(primitive, args[0]!, args[1], args[2]) ?? node({ tag: 'primitive', primitive }, args, shape)
}
const constantsFirst = (x: AnyTensor, y: AnyTensor): number =>
  Number(y.op.tag === 'constant') - Number(x.op.tag === 'constant') || x.id - y.id

const simpler = (primitive: Primitive, x: AnyTensor, y?: AnyTensor, z?: AnyTensor): AnyTensor | undefined => {
  const a = literal(x)
  const b = y && literal(y)
  switch (primitive) {
    case 'add':
      return a === 0 ? y : undefined
    case 'sub':
      return b === 0 ? x : undefined
    case 'mul': {
      if (a === 1) return y
      if (a === 0) return x
      const scale = y?.op.tag === 'primitive' && y.op.primitive === 'mul' ? literal(y.from[0]!) : undefined
      return a !== undefined && scale !== undefined ? primitiveNode('mul', [constant(a * scale), y!.from[1]!]) : undefined
    }
    case 'div':
      return b === 1 || a === 0 ? x : undefined
    case 'where':
      return y === z || (a !== undefined && a !== 0) ? y : a === 0 ? z : undefined
    default:
      return undefined
  }
}

/** A number, or a tensor, as a tensor. */
export const lift = (x: AnyTensor | number): AnyTensor => (typeof x === 'number' ? constant(x) : x)
