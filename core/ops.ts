/**
 * The operations, typed by the axes they keep. Broadcasting is a union of axes, a reduction removes them,
 * a contraction demands axes that both sides have. Shapes are checked when the expression is made.
 */

import { lift, tensors } from './lift.ts'
import type { Binary, Ternary, Unary } from './scalar.ts'
import { axesOf, constant, has, need, node, pick, ShapeError, show, unify, volume } from './tensor.ts'
import type { AnyTensor, AxesOf, Merge, Shape, Tensor } from './types.ts'

/** What elementwise operations take: a tensor, or a number, which stands for a scalar tensor. */
export type Operand = AnyTensor | number

// The casts below state, once for each operation, the axes of the node that the same line makes.

// ------------------------------------------------------------------ primitives

/**
 * Lift a scalar function of one argument to tensors of any axes. Its derivatives and its kernels on every backend come along.
 * @throws UnknownPrimitiveError where the body uses a primitive that the language lacks
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
 * Lift a scalar function of two arguments to tensors. Axes that only one side has are broadcast.
 * @throws UnknownPrimitiveError where the body uses a primitive that the language lacks; the function throws a ShapeError where an axis
 * that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { binary, read, tensor } from 'halograd/core'
 * const hypotenuse = binary((S) => (x, y) => S.sqrt(S.add(S.mul(x, x), S.mul(y, y))))
 * console.log(await read(reference(), hypotenuse(tensor({ i: 2 }, [3, 5]), tensor({ i: 2 }, [4, 12])))) // Float64Array [5, 13]
 * ```
 */
export const binary = (body: Binary) => {
  const f = body(tensors)
  return <X extends Operand, Y extends Operand>(x: X, y: Y): Tensor<AxesOf<X | Y>> => whole(f, [x, y]) as Tensor<AxesOf<X | Y>>
}
/**
 * Lift a scalar function of three arguments to tensors. Axes are broadcast as in `binary`.
 * @throws UnknownPrimitiveError where the body uses a primitive that the language lacks; the function throws a ShapeError where an axis
 * has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tensor, ternary } from 'halograd/core'
 * const clamp = ternary((S) => (x, low, high) => S.where(S.less(x, low), low, S.where(S.less(high, x), high, x)))
 * console.log(await read(reference(), clamp(tensor({ i: 3 }, [-2, 0, 2]), -1, 1))) // Float64Array [-1, 0, 1]
 * ```
 */
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
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { add, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), add(tensor({ i: 2 }, [1, 2]), 10))) // Float64Array [11, 12]
 * ```
 */
export const add = binary((S) => S.add)
/**
 * x − y, entry by entry; axes that only one side has are broadcast.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sub, tensor } from 'halograd/core'
 * console.log(await read(reference(), sub(tensor({ i: 2 }, [1, 2]), 10))) // Float64Array [-9, -8]
 * ```
 */
export const sub = binary((S) => S.sub)
/**
 * x · y, entry by entry (for a matrix product, see `dot`); axes that only one side has are broadcast. The number 0 times x is 0, even
 * where x is not finite.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { mul, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), mul(tensor({ i: 2 }, [1, 2]), 10))) // Float64Array [10, 20]
 * ```
 */
export const mul = binary((S) => S.mul)
/**
 * x / y, entry by entry, as IEEE 754 has it: x/0 is ±∞ or NaN. Axes that only one side has are broadcast.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { div, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), div(tensor({ i: 2 }, [1, 2]), 4))) // Float64Array [0.25, 0.5]
 * ```
 */
export const div = binary((S) => S.div)
/**
 * The larger of x and y, entry by entry (for the largest entry along an axis, see `max`). Where they are equal, each side receives half
 * of the gradient.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { maximum, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), maximum(tensor({ i: 2 }, [1, 3]), 2))) // Float64Array [2, 3]
 * ```
 */
export const maximum = binary((S) => S.max)
/**
 * The smaller of x and y, entry by entry: −max(−x, −y). Where they are equal, each side receives half of the gradient.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { minimum, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), minimum(tensor({ i: 2 }, [1, 3]), 2))) // Float64Array [1, 2]
 * ```
 */
