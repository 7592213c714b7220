/**
 * The operations, typed by the axes they keep. Broadcasting is a union of axes, a reduction removes them,
 * a contraction demands axes that both sides have. Shapes are checked when the expression is made.
 */

import { lift, tensors } from './lift.ts'
import type { Binary, Ternary, Unary } from './scalar.ts'
import { axesOf, constant, has, need, node, pick, ShapeError, show, unify, volume } from './tensor.ts'
import type { AnyTensor, AxesOf, Merge, Shape, Tensor } from './types.ts'

/** A tensor, or a number standing for a scalar one. */
export type Operand = AnyTensor | number

// The casts below state, once for each operation, the axes of the node that the same line makes.

// ------------------------------------------------------------------ primitives

/** Lift a scalar function of one argument to tensors of any axes. Its derivative and its kernels come along. */
export const unary = (body: Unary) => {
  const f = body(tensors)
  return <X extends Operand>(x: X): Tensor<AxesOf<X>> => whole(f, [x]) as Tensor<AxesOf<X>>
}
/** …of two arguments. Axes that only one side has are broadcast. */
export const binary = (body: Binary) => {
  const f = body(tensors)
  return <X extends Operand, Y extends Operand>(x: X, y: Y): Tensor<AxesOf<X | Y>> => whole(f, [x, y]) as Tensor<AxesOf<X | Y>>
}
/** …of three. */
export const ternary = (body: Ternary) => {
  const f = body(tensors)
  return <X extends Operand, Y extends Operand, Z extends Operand>(x: X, y: Y, z: Z): Tensor<AxesOf<X | Y | Z>> =>
    whole(f, [x, y, z]) as Tensor<AxesOf<X | Y | Z>>
}
/** Apply, and give back the axes that simplification lost (0 · x is 0): the type has promised them. */
const whole = <Args extends readonly AnyTensor[]>(f: (...args: Args) => AnyTensor, operands: readonly Operand[]): AnyTensor => {
  const args = operands.map(lift) as readonly AnyTensor[] as Args // as many as f takes: the callers above see to it
  const y = f(...args)
  return args.every((x) => axesOf(x).every((axis) => has(y, axis))) ? y : broadcastTo(y, unify('broadcastTo', args))
}

export const add = binary((S) => S.add)
export const sub = binary((S) => S.sub)
export const mul = binary((S) => S.mul)
export const div = binary((S) => S.div)
export const maximum = binary((S) => S.max)
/** −max(−x, −y): where both are equal, each has half of the slope, as in `maximum`. */
export const minimum = binary((S) => (x, y) => S.mul(S.of(-1), S.max(S.mul(S.of(-1), x), S.mul(S.of(-1), y))))
export const less = binary((S) => S.less)
export const equal = binary((S) => S.equal)
export const where = ternary((S) => S.where)
export const exp = unary((S) => S.exp)
export const log = unary((S) => S.log)
export const sqrt = unary((S) => S.sqrt)
export const sin = unary((S) => S.sin)
export const cos = unary((S) => S.cos)
export const tanh = unary((S) => S.tanh)
export const sigmoid = unary((S) => S.sigmoid)
export const softplus = unary((S) => S.softplus)
export const erf = unary((S) => S.erf)
export const negate = unary((S) => (x) => S.mul(S.of(-1), x))
export const square = unary((S) => (x) => S.mul(x, x))
export const relu = unary((S) => (x) => S.max(x, S.of(0)))
/** x · σ(x). */
export const silu = unary((S) => (x) => S.mul(x, S.sigmoid(x)))
/** x · Φ(x), with the normal distribution function Φ: exactly, through erf. */
export const gelu = unary((S) => (x) => S.mul(x, S.mul(S.of(0.5), S.add(S.of(1), S.erf(S.mul(x, S.of(Math.SQRT1_2)))))))
/** log σ(x) = −softplus(−x). */
export const logSigmoid = unary((S) => (x) => S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), x))))

// ------------------------------------------------------------------ reductions

