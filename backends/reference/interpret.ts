/**
 * The value of one node from the values of its arguments. An array is stored in the order of its shape's keys;
 * `offsets` says, for every element of a result, which element of an argument it looks at.
 */
import { type AnyTensor, numbers, type Primitive, type Shape, volume } from '../../core/index.ts'
import { applyPrimitive, draw, stream } from '../../core/internal.ts'

type ReferenceValues = Float64Array

/** Sums of products, computed without storing the products: node of the sum → node of the product nothing else reads. */
export const fusedProduct = (order: readonly AnyTensor[], outputs: readonly AnyTensor[]): ReadonlyMap<AnyTensor, AnyTensor> => {
  const readers = new Map<AnyTensor, number>()
  for (const x of [...order.flatMap((y) => y.from), ...outputs]) readers.set(x, (readers.get(x) ?? 0) + 1)
  return new Map(
    order.flatMap((x) => {
      const product = x.from[0]
      const alone = x.op.tag === 'reduce' && x.op.merge === 'sum' && product?.op.tag === 'primitive' && product.op.primitive === 'mul'
      return alone && readers.get(product) === 1 ? [[x, product] as const] : []
    }),
  )
}

/** A node that is being evaluated: the values of its arguments, and the array to fill. */
interface NodeEvaluation {
  readonly node: AnyTensor
  readonly argument: (i: number) => ReferenceValues
  readonly out: ReferenceValues
}

/** The value of a node. `product`: where the node is a sum of products that are not stored, the node of the product. */
export const evaluateNode = (x: AnyTensor, value: (y: AnyTensor) => ReferenceValues, product?: AnyTensor): ReferenceValues => {
  const { op, shape } = x
  const out = new Float64Array(volume(shape))
  const argument = (i: number): ReferenceValues => value(x.from[i]!)
  const e: NodeEvaluation = { node: x, argument, out }
  switch (op.tag) {
    case 'constant':
      return out.fill(op.value)
    case 'iota':
      return out.map((_, i) => i)
    case 'random': {
      const h = stream(argument(0)[0]!, op.salt)
      return out.map((_, i) => draw(h, i))
    }
    case 'primitive':
      return elementwise(e, op.primitive)
    case 'reduce':
      return product === undefined ? reduce(x, argument(0), out) : sumOfProducts(x, product, value, out)
    case 'take':
      return take(e, op.axis)
    case 'scatter':
      return scatter(e, op.axis)
    case 'stridedSlice':
      return stridedSlice(e, op.axis, op.offset, op.step)
    case 'flatten':
      return flatten(e, op.axes, op.into)
    case 'broadcastTo':
      return move(e, look(e, 0))
    case 'rename':
    case 'unflatten':
    case 'variable':
    case 'stop':
    case 'checkpoint':
      return argument(0)
    case 'input':
    case 'data':
    case 'device':
      throw new TypeError(`reference: the leaf ${op.tag === 'input' ? `'${op.name}'` : op.tag} was given no value`)
  }
}

/** Where each element of the node looks in argument i. */
const look = ({ node: { shape, from } }: NodeEvaluation, i: number): Int32Array =>
  offsets(shape, contributions(shape, strides(from[i]!.shape)))
/** Each element from where it looks in the first argument; 0 outside of it. */
const move = ({ argument, out }: NodeEvaluation, where: Int32Array): ReferenceValues => {
  const source = argument(0)
  for (let i = 0; i < out.length; i++) out[i] = where[i]! < 0 ? 0 : source[where[i]!]!
  return out
}

const elementwise = (e: NodeEvaluation, primitive: Primitive): ReferenceValues => {
  const { node, argument, out } = e
  const args = node.from.map((_, i) => [argument(i), look(e, i)] as const)
  const [[a, p] = [], [b, q] = [], [c, r] = []] = args
  if (c !== undefined)
    for (let i = 0; i < out.length; i++) out[i] = applyPrimitive(numbers, primitive, [a![p![i]!]!, b![q![i]!]!, c[r![i]!]!])
  else if (b !== undefined) {
    const f = numbers[primitive] as (x: number, y: number) => number // two arguments: a binary primitive
    for (let i = 0; i < out.length; i++) out[i] = f(a![p![i]!]!, b[q![i]!]!)
  } else {
    const f = numbers[primitive] as (x: number) => number // one argument: a unary primitive
    for (let i = 0; i < out.length; i++) out[i] = f(a![p![i]!]!)
  }
  return out
}

const take = (e: NodeEvaluation, axis: string): ReferenceValues => {
  const { node, argument, out } = e
  const [table, index] = [argument(0), argument(1)]
  const { shape: full } = node.from[0]!
  const step = strides(full)[axis]!
  const rows = offsets(node.shape, contributions(node.shape, { ...strides(full), [axis]: 0 }))
  const which = look(e, 1)
  for (let i = 0; i < out.length; i++) {
    const place = index[which[i]!]!
    out[i] = isPosition(place, full[axis]!) ? table[rows[i]! + step * place]! : Number.NaN
  }
  return out
}