export const minimum = binary((S) => (x, y) => S.mul(S.of(-1), S.max(S.mul(S.of(-1), x), S.mul(S.of(-1), y))))
/**
 * 1 where x < y, else 0; a comparison with NaN is 0. Its gradient is 0.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { less, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), less(tensor({ i: 2 }, [1, 3]), 2))) // Float64Array [1, 0]
 * ```
 */
export const less = binary((S) => S.less)
/**
 * 1 where x = y, else 0; NaN equals nothing. Its gradient is 0.
 * @throws ShapeError where an axis that both sides have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { equal, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), equal(tensor({ i: 2 }, [1, 2]), 2))) // Float64Array [0, 1]
 * ```
 */
export const equal = binary((S) => S.equal)
/**
 * x where the condition p is not 0, else y, entry by entry; axes are broadcast. The gradient flows to the side that was taken.
 * @throws ShapeError where an axis that several arguments have has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { less, read, tensor, where } from 'halograd/core'
 * const x = tensor({ i: 2 }, [-1, 3])
 * console.log(await read(reference(), where(less(x, 0), 0, x))) // Float64Array [0, 3]
 * ```
 */
export const where = ternary((S) => S.where)
/**
 * eˣ, entry by entry.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { exp, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), exp(tensor({ i: 2 }, [0, 1])))) // Float64Array [1, 2.718281828459045]
 * ```
 */
export const exp = unary((S) => S.exp)
/**
 * The natural logarithm, entry by entry: −∞ at 0, NaN below.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { log, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), log(tensor({ i: 2 }, [1, 0])))) // Float64Array [0, -Infinity]
 * ```
 */
export const log = unary((S) => S.log)
/**
 * √x, entry by entry; NaN below 0.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sqrt, tensor } from 'halograd/core'
 * console.log(await read(reference(), sqrt(tensor({ i: 2 }, [4, 9])))) // Float64Array [2, 3]
 * ```
 */
export const sqrt = unary((S) => S.sqrt)
/**
 * sin x, entry by entry; x in radians.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sin, tensor } from 'halograd/core'
 * console.log(await read(reference(), sin(tensor({ i: 2 }, [0, Math.PI / 2])))) // Float64Array [0, 1]
 * ```
 */
export const sin = unary((S) => S.sin)
/**
 * cos x, entry by entry; x in radians.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { cos, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), cos(tensor({ i: 2 }, [0, Math.PI])))) // Float64Array [1, -1]
 * ```
 */
export const cos = unary((S) => S.cos)
/**
 * The hyperbolic tangent, entry by entry.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, tanh, tensor } from 'halograd/core'
 * console.log(await read(reference(), tanh(tensor({ i: 2 }, [0, 20])))) // Float64Array [0, 1]
 * ```
 */
export const tanh = unary((S) => S.tanh)
/**
 * σ(x) = 1/(1 + e⁻ˣ), entry by entry, without overflow.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sigmoid, tensor } from 'halograd/core'
 * console.log(await read(reference(), sigmoid(tensor({ i: 2 }, [0, 1000])))) // Float64Array [0.5, 1]
 * ```
 */
export const sigmoid = unary((S) => S.sigmoid)
/**
 * log(1 + eˣ), entry by entry, without overflow.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, softplus, tensor } from 'halograd/core'
 * console.log(await read(reference(), softplus(tensor({ i: 2 }, [0, 1000])))) // Float64Array [0.6931471805599453, 1000]
 * ```
 */
export const softplus = unary((S) => S.softplus)
/**
 * The error function, 2/√π ∫₀ˣ e^(−t²) dt, entry by entry. Backends that compute in float32 are within 6e−7 of it.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { erf, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), erf(tensor({ i: 2 }, [0, 10])))) // Float64Array [0, 1]
 * ```
 */
export const erf = unary((S) => S.erf)
/**
 * −x, entry by entry.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { negate, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), negate(tensor({ i: 2 }, [1, -2])))) // Float64Array [-1, 2]
 * ```
 */
