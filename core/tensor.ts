/**
 * Tensors are expressions. A node is one scalar primitive, one reduction over named axes, or one data movement;
 * an operation returns a node and computes nothing. Nodes are hash-consed: equal expressions are one object.
 */
import type { Numbers, Source, Storage } from './numbers.ts'
import { structuralKey } from './simplify.ts'
import type { AnyTensor, DeviceBuffer, Merge, Op, Shape, Tensor } from './types.ts'

/** The neutral element of each merge. */
export const neutral: { readonly [M in Merge]: number } = { sum: 0, max: -Infinity, logSumExp: -Infinity }

/**
 * Axes or sizes that do not fit an operation. The message names the operation, the axis and the shapes.
 * @example
 * ```ts
 * import { add, ShapeError, tensor } from 'halograd/core'
 * try {
 *   add(tensor({ i: 2 }, [1, 2]), tensor({ i: 3 }, [1, 2, 3]))
 * } catch (error) {
 *   console.log(error instanceof ShapeError) // true
 * }
 * ```
 */
export class ShapeError extends TypeError {
  override readonly name = 'ShapeError'
}

export const show = (shape: Shape): string => {
  const axes = Object.entries(shape).map(([axis, size]) => `${axis}: ${size}`)
  return axes.length === 0 ? '{}' : `{ ${axes.join(', ')} }`
}
/**
 * The names of the axes of a tensor, in the order in which its data enters and leaves.
 * @example
 * ```ts
 * import { axesOf, tensor } from 'halograd/core'
 * console.log(axesOf(tensor({ batch: 1, seq: 2 }, [1, 2]))) // ['batch', 'seq']
 * ```
 */
export const axesOf = (x: AnyTensor): readonly string[] => Object.keys(x.shape)
export const has = (x: AnyTensor, axis: string): boolean => Object.hasOwn(x.shape, axis)
/**
 * The number of entries of a shape: the product of its sizes; 1 for a scalar.
 * @example
 * ```ts
 * import { volume } from 'halograd/core'
 * console.log(volume({ batch: 8, seq: 64 })) // 512
 * ```
 */
export const volume = (shape: Shape): number => Object.values(shape).reduce((a, b) => a * b, 1)
export const pick = (shape: Shape, keep: (axis: string) => boolean): Shape =>
  Object.fromEntries(Object.entries(shape).filter(([axis]) => keep(axis)))

// ------------------------------------------------------------------ nodes

let count = 0
let table = new Map<string, WeakRef<AnyTensor>>()
const swept = new FinalizationRegistry<readonly [Map<string, WeakRef<AnyTensor>>, string]>(([from, key]) => {
  if (from.get(key)?.deref() === undefined) from.delete(key)
})

/** Shares no node with what was made before: the same program is traced to the same graph, whatever was traced earlier. */
export const clearTraceCache = (): void => {
  table = new Map()
}
/** A fresh node. */
export const fresh = (op: Op, from: readonly AnyTensor[], shape: Shape): AnyTensor => ({ id: ++count, op, from, shape })

/** The node for this operation on these arguments: made once. */
export const node = (op: Op, from: readonly AnyTensor[], shape: Shape): AnyTensor => {
  const key = structuralKey(op, from, needsShape(op) ? shape : undefined)
  const known = table.get(key)?.deref()
  if (known !== undefined) return known
  const made = fresh(op, from, shape)
  table.set(key, new WeakRef(made))
  swept.register(made, [table, key])
  return made
}
const needsShape = ({ tag }: Op): boolean =>
  tag === 'iota' || tag === 'random' || tag === 'stridedSlice' || tag === 'unflatten' || tag === 'scatter' || tag === 'broadcastTo'

/**
 * Every node that `outputs` depend on, themselves included, arguments first: the order in which a backend can compute them.
 * @example
 * ```ts
 * import { add, reachable, tensor } from 'halograd/core'
 * const x = tensor({ i: 2 }, [1, 2])
 * console.log(reachable([add(x, x)]).map(({ op }) => op.tag)) // ['data', 'primitive']
 * ```
 */
export const reachable = (outputs: readonly AnyTensor[]): readonly AnyTensor[] => {
  const seen = new Set(outputs)
  for (const x of seen) for (const y of x.from) seen.add(y)
  return [...seen].sort((a, b) => a.id - b.id)
}

/** The union of shapes; an axis must have one size. */
export const unify = (what: string, xs: readonly AnyTensor[]): Shape => {
  const all: Record<string, number> = {}
  for (const { shape } of xs)
    for (const axis in shape) {
      const [known, size] = [all[axis], shape[axis]!]
      if (known !== undefined && known !== size) {
        const sides = xs.map((y, i) => `  argument ${i + 1}: ${show(y.shape)}`).join('\n')
        throw new ShapeError(`${what}: axis '${axis}' has size ${known} on one side and ${size} on the other\n${sides}`)
      }
      all[axis] = size
    }
  return all
}

/** Refuse an axis that is not there. */
export const need = (what: string, x: AnyTensor, axis: string): number => {
  const size = x.shape[axis]
  if (size === undefined) throw new ShapeError(`${what}: there is no axis '${axis}' in ${show(x.shape)}`)
  return size
}

// ------------------------------------------------------------------ leaves

/** Asked of all that a tree holds at every step. Fields are read, which is faster than `in`; of anything else they are missing. */
export const isTensor = (x: unknown): x is AnyTensor => isBranch(x) && x.op !== undefined && x.from !== undefined && x.shape !== undefined
export const isBranch = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null

/**
 * A tensor of these numbers; the last axis varies fastest. The numbers are not copied: do not change them. Those of a `Source` are fetched when a
 * program needs them, each time anew.
 * @throws ShapeError where the shape holds another number of entries
 * @example
 * ```ts
 * import { tensor } from 'halograd/core'
 * const x = tensor({ batch: 2, seq: 3 }, [1, 2, 3, 4, 5, 6])
 * ```
 */
export const tensor = <A extends string>(shape: Shape<A>, values: Numbers | Source): Tensor<A> => {
  if (values.length !== volume(shape))
    throw new ShapeError(`tensor: ${show(shape)} holds ${volume(shape)} numbers, but ${values.length} were given`)
  return fresh({ tag: 'data', values }, [], shape) as Tensor<A> // a leaf of exactly this shape
}
/** A leaf whose values come later. */
export const input = (name: string, shape: Shape, storage?: Storage): AnyTensor =>
  fresh(storage === undefined ? { tag: 'input', name } : { tag: 'input', name, storage }, [], shape)
/** How a leaf is kept, where that is narrower than what is computed in. */
export const storageOf = ({ op }: AnyTensor): Storage | undefined => (op.tag === 'input' || op.tag === 'device' ? op.storage : undefined)
/** An array that lives on a device. */
export const device = (shape: Shape, op: DeviceBuffer): AnyTensor => fresh(op, none, shape)
const none: readonly AnyTensor[] = []
/** `single`: what it is on backends that compute in float32. */
export const constant = (value: number, single = value): Tensor =>
  node({ tag: 'constant', value, ...(single !== value && { single }) }, [], {}) as Tensor // a scalar has no axes
