/** Trees of tensors: records, arrays and tuples, nested at will. Parameters, gradients and states are trees of one type. */
import { type AnyTensor, isBranch, isTensor, ShapeError } from './tensor.ts'

/** `T`, checked to be a tree whose leaves are tensors. Interfaces are welcome, and so are optional branches. */
export type Tree<T> = AnyTensor | { readonly [K in keyof T]: Required<T>[K] extends object ? Tree<T[K]> : never }

// What follows runs over all parameters whenever a compiled function is called: in plain loops.
export const leaves = (tree: unknown, into: AnyTensor[] = []): readonly AnyTensor[] => {
  if (isTensor(tree)) into.push(tree)
  else if (isBranch(tree)) for (const branch of Object.values(tree)) leaves(branch, into)
  return into
}

/** The same tree with every leaf replaced. */
export const mapTree = <T>(tree: T, f: (leaf: AnyTensor, position: number) => AnyTensor): T => {
  let position = 0
  const go = (t: unknown): unknown => {
    if (isTensor(t)) return f(t, position++)
    if (!isBranch(t)) return t
    if (Array.isArray(t)) return t.map(go)
    const made: Record<string, unknown> = { ...t } // a copy is faster to fill than what is empty
    for (const key of Object.keys(t)) made[key] = go(t[key])
    return made
  }
  return go(tree) as T // leaf for leaf the same structure
}

/** The leaves of a tree, if it has the structure of another, and they its shapes. Whatever else the two hold must be equal. */
export const matching = (pattern: unknown, tree: unknown): readonly AnyTensor[] | undefined => {
  const backwards: AnyTensor[] = []
  return alike(pattern, tree, backwards) ? backwards.reverse() : undefined
}
const alike = (a: unknown, b: unknown, into: AnyTensor[]): boolean => {
  if (!isBranch(a) || !isBranch(b)) return Object.is(a, b)
  if (isTensor(a)) return isTensor(b) && (a.shape === b.shape || alike(a.shape, b.shape, into)) && into.push(b) > 0
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  let i = keys.length === others.length && !isTensor(b) ? keys.length : -1
  while (i > 0 && keys[i - 1] === others[i - 1] && alike(a[keys[i - 1]!], b[keys[i - 1]!], into)) i-- // data comes last, and differs most
  return i === 0
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
    : isBranch(tree)
      ? Object.entries(tree).flatMap(([key, value]) => paths(value, prefix === '' ? key : `${prefix}.${key}`))
      : []