export const negate = unary((S) => (x) => S.mul(S.of(-1), x))
/**
 * x², entry by entry.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, square, tensor } from 'halograd/core'
 * console.log(await read(reference(), square(tensor({ i: 2 }, [3, -2])))) // Float64Array [9, 4]
 * ```
 */
export const square = unary((S) => (x) => S.mul(x, x))
/**
 * max(x, 0), entry by entry. At 0 its derivative is ½, as that of `maximum`.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, relu, tensor } from 'halograd/core'
 * console.log(await read(reference(), relu(tensor({ i: 2 }, [3, -2])))) // Float64Array [3, 0]
 * ```
 */
export const relu = unary((S) => (x) => S.max(x, S.of(0)))
/**
 * x · σ(x), entry by entry (also called swish). Elfwing et al. (2017), arXiv:1702.03118.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, silu, tensor } from 'halograd/core'
 * console.log(await read(reference(), silu(tensor({ i: 2 }, [0, 1000])))) // Float64Array [0, 1000]
 * ```
 */
export const silu = unary((S) => (x) => S.mul(x, S.sigmoid(x)))
/**
 * x · Φ(x), entry by entry, with the normal distribution function Φ: exactly, through erf. Hendrycks & Gimpel (2016), arXiv:1606.08415.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { gelu, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), gelu(tensor({ i: 2 }, [0, 10])))) // Float64Array [0, 10]
 * ```
 */
export const gelu = unary((S) => (x) => S.mul(x, S.mul(S.of(0.5), S.add(S.of(1), S.erf(S.mul(x, S.of(Math.SQRT1_2)))))))
/**
 * log σ(x) = −softplus(−x), entry by entry, without overflow.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { logSigmoid, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), logSigmoid(tensor({ i: 2 }, [-1000, 0])))) // Float64Array [-1000, -0.6931471805599453]
 * ```
 */
export const logSigmoid = unary((S) => (x) => S.mul(S.of(-1), S.softplus(S.mul(S.of(-1), x))))

// ------------------------------------------------------------------ reductions

const reduce = (merge: Merge, x: AnyTensor, over: readonly string[]): AnyTensor => {
  for (const axis of over) need(merge, x, axis)
  const axes = [...new Set(over)].sort()
  const shape = pick(x.shape, (axis) => !axes.includes(axis))
  return axes.length === 0 ? x : node({ tag: 'reduce', merge, over: axes }, [x], shape)
}
/**
 * Σ over the named axes; of none, x itself.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sum, tensor } from 'halograd/core'
 * const x = tensor({ row: 2, column: 2 }, [1, 2, 3, 4])
 * console.log(await read(reference(), sum(x, 'column'))) // Float64Array [3, 7]
 * console.log(await read(reference(), sum(x, 'row', 'column'))) // Float64Array [10]
 * ```
 */
export const sum = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  reduce('sum', x, over) as Tensor<Exclude<A, N>>
/**
 * The largest entry along the named axes (for the larger of two tensors, see `maximum`). Entries that tie share the gradient.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { max, read, tensor } from 'halograd/core'
 * const x = tensor({ row: 2, column: 2 }, [1, 2, 3, 4])
 * console.log(await read(reference(), max(x, 'row'))) // Float64Array [3, 4]
 * ```
 */
export const max = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  reduce('max', x, over) as Tensor<Exclude<A, N>>
/**
 * log Σ exp over the named axes, without overflow.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { logSumExp, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), logSumExp(tensor({ i: 2 }, [1000, 1000]), 'i'))) // Float64Array [1000.6931471805599]
 * ```
 */
export const logSumExp = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  reduce('logSumExp', x, over) as Tensor<Exclude<A, N>>
/**
 * Multiply, and sum over the named axes, which both sides have: inner products, matrix products, and batches of them (other axes that
 * both sides have are kept).
 * @throws ShapeError for an axis that one side does not have, or that has two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { dot, read, tensor } from 'halograd/core'
 * const matrix = tensor({ row: 2, column: 2 }, [1, 2, 3, 4])
 * console.log(await read(reference(), dot(matrix, tensor({ column: 2 }, [1, 1]), 'column'))) // Float64Array [3, 7]
 * ```
 */
