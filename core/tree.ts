/** Trees of tensors: records, arrays and tuples, nested at will. Parameters, gradients and states are trees of one type. */
import { type AnyTensor, isTensor, ShapeError } from './tensor.ts'

/** `T`, checked to be a tree whose leaves are tensors. Interfaces are welcome, and so are optional branches. */
export type Tree<T> = AnyTensor | { readonly [K in keyof T]: Required<T>[K] extends object ? Tree<T[K]> : never }

export const leaves = (tree: unknown): readonly AnyTensor[] =>
  isTensor(tree) ? [tree] : typeof tree === 'object' && tree !== null ? Object.values(tree).flatMap(leaves) : []

/** The same tree with every leaf replaced. */
export const mapTree = <T>(tree: T, f: (leaf: AnyTensor, position: number) => AnyTensor): T => {
  let position = 0
  const go = (t: unknown): unknown =>
    isTensor(t)
      ? f(t, position++)
      : Array.isArray(t)
        ? t.map(go)
        : typeof t === 'object' && t !== null
          ? Object.fromEntries(Object.entries(t).map(([key, value]) => [key, go(value)]))
          : t
  return go(tree) as T // leaf for leaf the same structure
}

/** Combine trees of one structure, leaf by leaf. */
export const zipTree = <T>(first: T, others: readonly T[], f: (...xs: readonly AnyTensor[]) => AnyTensor): T => {
  const columns = others.map(leaves)
  const count = leaves(first).length
  for (const column of columns)
    if (column.length !== count) throw new ShapeError(`trees of ${count} and ${column.length} tensors cannot be combined leaf by leaf`)
  return mapTree(first, (leaf, i) => f(leaf, ...columns.map((column) => column[i]!)))
}

/** The path of every leaf, e.g. `blocks.0.attention.query`. */
export const paths = (tree: unknown, prefix = ''): readonly string[] =>
  isTensor(tree)
    ? [prefix]
    : typeof tree === 'object' && tree !== null
      ? Object.entries(tree).flatMap(([key, value]) => paths(value, prefix === '' ? key : `${prefix}.${key}`))
      : []
