/** One node of an expression as PyTorch: what it reads, and the piece of Python that it becomes, given theirs. */
import { type AnyTensor, axesOf, type Op, type Scalar } from '../../core/index.ts'
import { applyPrimitive } from '../../core/internal.ts'
import { asTensor, atom, counted, filled, inParentheses, limit, type TorchCode } from './code.ts'
import { constantExtent, type Extent, extentOf, extentText, isNatural, type LinearExtent, linear, minus } from './extent.ts'
import { TorchError } from './torch-error.ts'

export interface Translated {
  readonly from: readonly AnyTensor[]
  readonly compose: (parts: readonly TorchCode[]) => TorchCode
}
type Window = Extract<Op, { readonly tag: 'stridedSlice' }>

/** How nodes are written, given their counterparts in the second trace. */
export const nodes = (S: Scalar<TorchCode>, twins: ReadonlyMap<AnyTensor, AnyTensor>, loss: string, like: string) => {
  const refuse = (expected: string, found: string): never => {
    throw new TorchError(loss, expected, found)
  }
  const sizeOf = (x: AnyTensor, axis: string): LinearExtent =>
    linear(extentOf(x.shape[axis]!, twins.get(x)!.shape[axis]!)) ?? refuse('sizes that are multiples of the number of examples', axis)
  const offsetOf = (x: AnyTensor, { offset }: Window): LinearExtent => {
    const twin = twins.get(x)!.op
    return (
      linear(twin.tag === 'stridedSlice' ? extentOf(offset, twin.offset) : undefined) ?? refuse('slices at multiples of n', `${offset}`)
    )
  }

  const constant = (x: AnyTensor, value: number): TorchCode => {
    const twin = twins.get(x)!.op
    const extent = twin.tag === 'constant' ? extentOf(value, twin.value) : undefined
    return counted(extent ?? refuse('numbers that are multiples of the number of examples', `${value}`))
  }

  const reduce = ({ merge, over }: Extract<Op, { readonly tag: 'reduce' }>, from: AnyTensor, inner: TorchCode): TorchCode => {
    if (inner.constant !== undefined && merge === 'sum' && over.length === 1 && inner.axes.length === 1) {
      const { a, b } = sizeOf(from, over[0]!)
      return counted({ a: a * inner.constant, b: b * inner.constant })
    }
    const x = inner.kind === 'bool' ? `${inParentheses(inner)}.to(dtype)` : inParentheses({ ...inner, text: asTensor(inner, like) })
    const dims = over.map((axis) => inner.axes.indexOf(axis))
    if (dims.includes(-1)) refuse('sums over axes that a tensor has', over.join(', '))
    const rest = inner.axes.filter((axis) => !over.includes(axis))
    const dim = rest.length === 0 && merge !== 'logSumExp' ? '' : `dim=${dims.length === 1 ? dims[0] : `(${dims.join(', ')})`}`
    return atom(`${x}.${{ sum: 'sum', max: 'amax', logSumExp: 'logsumexp' }[merge]}(${dim})`, rest)
  }

  /** Constant along new axes. */
  const broadcastTo = (x: AnyTensor, inner: TorchCode): TorchCode => {
    const axes = axesOf(x)
    const [axis] = axes
    if (axis !== undefined && axes.length === 1 && inner.constant !== undefined) return filled(inner.constant, axes, sizeOf(x, axis))
    if (axis !== undefined && axes.length === 1 && inner.axes.length === 0)
      return atom(`${inParentheses({ ...inner, text: asTensor(inner, like) })}.expand(${extentText(sizeOf(x, axis))})`, axes)
    const same = axes.length === inner.axes.length && axes.every((each) => inner.axes.includes(each))
    return same ? inner : refuse('tensors with the axes of their parts', `one spread over ${axes.join(', ')}`)
  }

  /** A slice, or zeros around. */
  const window = (op: Window, x: AnyTensor, inner: TorchCode): TorchCode => {
    if (op.step !== 1 || axesOf(x).length !== 1) refuse('slices of lists of examples', 'another movement')
    const [offset, length, whole] = [offsetOf(x, op), sizeOf(x, op.axis), sizeOf(x.from[0]!, op.axis)]
    const end = { a: offset.a + length.a, b: offset.b + length.b }
    const [after, missing, before] = [minus(whole, end), minus(end, whole), minus({ a: 0, b: 0 }, offset)]
    if (isNatural(offset) && isNatural(after)) {
      if (inner.constant !== undefined) return filled(inner.constant, inner.axes, length)
      const [from, to] = [constantExtent(offset) === 0 ? '' : extentText(offset), constantExtent(after) === 0 ? '' : extentText(end)]
      return { ...atom(`${inParentheses(inner)}[${from}:${to}]`, inner.axes), kind: inner.kind }
    }
    if (!isNatural(before) || !isNatural(missing)) refuse('slices, or zeros around', 'both at once')
    return atom(`F.pad(${asTensor(inner, like)}, (${extentText(before)}, ${extentText(missing)}))`, inner.axes)
  }

  /** Two lists that zeros were put around, to stand one after the other when added. */
  const concatenation = (x: AnyTensor): readonly [AnyTensor, AnyTensor] | undefined => {
    if (x.op.tag !== 'primitive' || x.op.primitive !== 'add' || axesOf(x).length !== 1) return undefined
    const parts = x.from.flatMap((part) =>
      part.op.tag === 'stridedSlice' && part.op.step === 1 ? [{ part, at: offsetOf(part, part.op) }] : [],
    )
    const [first, second] = [...parts].sort((one, other) => other.at.a - one.at.a || other.at.b - one.at.b)
    if (first === undefined || second === undefined) return undefined
    const [axis] = axesOf(x) as readonly [string] // it has one
    const [one, other, whole] = [sizeOf(first.part.from[0]!, axis), sizeOf(second.part.from[0]!, axis), sizeOf(x, axis)]
    const adjacent = equal(first.at, { a: 0, b: 0 }) && equal(second.at, minus({ a: 0, b: 0 }, one)) && equal(minus(whole, one), other)
    return adjacent ? [first.part.from[0]!, second.part.from[0]!] : undefined
  }

  return (x: AnyTensor): Translated => {
    const { op, from } = x
    const one = (compose: (inner: TorchCode) => TorchCode): Translated => ({ from: [from[0]!], compose: ([inner]) => compose(inner!) })
    const leaf = (code: () => TorchCode): Translated => ({ from: [], compose: code })
    switch (op.tag) {
      case 'input':
        return leaf(() => atom(op.name, axesOf(x)))
      case 'constant':
        return leaf(() => (op.single === undefined ? constant(x, op.value) : limit(op.value, op.single)))
      case 'iota':
        return leaf(() => atom(`torch.arange(${extentText(sizeOf(x, op.axis))}, device=${like}.device)`, [op.axis]))
      case 'primitive': {
        const both = concatenation(x)
        if (both === undefined) return { from, compose: (parts) => applyPrimitive(S, op.primitive, parts) }
        return { from: both, compose: (parts) => atom(`torch.cat((${parts.map((y) => asTensor(y, like)).join(', ')}))`, axesOf(x)) }
      }
      case 'reduce':
        return one((inner) => reduce(op, from[0]!, inner))
      case 'rename':
        return one((inner) => ({ ...inner, axes: inner.axes.map((axis) => (axis === op.from ? op.to : axis)) }))
      case 'stop':
        return one((inner) =>
          inner.kind === 'number' ? inner : { ...atom(`${inParentheses(inner)}.detach()`, inner.axes), kind: inner.kind },
        )
      case 'broadcastTo':
        return one((inner) => broadcastTo(x, inner))
      case 'stridedSlice':
        return one((inner) => window(op, x, inner))
      default:
        return refuse('primitives, sums, comparisons and slices, which losses are made of', `'${op.tag}'`)
    }
  }
}

const equal = (x: Extent, y: Extent): boolean => JSON.stringify(x) === JSON.stringify(y)