const reduce = (merge: Merge, x: AnyTensor, over: readonly string[]): AnyTensor => {
  for (const axis of over) need(merge, x, axis)
  const axes = [...new Set(over)].sort()
  const shape = pick(x.shape, (axis) => !axes.includes(axis))
  return axes.length === 0 ? x : node({ tag: 'reduce', merge, over: axes }, [x], shape)
}
/** Σ over the named axes. */
export const sum = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  reduce('sum', x, over) as Tensor<Exclude<A, N>>
/** The largest entry along the named axes. */
export const max = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  reduce('max', x, over) as Tensor<Exclude<A, N>>
/** log Σ exp over the named axes, without overflow. */
export const logSumExp = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  reduce('logSumExp', x, over) as Tensor<Exclude<A, N>>
/** Multiply, and sum over the named axes, which both sides have. */
export const dot = <A extends string, B extends string, N extends A & B>(
  x: Tensor<A>,
  y: Tensor<B>,
  ...over: readonly N[]
): Tensor<Exclude<A | B, N>> => {
  for (const axis of over) for (const side of [x, y]) need('dot', side, axis)
  return reduce('sum', mul(x, y), over) as Tensor<Exclude<A | B, N>>
}
/** The number of entries along the named axes. */
export const size = (x: AnyTensor, ...axes: readonly string[]): number => axes.reduce((n, axis) => n * need('size', x, axis), 1)
export const mean = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  mul(sum(x, ...over), 1 / size(x, ...over)) as Tensor<Exclude<A, N>>
export const logSoftmax = <A extends string, N extends A>(x: Tensor<A>, over: N): Tensor<A> => sub(x, logSumExp(x, over)) as Tensor<A>
export const softmax = <A extends string, N extends A>(x: Tensor<A>, over: N): Tensor<A> => exp(logSoftmax(x, over)) as Tensor<A>

// ------------------------------------------------------------------ positions

/** 0, 1, 2, … along one axis: masks and positions are primitives on it, never arrays. */
export const iota = <A extends string>(axis: A, length: number): Tensor<A> =>
  node({ tag: 'iota', axis }, [], { [axis]: length }) as Tensor<A>

/**
 * table[axis = index]: the entries that `index` numbers, along `axis`. Where the index lives on the table's own axes
 * (the label of each row) this is a comparison, fused into whatever reads it; otherwise a gather. An index that is no position of the
 * axis (outside of 0 … length − 1, a fraction, NaN) takes NaN, on every backend, and its gradient is dropped; where such an index is
 * data that a program is run on, an IndexError is thrown instead.
 */
export const take = <A extends string, N extends A, I extends string>(
  table: Tensor<A>,
  axis: N,
  index: Tensor<I>,
): Tensor<Exclude<A, N> | I> => {
  const length = need('take', table, axis)
  const shared = axesOf(index).some((other) => other !== axis && has(table, other))
  if (shared) {
    const here = equal(iota(axis, length), index)
    const found = reduce('sum', here, [axis]) // 1; 0, where the index is no position
    const known: AnyTensor = add(reduce('sum', where(here, table, 0), [axis]), sub(div(found, found), 1))
    return known as Tensor<Exclude<A, N> | I>
  }
  const rest = pick(table.shape, (other) => other !== axis)
  return node({ tag: 'take', axis }, [table, index], { ...index.shape, ...rest }) as Tensor<Exclude<A, N> | I>
}
/** out[axis = v] = Σ of the entries of x whose index is v: the adjoint of `take`. */
export const scatterAdd = (x: AnyTensor, index: AnyTensor, axis: string, length: number): AnyTensor => {
  for (const other of axesOf(index)) need('scatterAdd', x, other)
  return node({ tag: 'scatter', axis }, [x, index], { [axis]: length, ...pick(x.shape, (other) => !has(index, other)) })
}
/** The entry at one position of an axis. */
export const at = <A extends string, N extends A>(x: Tensor<A>, axis: N, position: number): Tensor<Exclude<A, N>> => {
  const length = need('at', x, axis)
  if (!(position >= 0 && position < length)) throw new ShapeError(`at: position ${position} of axis '${axis}' is outside ${show(x.shape)}`)
  return sum(slice(x, axis, position, 1), axis) as Tensor<Exclude<A, N>>
}

// ------------------------------------------------------------------ movements

