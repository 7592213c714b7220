/** One node of an expression as PyTorch: what it reads, and the piece of Python that it becomes, given theirs. */
import { type AnyTensor, axesOf, type Op, type Scalar } from '../../core/index.ts'
import { applyPrimitive } from '../../core/internal.ts'
import { asTensor, atom, counted, filled, inParentheses, limit, type TorchCode } from './code.ts'
import {
  constantExtent,
  type Extent,
  extentOf,
  extentText,
  isNatural,
  type LinearExtent,
  linear,
  linearExtent,
  minus,
  nothing,
} from './extent.ts'
import { TorchError } from './torch-error.ts'

export interface Translated {
  readonly from: readonly AnyTensor[]
  readonly compose: (parts: readonly TorchCode[]) => TorchCode
}
type Window = Extract<Op, { readonly tag: 'stridedSlice' }>

/** What nodes are written with: the language of code, the counterparts in the second trace, and the names of the loss and of a leaf. */
interface TorchContext {
  readonly S: Scalar<TorchCode>
  readonly twins: ReadonlyMap<AnyTensor, AnyTensor>
  readonly loss: string
  readonly like: string
}
const refuse = ({ loss }: TorchContext, expected: string, found: string): never => {
  throw new TorchError(loss, expected, found)
}
const sizeOf = (c: TorchContext, x: AnyTensor, axis: string): LinearExtent =>
  linear(extentOf(x.shape[axis]!, c.twins.get(x)!.shape[axis]!)) ?? refuse(c, 'sizes that are multiples of the number of examples', axis)
const offsetOf = (c: TorchContext, x: AnyTensor, { offset }: Window): LinearExtent => {
  const twin = c.twins.get(x)!.op
  const extent = twin.tag === 'stridedSlice' ? extentOf(offset, twin.offset) : undefined
  return linear(extent) ?? refuse(c, 'slices at multiples of n', `${offset}`)
}

const constant = (c: TorchContext, x: AnyTensor, value: number): TorchCode => {
  const twin = c.twins.get(x)!.op
  const extent = twin.tag === 'constant' ? extentOf(value, twin.value) : undefined
  return counted(extent ?? refuse(c, 'numbers that are multiples of the number of examples', `${value}`))
}

const reduce = (
  c: TorchContext,
  { merge, over }: Extract<Op, { readonly tag: 'reduce' }>,
  from: AnyTensor,
  inner: TorchCode,
): TorchCode => {
  if (inner.constant !== undefined && merge === 'sum' && over.length === 1 && inner.axes.length === 1) {
    const { a, b } = sizeOf(c, from, over[0]!)
    return counted(linearExtent(a * inner.constant, b * inner.constant))
  }
  const x = inner.kind === 'bool' ? `${inParentheses(inner)}.to(dtype)` : inParentheses({ ...inner, text: asTensor(inner, c.like) })
  const dims = over.map((axis) => inner.axes.indexOf(axis))
  if (dims.includes(-1)) refuse(c, 'sums over axes that a tensor has', over.join(', '))
  const rest = inner.axes.filter((axis) => !over.includes(axis))
  const dim = rest.length === 0 && merge !== 'logSumExp' ? '' : `dim=${dims.length === 1 ? dims[0] : `(${dims.join(', ')})`}`
  return atom(`${x}.${{ sum: 'sum', max: 'amax', logSumExp: 'logsumexp' }[merge]}(${dim})`, rest)
}

/** Constant along new axes. */
const broadcastTo = (c: TorchContext, x: AnyTensor, inner: TorchCode): TorchCode => {
  const axes = axesOf(x)
  const [axis] = axes
  if (axis !== undefined && axes.length === 1 && inner.constant !== undefined) return filled(inner.constant, axes, sizeOf(c, x, axis))
  if (axis !== undefined && axes.length === 1 && inner.axes.length === 0)
    return atom(`${inParentheses({ ...inner, text: asTensor(inner, c.like) })}.expand(${extentText(sizeOf(c, x, axis))})`, axes)
  const same = axes.length === inner.axes.length && axes.every((each) => inner.axes.includes(each))
  return same ? inner : refuse(c, 'tensors with the axes of their parts', `one broadcast over ${axes.join(', ')}`)
}

