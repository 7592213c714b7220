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

/**
 * Lift a scalar function of one argument to tensors of any axes. Its derivatives and its kernels on every backend come along.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor, unary } from 'halograd/core'
 * const mish = unary((S) => (x) => S.mul(x, S.tanh(S.softplus(x))))
 * const values = await read(reference(), mish(tensor({ i: 2 }, [-1, 1])))
 * ```
 */
export const unary = (body: Unary) => {
  const f = body(tensors)
  return <X extends Operand>(x: X): Tensor<AxesOf<X>> => whole(f, [x]) as Tensor<AxesOf<X>>
}
/**
 * Lift a scalar function of two arguments. Axes that only one side has are broadcast.
 * @throws ShapeError where a shared axis has two sizes
 */
export const binary = (body: Binary) => {
  const f = body(tensors)
  return <X extends Operand, Y extends Operand>(x: X, y: Y): Tensor<AxesOf<X | Y>> => whole(f, [x, y]) as Tensor<AxesOf<X | Y>>
}
/** Lift a scalar function of three arguments. Axes are broadcast as in `binary`. */
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

/**
 * x + y, entry by entry; axes that only one side has are broadcast, as in every binary operation.
 * @throws ShapeError where a shared axis has two sizes
 */
export const add = binary((S) => S.add)
/** x − y. */
export const sub = binary((S) => S.sub)
/** x · y. */
export const mul = binary((S) => S.mul)
/** x / y, as IEEE 754 has it: x/0 is ±∞ or NaN. */
export const div = binary((S) => S.div)
/** The larger of x and y. Where they are equal, each side receives half of the gradient. */
export const maximum = binary((S) => S.max)
/** −max(−x, −y): where both are equal, each has half of the slope, as in `maximum`. */
export const minimum = binary((S) => (x, y) => S.mul(S.of(-1), S.max(S.mul(S.of(-1), x), S.mul(S.of(-1), y))))
/** 1 where x < y, else 0. Its gradient is 0. */
export const less = binary((S) => S.less)
/** 1 where x = y, else 0. Its gradient is 0. */
export const equal = binary((S) => S.equal)
/** x where the condition p is not 0, else y. The gradient flows to the side that was taken. */
export const where = ternary((S) => S.where)
/** eˣ. */
export const exp = unary((S) => S.exp)
/** The natural logarithm; −∞ at 0, NaN below. */
export const log = unary((S) => S.log)
/** √x; NaN below 0. */
export const sqrt = unary((S) => S.sqrt)
/** sin x, x in radians. */
export const sin = unary((S) => S.sin)
/** cos x, x in radians. */
export const cos = unary((S) => S.cos)
/** The hyperbolic tangent. */
export const tanh = unary((S) => S.tanh)
/** σ(x) = 1/(1 + e⁻ˣ), without overflow. */
export const sigmoid = unary((S) => S.sigmoid)
/** log(1 + eˣ), without overflow. */
export const softplus = unary((S) => S.softplus)
/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = unary((S) => S.erf)
/** −x. */
export const negate = unary((S) => (x) => S.mul(S.of(-1), x))
/** x². */
export const square = unary((S) => (x) => S.mul(x, x))
/** max(x, 0). At 0 its derivative is ½, as that of `maximum`. */
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
/**
 * The mean over the named axes.
 * @throws ShapeError for an axis that x does not have
 */
export const mean = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  mul(sum(x, ...over), 1 / size(x, ...over)) as Tensor<Exclude<A, N>>
/** x − log Σ exp x along `over`: log-probabilities of logits, without overflow. */
export const logSoftmax = <A extends string, N extends A>(x: Tensor<A>, over: N): Tensor<A> => sub(x, logSumExp(x, over)) as Tensor<A>
/** exp x / Σ exp x along `over`, without overflow. */
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
/** Zeros before and after: so many entries of the axis. */
export const pad = <A extends string>(x: Tensor<A>, axis: A, before: number, after: number): Tensor<A> =>
  stridedSlice(x, axis, -before, 1, before + need('pad', x, axis) + after) as Tensor<A>
/** The entries of an axis in the opposite order. */
export const reverse = <A extends string>(x: Tensor<A>, axis: A): Tensor<A> =>
  stridedSlice(x, axis, need('reverse', x, axis) - 1, -1, need('reverse', x, axis)) as Tensor<A>
/** Tensors one after the other along an axis, in the order given. */
export const concatenate = <A extends string>(xs: readonly Tensor<A>[], axis: A): Tensor<A> => {
  const before = (i: number): number => xs.slice(0, i).reduce((n, x) => n + size(x, axis), 0)
  const parts = xs.map((x, i) => pad(x, axis, before(i), before(xs.length) - before(i + 1)))
  return parts.reduce((a, b) => add(a, b) as Tensor<A>)
}
/**
 * One axis as several, the first the slowest: `unflatten(x, 'embed', { head: 4, key: 8 })`.
 * @throws ShapeError where the sizes do not multiply to the axis
 */
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
/** Several axes as one, the first the slowest: `flatten(x, ['head', 'key'], 'embed')`. The inverse of `unflatten`. */
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

/** The identity, through which no gradient flows. */
export const stopGradient = <A extends string>(x: Tensor<A>): Tensor<A> =>
  (x.op.tag === 'stop' || x.op.tag === 'constant' ? x : node({ tag: 'stop' }, [x], x.shape)) as Tensor<A>

/**
 * The identity. Under `vjp(f, { recompute: true })` this value stays in memory, and what lies between two such values is computed again in
 * the backward pass. Chen et al. (2016), arXiv:1604.06174.
 */
export const checkpoint = <A extends string>(x: Tensor<A>): Tensor<A> => node({ tag: 'checkpoint' }, [x], x.shape) as Tensor<A>
