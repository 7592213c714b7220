/**
 * The scalar language interpreted at tensors: each primitive builds a node whose axes are the union of its arguments'.
 * Smart constructors fold constants and drop identities (see simplify.ts), so `0 · x` is 0 even where x is not finite.
 */
import { interpretation, type Primitive, type Scalar } from './scalar.ts'
import { identities, simplified, type TermBuilder } from './simplify.ts'
import { constant, node, unify } from './tensor.ts'
import type { AnyTensor } from './types.ts'

/** The node of a primitive on its arguments. */
const apply = (primitive: Primitive, given: readonly AnyTensor[]): AnyTensor => {
  const shape = unify(primitive, given)
  return simplified<AnyTensor>(identities, build, primitive, given, (args) => node({ tag: 'primitive', primitive }, args, shape))
}
const build: TermBuilder<AnyTensor> = { constant, apply }

export const tensors: Scalar<AnyTensor> = interpretation<AnyTensor>(constant, apply)

/** A number, or a tensor, as a tensor. */
export const lift = (x: AnyTensor | number): AnyTensor => (typeof x === 'number' ? constant(x) : x)
