/**
 * Reverse mode, graph → graph: derivatives are expressions, so they can be differentiated, simplified and compiled again.
 *
 *     ∂L/∂x = Σ over the readers r of x:  (∂L/∂r) · (∂r/∂x)
 *
 * An adjoint may lack axes that its node has: it is then constant along them, so there is no broadcast to undo.
 * `grad` wraps every parameter in a fresh variable node; nested and closed-over differentiation therefore never confuse them.
 */

import { lift, tensors } from './lift.ts'
import { add, broadcastTo, div, equal, exp, flatten, mul, rename, scatterAdd, stridedSlice, sub, sum, take, unflatten } from './ops.ts'
import { vjpRule } from './scalar.ts'
import { literal } from './simplify.ts'
import { axesOf, constant, fresh, has, node, reachable, ShapeError, show } from './tensor.ts'
import { leaves, mapTree, type Tree } from './tree.ts'
import type { AnyTensor, Tensor } from './types.ts'

let variables = 0
const variable = (x: AnyTensor): AnyTensor => fresh({ tag: 'variable', unique: ++variables }, [x], x.shape)

/**
 * The value of a scalar function, and its gradient with respect to its first argument, a tree of tensors; the gradient has exactly the
 * type of that tree. Further arguments are passed on.
 * @throws ShapeError where the result is not a scalar (the function that is returned)
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, square, sum, type Tensor, tensor, valueAndGrad } from 'halograd/core'
 * const [value, slope] = valueAndGrad((x: Tensor<'i'>) => sum(square(x), 'i'))(tensor({ i: 2 }, [1, 2]))
 * console.log(await read(reference(), value), await read(reference(), slope)) // Float64Array [5] Float64Array [2, 4]
 * ```
 */
export const valueAndGrad =
  <P extends Tree<P>, Rest extends readonly unknown[]>(f: (parameters: P, ...rest: Rest) => Tensor<never>) =>
  (parameters: P, ...rest: Rest): readonly [value: Tensor, gradient: P] => {
    const [value, pullback] = vjp((p: P) => f(p, ...rest))(parameters)
    if (axesOf(value).length > 0)
      throw new ShapeError(`grad: a loss is a scalar, but this one has axes ${show(value.shape)}; reduce them, e.g. with mean`)
    return [value, pullback(constant(1))]
  }

/**
 * The gradient of a scalar function with respect to its first argument, a tree of tensors; the gradient has the type of that tree.
 * It is an expression: it can be differentiated again.
 * @throws ShapeError where f is not a scalar
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { grad, read, square, sum, type Tensor, tensor } from 'halograd/core'
 * const slope = grad((x: Tensor<'i'>) => sum(square(x), 'i'))
 * console.log(await read(reference(), slope(tensor({ i: 2 }, [1, 2])))) // Float64Array [2, 4]
 * ```
 */
export const grad =
  <P extends Tree<P>, Rest extends readonly unknown[]>(f: (parameters: P, ...rest: Rest) => Tensor<never>) =>
  (parameters: P, ...rest: Rest): P =>
    valueAndGrad(f)(parameters, ...rest)[1]

/**
 * The outputs of f, and the map from their cotangents (a tree of the same structure) to those of the parameters. `recompute` (default
 * false): of what f computes up to its last `checkpoint`, only the checkpointed values stay in memory; the rest is computed again.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, square, type Tensor, tensor, vjp } from 'halograd/core'
 * const [y, pullback] = vjp((x: Tensor<'i'>) => square(x))(tensor({ i: 2 }, [1, 2]))
 * const slope = pullback(tensor({ i: 2 }, [1, 10]))
 * console.log(await read(reference(), y), await read(reference(), slope)) // Float64Array [1, 4] Float64Array [2, 40]
 * ```
 */
export const vjp =
  <P extends Tree<P>, Y>(f: (parameters: P) => Y, { recompute = false } = {}) =>
  (parameters: P): readonly [outputs: Y, pullback: (cotangents: Y) => P] => {
    const inner = mapTree(parameters, variable)
    const outputs = f(inner)
    const pullback = (cotangents: Y): P => {
      const wanted = leaves(inner)
      const adjoints = backward(leaves(outputs), leaves(cotangents), wanted, recompute)
      return mapTree(parameters, (p, i) => broadcastTo(adjoints.get(wanted[i]!) ?? constant(0), p.shape))
    }
    return [outputs, pullback]
  }

