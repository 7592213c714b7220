/** Trees of tensors: records, arrays and tuples, nested at will. Parameters, gradients and states are trees of one type. */
import { type AnyTensor, isTensor, ShapeError } from './tensor.ts'

/** `T`, checked to be a tree whose leaves are tensors. Interfaces are welcome, and so are optional branches. */
export type Tree<T> = AnyTensor | { readonly [K in keyof T]: Required<T>[K] extends object ? Tree<T[K]> : never }

// What follows runs over all parameters whenever a compiled function is called: in plain loops.
export const leaves = (tree: unknown, into: AnyTensor[] = []): readonly AnyTensor[] => {
  if (isTensor(tree)) into.push(tree)
  else if (typeof tree === 'object' && tree !== null) for (const branch of Object.values(tree)) leaves(branch, into)
  return into
}

/** The same tree with every leaf replaced. */
export const mapTree = <T>(tree: T, f: (leaf: AnyTensor, position: number) => AnyTensor): T => {
  let position = 0
  const go = (t: unknown): unknown => {
    if (isTensor(t)) return f(t, position++)
    if (typeof t !== 'object' || t === null) return t
    if (Array.isArray(t)) return t.map(go)
    const made: Record<string, unknown> = {}
    for (const [key, branch] of Object.entries(t)) made[key] = go(branch)
    return made
  }
  return go(tree) as T // leaf for leaf the same structure
}

/** Whether two trees have one structure, and their leaves one shape each. Whatever else they hold must be equal. */
export const alike = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || isTensor(a) !== isTensor(b)) return false
  if (isTensor(a) && isTensor(b)) return alike(a.shape, b.shape)
  const [keys, others, xs, ys] = [Object.keys(a), Object.keys(b), Object.values(a), Object.values(b)]
  return keys.length === others.length && xs.findLastIndex((x, i) => keys[i] !== others[i] || !alike(x, ys[i])) < 0 // data comes last, and differs most
}

/** Combine trees of one structure, leaf by leaf. */
export const zipTree = <T>(first: T, others: readonly T[], f: (...xs: readonly AnyTensor[]) => AnyTensor): T => {
  const columns = others.map((tree) => leaves(tree))
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