const scatter = ({ node, argument, out }: NodeEvaluation, axis: string): ReferenceValues => {
  const [from, index] = [argument(0), argument(1)]
  const { shape: full } = node.from[0]!
  const here = strides(node.shape)
  const rest = offsets(full, contributions(full, { ...here, [axis]: 0 }))
  const which = offsets(full, contributions(full, strides(node.from[1]!.shape)))
  for (let i = 0; i < from.length; i++) {
    const place = index[which[i]!]!
    if (isPosition(place, node.shape[axis]!)) out[rest[i]! + here[axis]! * place]! += from[i]!
  }
  return out
}

const stridedSlice = (e: NodeEvaluation, axis: string, offset: number, step: number): ReferenceValues => {
  const { shape, from } = e.node
  const source = from[0]!.shape
  const along = Int32Array.from({ length: shape[axis]! }, (_, i) => {
    const j = offset + step * i
    return j >= 0 && j < source[axis]! ? j * strides(source)[axis]! : outside
  })
  return move(e, offsets(shape, { ...contributions(shape, strides(source)), [axis]: along }))
}

const flatten = (e: NodeEvaluation, axes: readonly string[], into: string): ReferenceValues => {
  const { shape, from } = e.node
  const source = from[0]!.shape
  const parts = Object.fromEntries(axes.map((axis) => [axis, source[axis]!]))
  const along = offsets(parts, contributions(parts, strides(source)))
  return move(e, offsets(shape, { ...contributions(shape, strides(source)), [into]: along }))
}

/** Whether an axis of this length has it: what is outside, a fraction or NaN is no position. */
const isPosition = (x: number, length: number): boolean => Number.isInteger(x) && x >= 0 && x < length

const reduce = (x: AnyTensor, from: ReferenceValues, out: ReferenceValues): ReferenceValues => {
  const { op } = x
  if (op.tag !== 'reduce') return out
  const { shape } = x.from[0]!
  const to = offsets(shape, contributions(shape, strides(x.shape)))
  if (op.merge === 'sum') {
    for (let i = 0; i < from.length; i++) out[to[i]!]! += from[i]!
    return out
  }
  const top = (op.merge === 'max' ? out : new Float64Array(out.length)).fill(-Infinity)
  for (let i = 0; i < from.length; i++) top[to[i]!] = Math.max(top[to[i]!]!, from[i]!)
  if (op.merge === 'max') return top
  for (let i = 0; i < from.length; i++) if (from[i]! !== -Infinity) out[to[i]!]! += Math.exp(from[i]! - top[to[i]!]!)
  return out.map((s, i) => (Number.isFinite(top[i]!) ? top[i]! + Math.log(s) : top[i]!))
}

const sumOfProducts = (
  x: AnyTensor,
  product: AnyTensor,
  value: (y: AnyTensor) => ReferenceValues,
  out: ReferenceValues,
): ReferenceValues => {
  const over = x.op.tag === 'reduce' ? Object.fromEntries(x.op.over.map((axis) => [axis, product.shape[axis]!])) : {}
  const side = (y: AnyTensor) => ({
    values: value(y),
    at: offsets(x.shape, contributions(x.shape, strides(y.shape))),
    along: offsets(over, contributions(over, strides(y.shape))),
  })
  const [a, b] = [side(product.from[0]!), side(product.from[1]!)]
  for (let i = 0; i < out.length; i++) {
    const [p, q] = [a.at[i]!, b.at[i]!]
    let sum = 0
    for (let k = 0; k < a.along.length; k++) sum += a.values[p + a.along[k]!]! * b.values[q + b.along[k]!]!
    out[i] = sum
  }
  return out
}

// ------------------------------------------------------------------ addresses

const strides = (shape: Shape): Record<string, number> => {
  const result: Record<string, number> = {}
  let step = 1
  for (const [axis, size] of Object.entries(shape).reverse()) {
    result[axis] = step
    step *= size
  }
  return result
}
/** What each index of each axis adds to the address; an axis without stride adds nothing. */
const contributions = (shape: Shape, steps: Readonly<Record<string, number>>): Record<string, Int32Array> =>
  Object.fromEntries(
    Object.entries(shape).map(([axis, size]) => [axis, Int32Array.from({ length: size }, (_, i) => i * (steps[axis] ?? 0))]),
  )
/** So far below 0 that no sum with it is an address. */
const outside = -(2 ** 30)
const offsets = (shape: Shape, along: Readonly<Record<string, Int32Array>>): Int32Array => {
  let sums = Int32Array.of(0)
  for (const axis of Object.keys(shape)) {
    const steps = along[axis]!
    const next = new Int32Array(sums.length * steps.length)
    for (let i = 0, o = 0; i < sums.length; i++) for (let k = 0; k < steps.length; k++) next[o++] = sums[i]! + steps[k]!
    sums = next
  }
  return sums
}
