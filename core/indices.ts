/**
 * Indices are checked where data enter a program: what `take` and `scatterAdd` read as a position must be one.
 *
 *     index ∈ {0, 1, …, size − 1},   else an IndexError that names the axis, its size, the index and where it stands
 *
 * Of what is computed, or lives on a device already, nothing is known here: there such an index takes NaN, and its gradient is dropped.
 */
import { show } from './tensor.ts'
import type { AnyTensor, Op, Shape } from './types.ts'

/**
 * An index that its axis does not have: a program was run on data that `take` or `scatterAdd` reads as positions. The message names the
 * axis, its size, the index and where it is.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { compile, IndexError, type Tensor, take, tensor } from 'halograd/core'
 * const table = tensor({ token: 2 }, [10, 20])
 * const look = compile(reference(), (index: Tensor<'seq'>) => take(table, 'token', index))
 * console.log(await look(tensor({ seq: 1 }, [2])).catch((error: unknown) => error instanceof IndexError)) // true
 * ```
 */
export class IndexError extends RangeError {
  override readonly name = 'IndexError'
}

/** An axis of which a leaf holds positions. */
export interface Indexed {
  readonly axis: string
  readonly size: number
}

/** The leaves of a program that are read as positions, and of which axes. `order`: all nodes of the program. */
export const indexed = (order: readonly AnyTensor[]): ReadonlyMap<AnyTensor, readonly Indexed[]> => {
  const found = new Map<AnyTensor, Indexed[]>()
  for (const n of order) {
    const use = useOf(n)
    const leaf = use && origin(use.index)
    if (leaf === undefined) continue
    const known = found.get(leaf) ?? []
    if (!known.some(({ axis, size }) => axis === use!.axis && size === use!.size)) known.push({ axis: use!.axis, size: use!.size })
    found.set(leaf, known)
  }
  return found
}

const useOf = ({ op, from, shape }: AnyTensor): (Indexed & { readonly index: AnyTensor }) | undefined => {
  if (op.tag === 'take') return { axis: op.axis, size: from[0]!.shape[op.axis]!, index: from[1]! }
  if (op.tag === 'scatter') return { axis: op.axis, size: shape[op.axis]!, index: from[1]! }
  // `take` on axes of the table itself divides Σ [i = index] by itself.
  const here =
    op.tag === 'primitive' && op.primitive === 'div' && from[0] === from[1] && from[1]!.op.tag === 'reduce' ? from[1]!.from[0]! : undefined
  if (here?.op.tag !== 'primitive' || here.op.primitive !== 'equal') return undefined
  const [a, b] = here.from
  const [positions, index] = a!.op.tag === 'iota' ? [a!, b!] : [b!, a!]
  return positions.op.tag === 'iota' ? { axis: positions.op.axis, size: positions.shape[positions.op.axis]!, index } : undefined
}

const moves: ReadonlySet<string> = new Set([
  'rename',
  'unflatten',
  'flatten',
  'broadcastTo',
  'variable',
  'stop',
  'checkpoint',
] satisfies Op['tag'][])
/** The leaf that holds these very numbers. */
const origin = (x: AnyTensor): AnyTensor | undefined =>
  x.op.tag === 'input' || x.op.tag === 'data' ? x : moves.has(x.op.tag) ? origin(x.from[0]!) : undefined

/** @throws IndexError where a value is no position of one of these axes */
export const checkIndices = (shape: Shape, values: ArrayLike<number>, uses: readonly Indexed[]): void => {
  for (const { axis, size } of uses)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (Number.isInteger(value) && value >= 0 && value < size) continue
      const why = Number.isInteger(value)
        ? `axis '${axis}' has ${size} positions, 0 … ${size - 1}`
        : `a position of axis '${axis}' is an integer`
      throw new IndexError(`take: the index ${value} at ${placed(shape, i)} is out of range: ${why}`)
    }
}
/** "{ batch: 1, seq: 3 }": which entry of an array that is. */
const placed = (shape: Shape, at: number): string => {
  let rest = at
  const places = Object.entries(shape)
    .reverse()
    .map(([axis, n]) => {
      const place = rest % n
      rest = (rest - place) / n
      return [axis, place] as const
    })
  return show(Object.fromEntries(places.reverse()))
}