/** The same numbers under another name. */
export const rename = <A extends string, From extends A, To extends string>(
  x: Tensor<A>,
  from: From,
  to: To,
): Tensor<Exclude<A, From> | To> => {
  need('rename', x, from)
  if (has(x, to)) throw new ShapeError(`rename: '${from}' cannot be called '${to}', which ${show(x.shape)} already has`)
  const shape: Shape = Object.fromEntries(Object.entries<number>(x.shape).map(([axis, n]) => [axis === from ? to : axis, n]))
  return node({ tag: 'rename', from, to }, [x], shape) as Tensor<Exclude<A, From> | To>
}
/** out[axis = i] = x[axis = offset + step·i] for i < length, and 0 outside x. */
export const stridedSlice = (x: AnyTensor, axis: string, offset: number, step: 1 | -1, length: number): AnyTensor => {
  need('stridedSlice', x, axis)
  return node({ tag: 'stridedSlice', axis, offset, step }, [x], { ...x.shape, [axis]: length })
}
/** `length` entries of an axis, from `from` on. */
export const slice = <A extends string>(x: Tensor<A>, axis: A, from: number, length: number): Tensor<A> => {
  const n = need('slice', x, axis)
  if (from < 0 || length < 1 || from + length > n)
    throw new ShapeError(`slice: ${from} … ${from + length} of axis '${axis}' is not inside ${show(x.shape)}`)
  return stridedSlice(x, axis, from, 1, length) as Tensor<A>
}
/** Zeros before and after. */
export const pad = <A extends string>(x: Tensor<A>, axis: A, before: number, after: number): Tensor<A> =>
  stridedSlice(x, axis, -before, 1, before + need('pad', x, axis) + after) as Tensor<A>
/** The axis backwards. */
export const reverse = <A extends string>(x: Tensor<A>, axis: A): Tensor<A> =>
  stridedSlice(x, axis, need('reverse', x, axis) - 1, -1, need('reverse', x, axis)) as Tensor<A>
/** One after the other along an axis. */
export const concatenate = <A extends string>(xs: readonly Tensor<A>[], axis: A): Tensor<A> => {
  const before = (i: number): number => xs.slice(0, i).reduce((n, x) => n + size(x, axis), 0)
  const parts = xs.map((x, i) => pad(x, axis, before(i), before(xs.length) - before(i + 1)))
  return parts.reduce((a, b) => add(a, b) as Tensor<A>)
}
/** One axis as several, the first the slowest: `split(x, 'embed', { head: 4, key: 8 })`. */
export const unflatten = <A extends string, N extends A, I extends string>(
  x: Tensor<A>,
  axis: N,
  into: Shape<I>,
): Tensor<Exclude<A, N> | I> => {
  const length = need('unflatten', x, axis)
  if (volume(into) !== length) throw new ShapeError(`unflatten: axis '${axis}' of ${show(x.shape)} does not factor into ${show(into)}`)
  const shape: Shape = Object.fromEntries(
    Object.entries<number>(x.shape).flatMap(([a, n]) => (a === axis ? Object.entries<number>(into) : [[a, n] as const])),
  )
  return node({ tag: 'unflatten', axis, into: Object.keys(into) }, [x], shape) as Tensor<Exclude<A, N> | I>
}
/** Several axes as one, the first the slowest: `join(x, ['head', 'key'], 'embed')`. */
export const flatten = <A extends string, N extends A, I extends string>(
  x: Tensor<A>,
  axes: readonly N[],
  into: I,
): Tensor<Exclude<A, N> | I> => {
  const length = size(x, ...axes)
  const rest = pick(x.shape, (axis) => !axes.some((a) => a === axis))
  if (Object.hasOwn(rest, into)) throw new ShapeError(`flatten: '${into}' is already an axis of ${show(x.shape)}`)
  return node({ tag: 'flatten', axes, into }, [x], { ...rest, [into]: length }) as Tensor<Exclude<A, N> | I>
}
/** The same values with exactly these axes, in this order: constant along those that x lacks. */
export const broadcastTo = <A extends string>(x: AnyTensor, shape: Shape<A>): Tensor<A> => {
  for (const [axis, n] of Object.entries(x.shape))
    if ((shape as Shape)[axis] !== n) throw new ShapeError(`broadcastTo: ${show(x.shape)} does not fit into ${show(shape)}`)
  const same = axesOf(x).join() === Object.keys(shape).join()
  return (same ? x : node({ tag: 'broadcastTo' }, [x], shape)) as Tensor<A>
}
/** The same number everywhere. */
export const fill = <A extends string>(shape: Shape<A>, value: number): Tensor<A> => broadcastTo(constant(value), shape)

/** Identity going forward; nothing flows back. */
export const stopGradient = <A extends string>(x: Tensor<A>): Tensor<A> =>
  (x.op.tag === 'stop' || x.op.tag === 'constant' ? x : node({ tag: 'stop' }, [x], x.shape)) as Tensor<A>

/** The identity. Where `vjp` is to `recompute`, this stays in memory, and what lies between two such values is computed again. arXiv:1604.06174. */
export const checkpoint = <A extends string>(x: Tensor<A>): Tensor<A> => node({ tag: 'checkpoint' }, [x], x.shape) as Tensor<A>