export const dot = <A extends string, B extends string, N extends A & B>(
  x: Tensor<A>,
  y: Tensor<B>,
  ...over: readonly N[]
): Tensor<Exclude<A | B, N>> => {
  for (const axis of over) for (const side of [x, y]) need('dot', side, axis)
  return reduce('sum', mul(x, y), over) as Tensor<Exclude<A | B, N>>
}
/**
 * The number of entries along the named axes: the product of their sizes, and 1 where none is named.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { size, tensor } from 'halograd/core'
 * console.log(size(tensor({ row: 2, column: 3 }, [1, 2, 3, 4, 5, 6]), 'row', 'column')) // 6
 * ```
 */
export const size = (x: AnyTensor, ...axes: readonly string[]): number => axes.reduce((n, axis) => n * need('size', x, axis), 1)
/**
 * The mean over the named axes.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { mean, read, tensor } from 'halograd/core'
 * const x = tensor({ row: 2, column: 2 }, [1, 2, 3, 4])
 * console.log(await read(reference(), mean(x, 'column'))) // Float64Array [1.5, 3.5]
 * ```
 */
export const mean = <A extends string, N extends A>(x: Tensor<A>, ...over: readonly N[]): Tensor<Exclude<A, N>> =>
  mul(sum(x, ...over), 1 / size(x, ...over)) as Tensor<Exclude<A, N>>
/**
 * x − log Σ exp x along `over`: log-probabilities of logits, without overflow.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { logSoftmax, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), logSoftmax(tensor({ token: 2 }, [0, 0]), 'token'))) // Float64Array [-0.6931471805599453, -0.6931471805599453]
 * ```
 */
export const logSoftmax = <A extends string, N extends A>(x: Tensor<A>, over: N): Tensor<A> => sub(x, logSumExp(x, over)) as Tensor<A>
/**
 * exp x / Σ exp x along `over`, without overflow.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, softmax, tensor } from 'halograd/core'
 * console.log(await read(reference(), softmax(tensor({ token: 2 }, [0, 0]), 'token'))) // Float64Array [0.5, 0.5]
 * ```
 */
export const softmax = <A extends string, N extends A>(x: Tensor<A>, over: N): Tensor<A> => exp(logSoftmax(x, over)) as Tensor<A>

// ------------------------------------------------------------------ positions

/**
 * 0, 1, 2, … along one axis of so many entries. Masks and positions are primitives on it, never arrays.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { iota, less, read } from 'halograd/core'
 * const causal = less(iota('past', 3), iota('seq', 3)) // 1 where past < seq
 * console.log(await read(reference(), causal, 'seq', 'past')) // Float64Array [0, 0, 0, 1, 0, 0, 1, 1, 0]
 * ```
 */
export const iota = <A extends string>(axis: A, length: number): Tensor<A> =>
  node({ tag: 'iota', axis }, [], { [axis]: length }) as Tensor<A>

/**
 * table[axis = index]: the entries that `index` numbers, along `axis`. Where the index lives on the table's own axes (the label of each
 * row) this is a comparison, fused into whatever reads it; otherwise a gather. An index that is no position of the axis (outside of 0 …
 * length − 1, a fraction, NaN) takes NaN, on every backend, and its gradient is dropped; where such an index is data that a program is
 * run on, an IndexError is thrown instead.
 * @throws ShapeError for an axis that the table does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, take, tensor } from 'halograd/core'
 * const embedding = tensor({ token: 3, channel: 2 }, [0, 1, 10, 11, 20, 21])
 * const tokens = tensor({ seq: 2 }, [2, 0])
 * console.log(await read(reference(), take(embedding, 'token', tokens))) // Float64Array [20, 21, 0, 1]
 * ```
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
/**
 * out[axis = v] = Σ of the entries of x whose index is v, along a new axis of `length` entries: the adjoint of `take`. The axes of the
 * index are summed over. An index that is no position of the axis is dropped; where it is data that a program is run on, an IndexError is
 * thrown instead.
 * @throws ShapeError for an axis of the index that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, scatterAdd, type Tensor, tensor } from 'halograd/core'
 * const x = tensor({ seq: 3 }, [1, 2, 4])
 * const counts = scatterAdd(x, tensor({ seq: 3 }, [2, 0, 2]), 'token', 3) as Tensor<'token'>
 * console.log(await read(reference(), counts)) // Float64Array [2, 0, 5]
 * ```
 */