/** A slice, or zeros around. */
const window = (c: TorchContext, op: Window, x: AnyTensor, inner: TorchCode): TorchCode => {
  if (op.step !== 1 || axesOf(x).length !== 1) refuse(c, 'slices of lists of examples', 'another movement')
  const [offset, length, whole] = [offsetOf(c, x, op), sizeOf(c, x, op.axis), sizeOf(c, x.from[0]!, op.axis)]
  const end = linearExtent(offset.a + length.a, offset.b + length.b)
  const [after, missing, before] = [minus(whole, end), minus(end, whole), minus(nothing, offset)]
  if (isNatural(offset) && isNatural(after)) {
    if (inner.constant !== undefined) return filled(inner.constant, inner.axes, length)
    const [from, to] = [constantExtent(offset) === 0 ? '' : extentText(offset), constantExtent(after) === 0 ? '' : extentText(end)]
    return { ...atom(`${inParentheses(inner)}[${from}:${to}]`, inner.axes), kind: inner.kind }
  }
  if (!isNatural(before) || !isNatural(missing)) refuse(c, 'slices, or zeros around', 'both at once')
  return atom(`F.pad(${asTensor(inner, c.like)}, (${extentText(before)}, ${extentText(missing)}))`, inner.axes)
}

/** Two lists, padded with zeros so that their sum is one after the other. */
const concatenation = (c: TorchContext, x: AnyTensor): readonly [AnyTensor, AnyTensor] | undefined => {
  if (x.op.tag !== 'primitive' || x.op.primitive !== 'add' || axesOf(x).length !== 1) return undefined
  const parts = x.from.flatMap((part) =>
    part.op.tag === 'stridedSlice' && part.op.step === 1 ? [{ part, at: offsetOf(c, part, part.op) }] : [],
  )
  const [first, second] = [...parts].sort((one, other) => other.at.a - one.at.a || other.at.b - one.at.b)
  if (first === undefined || second === undefined) return undefined
  const [axis] = axesOf(x) as readonly [string] // it has one
  const [one, other, whole] = [sizeOf(c, first.part.from[0]!, axis), sizeOf(c, second.part.from[0]!, axis), sizeOf(c, x, axis)]
  const adjacent = equal(first.at, nothing) && equal(second.at, minus(nothing, one)) && equal(minus(whole, one), other)
  return adjacent ? [first.part.from[0]!, second.part.from[0]!] : undefined
}

const leaf = (code: () => TorchCode): Translated => ({ from: [], compose: code })
const ofOne = (x: AnyTensor, compose: (inner: TorchCode) => TorchCode): Translated => ({
  from: [x.from[0]!],
  compose: ([inner]) => compose(inner!),
})
const primitive = (c: TorchContext, x: AnyTensor, op: Extract<Op, { readonly tag: 'primitive' }>): Translated => {
  const both = concatenation(c, x)
  if (both === undefined) return { from: x.from, compose: (parts) => applyPrimitive(c.S, op.primitive, parts) }
  return { from: both, compose: (parts) => atom(`torch.cat((${parts.map((y) => asTensor(y, c.like)).join(', ')}))`, axesOf(x)) }
}

/** How a node is written, given its counterpart in the second trace. @throws TorchError for what PyTorch code is not printed for */
export const translated = (c: TorchContext, x: AnyTensor): Translated => {
  const { op, from } = x
  switch (op.tag) {
    case 'input':
      return leaf(() => atom(op.name, axesOf(x)))
    case 'constant':
      return leaf(() => (op.single === undefined ? constant(c, x, op.value) : limit(op.value, op.single)))
    case 'iota':
      return leaf(() => atom(`torch.arange(${extentText(sizeOf(c, x, op.axis))}, device=${c.like}.device)`, [op.axis]))
    case 'primitive':
      return primitive(c, x, op)
    case 'reduce':
      return ofOne(x, (inner) => reduce(c, op, from[0]!, inner))
    case 'rename':
      return ofOne(x, (inner) => ({ ...inner, axes: inner.axes.map((axis) => (axis === op.from ? op.to : axis)) }))
    case 'stop':
      return ofOne(x, (inner) =>
        inner.kind === 'number' ? inner : { ...atom(`${inParentheses(inner)}.detach()`, inner.axes), kind: inner.kind },
      )
    case 'broadcastTo':
      return ofOne(x, (inner) => broadcastTo(c, x, inner))
    case 'stridedSlice':
      return ofOne(x, (inner) => window(c, op, x, inner))
    default:
      return refuse(c, 'primitives, sums, comparisons and slices, which losses are made of', `'${op.tag}'`)
  }
}

const equal = (x: Extent, y: Extent): boolean => JSON.stringify(x) === JSON.stringify(y)