/** Adjoints of every node between `wanted` and `outputs`, newest first. */
const backward = (
  outputs: readonly AnyTensor[],
  cotangents: readonly AnyTensor[],
  wanted: readonly AnyTensor[],
  recompute: boolean,
): ReadonlyMap<AnyTensor, AnyTensor> => {
  const order = reachable(outputs)
  const active = new Set(wanted)
  for (const n of order) if (n.op.tag !== 'stop' && n.from.some((x) => active.has(x))) active.add(n)
  const anew = recompute ? rematerialize(order) : (n: AnyTensor) => n
  const adjoints = new Map<AnyTensor, AnyTensor>()
  const give = (to: AnyTensor, g: AnyTensor | undefined): void => {
    if (g === undefined || !active.has(to)) return
    const known = adjoints.get(to)
    adjoints.set(to, known === undefined ? g : add(known, g))
  }
  for (const [i, y] of outputs.entries()) give(y, cotangents[i])
  for (const n of [...order].reverse()) {
    const g = adjoints.get(n)
    if (g === undefined || !active.has(n) || literal(g) === 0) continue
    for (const [i, part] of cotangentsOf(anew(n, g), g).entries()) give(n.from[i]!, part)
  }
  return adjoints
}

/** Nodes as they are computed again: from what was kept before them, once the adjoint of what was kept after them is known. */
const rematerialize = (order: readonly AnyTensor[]): ((n: AnyTensor, after: AnyTensor) => AnyTensor) => {
  const passed = new Set(reachable(order.filter(({ op }) => op.tag === 'checkpoint')))
  const made = new Map<AnyTensor, AnyTensor>()
  const anew = (n: AnyTensor, after: AnyTensor): AnyTensor => {
    if (!passed.has(n) || n.from.length === 0 || n.op.tag === 'variable') return n
    const copy = made.get(n) ?? node(n.op, n.op.tag === 'checkpoint' ? [n, after] : n.from.map((x) => anew(x, after)), n.shape)
    made.set(n, copy)
    return copy
  }
  return anew
}

/** Sum an adjoint over the axes of n that `to` lacks; along an axis where it is constant, the sum is a multiple. */
const onto = (n: AnyTensor, to: AnyTensor, g: AnyTensor): AnyTensor => {
  const gone = axesOf(n).filter((axis) => !has(to, axis))
  const times = gone.filter((axis) => !has(g, axis)).reduce((product, axis) => product * n.shape[axis]!, 1)
  return mul(sum(g as Tensor<string>, ...gone.filter((axis) => has(g, axis))), times)
}

/** What the adjoint `g` of node `n` contributes to each of its arguments. */
const cotangentsOf = (n: AnyTensor, g: AnyTensor): readonly (AnyTensor | undefined)[] => {
  const { op } = n
  // Arguments by position: each case knows how many its operation has. Axes are not typed in here.
  const [x, index] = n.from as readonly [Tensor<string>, Tensor<string>]
  const full = (): Tensor<string> => broadcastTo(g, n.shape)
  switch (op.tag) {
    case 'primitive':
      return vjpRule(tensors, op.primitive, g, n, n.from).map((contribution, i) => contribution && onto(n, n.from[i]!, contribution))
    case 'reduce': {
      if (op.merge === 'sum') return [g]
      if (op.merge === 'logSumExp') return [mul(g, exp(sub(x, n)))]
      const winners = equal(x, n) as Tensor<string> // ties share the gradient
      return [div(mul(g, winners), sum(winners, ...op.over))]
    }
    case 'rename':
      return [has(g, op.to) ? rename(g as Tensor<string>, op.to, op.from) : g]
    case 'stridedSlice':
      return [stridedSlice(full(), op.axis, op.step === 1 ? -op.offset : op.offset, op.step, x.shape[op.axis]!)]
    case 'unflatten':
      return [flatten(full(), op.into, op.axis)]
    case 'flatten':
      return [unflatten(full(), op.into, Object.fromEntries(op.axes.map((axis) => [axis, x.shape[axis]!])))]
    case 'take':
      return [scatterAdd(full(), index, op.axis, x.shape[op.axis]!)]
    case 'scatter':
      return [take(full(), op.axis, index)]
    case 'broadcastTo':
      return [onto(n, x, g)]
    case 'variable':
    case 'checkpoint':
      return [g]
    default: // leaves, and what stops the gradient
      return []
  }
}

/** Σ over leaves of ⟨a, b⟩: the inner product of two trees. */
export const inner = <P>(a: P, b: P): Tensor => {
  const others = leaves(b)
  const products = leaves(a).map((x, i) => sum(mul(x, others[i]!) as Tensor<string>, ...axesOf(x)) as AnyTensor)
  return products.reduce((p, q) => add(p, q), lift(0)) as Tensor
}