export const scatterAdd = (x: AnyTensor, index: AnyTensor, axis: string, length: number): AnyTensor => {
  for (const other of axesOf(index)) need('scatterAdd', x, other)
  return node({ tag: 'scatter', axis }, [x, index], { [axis]: length, ...pick(x.shape, (other) => !has(index, other)) })
}
/**
 * The entry at one position of an axis, counted from 0; the axis is gone.
 * @throws ShapeError for an axis that x does not have, or a position outside of it
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { at, read, tensor } from 'halograd/core'
 * const x = tensor({ row: 2, column: 2 }, [1, 2, 3, 4])
 * console.log(await read(reference(), at(x, 'row', 1))) // Float64Array [3, 4]
 * ```
 */
export const at = <A extends string, N extends A>(x: Tensor<A>, axis: N, position: number): Tensor<Exclude<A, N>> => {
  const length = need('at', x, axis)
  if (!(position >= 0 && position < length)) throw new ShapeError(`at: position ${position} of axis '${axis}' is outside ${show(x.shape)}`)
  return sum(slice(x, axis, position, 1), axis) as Tensor<Exclude<A, N>>
}

// ------------------------------------------------------------------ movements

/**
 * The same numbers, with one axis called by another name. Costs nothing.
 * @throws ShapeError for an axis that x does not have, or a name that another axis has
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { mul, read, rename, tensor } from 'halograd/core'
 * const x = tensor({ i: 2 }, [1, 2])
 * const outer = mul(x, rename(x, 'i', 'j'))
 * console.log(await read(reference(), outer, 'i', 'j')) // Float64Array [1, 2, 2, 4]
 * ```
 */
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
/**
 * `length` entries of an axis, from position `from` on.
 * @throws ShapeError for an axis that x does not have, or a range that is not inside of it
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, slice, tensor } from 'halograd/core'
 * const x = tensor({ i: 3 }, [1, 2, 3])
 * console.log(await read(reference(), slice(x, 'i', 1, 2))) // Float64Array [2, 3]
 * ```
 */
export const slice = <A extends string>(x: Tensor<A>, axis: A, from: number, length: number): Tensor<A> => {
  const n = need('slice', x, axis)
  if (from < 0 || length < 1 || from + length > n)
    throw new ShapeError(`slice: ${from} … ${from + length} of axis '${axis}' is not inside ${show(x.shape)}`)
  return stridedSlice(x, axis, from, 1, length) as Tensor<A>
}
/**
 * x with `before` zeros in front of an axis and `after` zeros behind it.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { pad, read, tensor } from 'halograd/core'
 * const x = tensor({ i: 3 }, [1, 2, 3])
 * console.log(await read(reference(), pad(x, 'i', 1, 2))) // Float64Array [0, 1, 2, 3, 0, 0]
 * ```
 */
export const pad = <A extends string>(x: Tensor<A>, axis: A, before: number, after: number): Tensor<A> =>
  stridedSlice(x, axis, -before, 1, before + need('pad', x, axis) + after) as Tensor<A>
/**
 * The entries of an axis in the opposite order.
 * @throws ShapeError for an axis that x does not have
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, reverse, tensor } from 'halograd/core'
 * const x = tensor({ i: 3 }, [1, 2, 3])
 * console.log(await read(reference(), reverse(x, 'i'))) // Float64Array [3, 2, 1]
 * ```
 */
export const reverse = <A extends string>(x: Tensor<A>, axis: A): Tensor<A> =>
  stridedSlice(x, axis, need('reverse', x, axis) - 1, -1, need('reverse', x, axis)) as Tensor<A>
/**
 * Tensors one after the other along an axis, in the order given; at least one. Their other axes are the same.
 * @throws ShapeError for an axis that one of them does not have, or another axis of two sizes
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { concatenate, read, tensor } from 'halograd/core'
 * const parts = [tensor({ i: 2 }, [1, 2]), tensor({ i: 1 }, [3])]
 * console.log(await read(reference(), concatenate(parts, 'i'))) // Float64Array [1, 2, 3]
 * ```
 */
