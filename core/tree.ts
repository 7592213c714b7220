/** Trees of tensors: records, arrays and tuples, nested at will. Parameters, gradients and states are trees of one type. */
import { isBranch, isTensor, ShapeError, storageOf } from './tensor.ts'
import type { AnyTensor } from './types.ts'

/** `T`, checked to be a tree whose leaves are tensors. Interfaces are welcome, and so are optional branches. */
export type Tree<T> = AnyTensor | { readonly [K in keyof T]: Required<T>[K] extends object ? Tree<T[K]> : never }

// What follows runs over all parameters whenever a compiled function is called: in plain loops.
/**
 * The tensors of a tree, depth first, in the order of its keys. What is neither a tensor nor a branch is skipped. They are appended to
 * `into`, a new list by default.
 * @example
 * ```ts
 * import { leaves, tensor } from 'halograd/core'
 * console.log(leaves({ weight: tensor({ i: 2 }, [1, 2]), bias: tensor({}, [0]) }).length) // 2
 * ```
 */
export const leaves = (tree: unknown, into: AnyTensor[] = []): readonly AnyTensor[] => {
  if (isTensor(tree)) into.push(tree)
  else if (isBranch(tree)) for (const branch of Object.values(tree)) leaves(branch, into)
  return into
}

/** A tree taken apart: to recognise others by it, and to make them, time and again. All have the same fields, which is faster to read. */
export type Structure = { readonly keys: readonly string[]; readonly parts: readonly Structure[] } & (
  | { readonly kind: 'leaf'; readonly of: AnyTensor }
  | { readonly kind: 'record' | 'list' | 'other'; readonly of: unknown }
)
export const structure = (tree: unknown): Structure => {
  if (isTensor(tree)) return { kind: 'leaf', of: tree, keys: [], parts: [] }
  if (!isBranch(tree)) return { kind: 'other', of: tree, keys: [], parts: [] }
  const kind = Array.isArray(tree) ? 'list' : 'record'
  return { kind, of: undefined, keys: Object.keys(tree), parts: Object.values(tree).map(structure) }
}
/** A tree of this structure, with other leaves. */
export const build = (whole: Structure, f: (leaf: AnyTensor, position: number) => AnyTensor): unknown => {
  let position = 0
  const go = ({ kind, of, keys, parts }: Structure): unknown => {
    if (kind === 'leaf') return f(of, position++)
    if (kind === 'other') return of
    if (kind === 'list') return parts.map(go)
    const made: Record<string, unknown> = {}
    for (let i = 0; i < keys.length; i++) made[keys[i]!] = go(parts[i]!)
    return made
  }
  return go(whole)
}
/**
 * The same tree with every leaf replaced by what f makes of it and of its position among the leaves.
 * @example
 * ```ts
 * import { mapTree, mul, paths, type Tensor, tensor } from 'halograd/core'
 * const parameters: { readonly weight: Tensor<'i'>; readonly bias: Tensor } = { weight: tensor({ i: 2 }, [1, 2]), bias: tensor({}, [0]) }
 * console.log(paths(mapTree(parameters, (x) => mul(x, 0.5)))) // ['weight', 'bias']
 * ```
 */
export const mapTree = <T>(tree: T, f: (leaf: AnyTensor, position: number) => AnyTensor): T => build(structure(tree), f) as T // leaf for leaf

/** The leaves of a tree, if it has this structure, and they its shapes. Whatever else it holds must be equal. */
export const matching = (whole: Structure, tree: unknown, found: AnyTensor[] = []): readonly AnyTensor[] | undefined =>
  alike(whole, tree, found) ? found : undefined
const alike = ({ kind, of, keys, parts }: Structure, tree: unknown, into: AnyTensor[]): boolean => {
  if (kind === 'leaf')
    return (
      isTensor(tree) &&
      storageOf(of) === storageOf(tree) &&
      (of.shape === tree.shape || alike(structure(of.shape), tree.shape, into)) &&
      into.push(tree) > 0
    )
  if (kind === 'other' || !isBranch(tree)) return kind === 'other' && Object.is(of, tree)
  const length = Array.isArray(tree) ? tree.length : undefined
  if (length !== (kind === 'list' ? parts.length : undefined)) return false
  let i = 0
  if (length !== undefined) while (i < length && alike(parts[i]!, tree[i], into)) i++
  else for (const key in tree) if (key !== keys[i] || !alike(parts[i++]!, tree[key], into)) return false // which makes no list of keys
  return i === parts.length
}

/**
 * Combine trees of one structure leaf by leaf: f receives the leaves at one place, that of the first tree first.
 * @throws ShapeError where the trees have different numbers of tensors
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { read, sub, tensor, zipTree } from 'halograd/core'
 * const next = zipTree({ w: tensor({}, [3]) }, [{ w: tensor({}, [1]) }], (x, g) => sub(x, g))
 * console.log(await read(reference(), next.w)) // Float64Array [2]
 * ```
 */
export const zipTree = <T>(first: T, others: readonly T[], f: (...xs: readonly AnyTensor[]) => AnyTensor): T => {
  const columns = others.map((tree) => leaves(tree))
  const count = leaves(first).length
  for (const column of columns)
    if (column.length !== count) throw new ShapeError(`trees of ${count} and ${column.length} tensors cannot be combined leaf by leaf`)
  return mapTree(first, (leaf, i) => f(leaf, ...columns.map((column) => column[i]!)))
}

/**
 * The path of every leaf, in the order of `leaves`: keys and positions joined by dots, after `prefix` (default none).
 * @example
 * ```ts
 * import { paths, tensor } from 'halograd/core'
 * const bias = tensor({}, [0])
 * console.log(paths({ blocks: [{ bias }, { bias }] })) // ['blocks.0.bias', 'blocks.1.bias']
 * ```
 */
export const paths = (tree: unknown, prefix = ''): readonly string[] =>
  isTensor(tree)
    ? [prefix]
    : isBranch(tree)
      ? Object.entries(tree).flatMap(([key, value]) => paths(value, prefix === '' ? key : `${prefix}.${key}`))
      : []