export const concatenate = <A extends string>(xs: readonly Tensor<A>[], axis: A): Tensor<A> => {
  const before = (i: number): number => xs.slice(0, i).reduce((n, x) => n + size(x, axis), 0)
  const parts = xs.map((x, i) => pad(x, axis, before(i), before(xs.length) - before(i + 1)))
  return parts.reduce((a, b) => add(a, b) as Tensor<A>)
}
/**
 * One axis as several, the first the slowest. The inverse of `flatten`.
 * @throws ShapeError for an axis that x does not have, or where the sizes do not multiply to its size
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sum, tensor, unflatten } from 'halograd/core'
 * const heads = unflatten(tensor({ embed: 4 }, [1, 2, 3, 4]), 'embed', { head: 2, key: 2 })
 * console.log(await read(reference(), sum(heads, 'key'))) // Float64Array [3, 7]
 * ```
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
/**
 * Several axes as one, the first the slowest. The inverse of `unflatten`.
 * @throws ShapeError for an axis that x does not have, or a name that another axis has
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { flatten, read, tensor } from 'halograd/core'
 * const x = tensor({ row: 2, column: 2 }, [1, 2, 3, 4])
 * console.log(await read(reference(), flatten(x, ['column', 'row'], 'i'))) // Float64Array [1, 3, 2, 4]
 * ```
 */
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
/**
 * The same values with exactly these axes, in this order: constant along those that x lacks.
 * @throws ShapeError where the shape lacks an axis of x, or has it with another size
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { broadcastTo, read, tensor } from 'halograd/core'
 * const rows = broadcastTo(tensor({ column: 2 }, [1, 2]), { row: 2, column: 2 })
 * console.log(await read(reference(), rows)) // Float64Array [1, 2, 1, 2]
 * ```
 */
export const broadcastTo = <A extends string>(x: AnyTensor, shape: Shape<A>): Tensor<A> => {
  for (const [axis, n] of Object.entries(x.shape))
    if ((shape as Shape)[axis] !== n) throw new ShapeError(`broadcastTo: ${show(x.shape)} does not fit into ${show(shape)}`)
  const same = axesOf(x).join() === Object.keys(shape).join()
  return (same ? x : node({ tag: 'broadcastTo' }, [x], shape)) as Tensor<A>
}
/**
 * A tensor of this shape that holds the same number everywhere.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { fill, read } from 'halograd/core'
 * console.log(await read(reference(), fill({ i: 3 }, 0.5))) // Float64Array [0.5, 0.5, 0.5]
 * ```
 */
export const fill = <A extends string>(shape: Shape<A>, value: number): Tensor<A> => broadcastTo(constant(value), shape)

/**
 * The identity, through which no gradient flows: differentiation takes it for a constant.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { grad, mul, read, stopGradient, type Tensor, tensor } from 'halograd/core'
 * const slope = grad((x: Tensor) => mul(x, stopGradient(x)))
 * console.log(await read(reference(), slope(tensor({}, [3])))) // Float64Array [3]
 * ```
 */
export const stopGradient = <A extends string>(x: Tensor<A>): Tensor<A> =>
  (x.op.tag === 'stop' || x.op.tag === 'constant' ? x : node({ tag: 'stop' }, [x], x.shape)) as Tensor<A>

/**
 * The identity. Under `vjp(f, { recompute: true })` this value stays in memory, and what lies between two such values is computed again
 * in the backward pass. Chen et al. (2016), arXiv:1604.06174.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { checkpoint, exp, read, sin, type Tensor, tensor, vjp } from 'halograd/core'
 * const f = (x: Tensor) => exp(checkpoint(sin(x)))
 * const [, pullback] = vjp(f, { recompute: true })(tensor({}, [0]))
 * console.log(await read(reference(), pullback(tensor({}, [1])))) // Float64Array [1]
 * ```
 */
export const checkpoint = <A extends string>(x: Tensor<A>): Tensor<A> => node({ tag: 'checkpoint' }, [x], x.shape) as Tensor<A>
