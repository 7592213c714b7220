/**
 * What is quadratic in the sequence, or as wide as the vocabulary, is computed in blocks of rows (see blocks.ts), so that it is never there as a whole:
 *
 *     causal attention   S = q[r] kᵀ, up to the diagonal;   P = exp(S − m) / s;   out[r] = P v               memory grows linearly with the sequence
 *     logits             L = h[r] Wᵀ;   log π = L[target] − log Σ exp L,   entropy, and their adjoints       memory does not depend on the vocabulary
 *
 * Both are found by what they are: a mask on positions; a softmax over a product. In the backward pass S and L are computed again.
 * After Dao et al. (2022), arXiv:2205.14135, Rabe & Staats (2021), arXiv:2112.05682, and Wijmans et al. (2024), arXiv:2411.09009.
 */
import { type BlockCut, type BlockRows, inBlocks } from './blocks.ts'
import { above, type Triangle, vanishing } from './domain.ts'
import { type Expressions, has, type Value } from './value.ts'

export interface ChunkOptions {
  /** Of causal attention: rows of a block. */
  readonly rows: number
  /** …tiles with fewer elements are left whole. */
  readonly above: number
  /** Other softmaxes over a product: elements of a block, and of what is left whole. */
  readonly elements: number
}

export const chunk = (given: Expressions, options: ChunkOptions): Expressions => {
  const masks = new Map<string, Triangle>()
  for (const x of given.values) {
    const t = above(x)
    if (t !== undefined && x.shape[t.row] === x.shape[t.column] && x.shape[t.row]! > options.rows) masks.set(`${t.row}/${t.column}`, t)
  }
  const causal = [...masks.values()].reduce((current, t) => causally(t, current, options), given)
  const masked = new Set(given.values.flatMap((x) => above(x)?.column ?? []))
  // Along one axis after the other, until blocks are small enough.
  const dense = (current: Expressions, done: ReadonlySet<string>): Expressions => {
    const wide = softmaxes(current, options.elements).find(
      ({ column, row, length }) => !masked.has(column) && !done.has(`${row} ${length} ${column}`),
    )
    if (wide === undefined) return current
    const { column, row, length } = wide
    return dense(wholly(wide, current, options), new Set([...done, `${row} ${length} ${column}`]))
  }
  return dense(causal, new Set())
}

const largest = (tiles: readonly Value[]): number => Math.max(0, ...tiles.map(({ op, size }) => (op.tag === 'reduce' ? size : 0)))

const causally = (t: Triangle, given: Expressions, { rows, above: least }: ChunkOptions): Expressions => {
  const { values } = given
  const isTile = (x: Value): boolean => has(x, t.row) && has(x, t.column)
  const tiles = values.filter((x) => !x.free && isTile(x))
  if (largest(tiles) < least) return given
  const length = tiles[0]!.shape[t.row]!
  const { zero, masked } = vanishing(values, rows)
  const vanishes = (x: Value, from: ReadonlyMap<Value, Triangle>): boolean => from.get(x)?.row === t.row && from.get(x)?.column === t.column
  return inBlocks(
    {
      row: t.row,
      // The last block has all columns: what is summed over rows starts with it.
      blocks: squares(length, rows).toReversed(),
      isTile,
      sizes: (to) => ({ [t.column]: to }),
      // nothing is lost at the diagonal
      leaves: (x) => {
        const from = x.from[0]!
        return x.op.tag === 'reduce' && x.op.merge === 'sum' ? vanishes(from, zero) : has(x, t.row) && vanishes(from, masked)
      },
    },
    given,
  )
}

/** Blocks of so many rows; what is left makes the last one larger. */
const squares = (length: number, rows: number): readonly BlockRows[] => {
  const starts = Array.from({ length: Math.floor(length / rows) }, (_, i) => i * rows).filter((start) => length - start > 1)
  return starts.map((from, i) => ({ from, to: starts[i + 1] ?? length }))
}

/** A softmax over `column` of something with an axis `row` of this length, of so many elements a row. */
interface Softmax {
  readonly row: string
  readonly length: number
  readonly column: string
  readonly perRow: number
}
/** Those over a product of more elements, by the first of their axes that are rows of that product. */
const softmaxes = ({ values }: Expressions, elements: number): readonly Softmax[] =>
  values.flatMap((x): readonly Softmax[] => {
    const from = x.from[0]
    if (x.op.tag !== 'reduce' || x.op.merge !== 'max' || x.op.over.length !== 1 || from === undefined || from.size <= elements) return []
    const [column] = x.op.over
    const row = x.axes[0]
    if (column === undefined || row === undefined || !isProduct(from)) return []
    const length = from.shape[row]!
    return [{ row, length, column, perRow: from.size / length }]
  })

/** A sum of products, or primitives of one, such as a bias and a cap. */
const isProduct = (x: Value): boolean =>
  x.op.tag === 'reduce' ? x.op.merge === 'sum' : x.op.tag === 'primitive' && x.from.some((y) => y.size === x.size && isProduct(y))

const wholly = ({ row, length, column, perRow }: Softmax, given: Expressions, { elements }: ChunkOptions): Expressions => {
  const count = Math.ceil((length * perRow) / elements)
  const blocks = blocksOf(length, Math.ceil(length / Math.min(length, count)))
  const single = blocks.some(({ from, to }) => to - from === 1)
  /** Of a block of one row, what sums over the rows must be a sum still. */
  const sums = (over: readonly string[], from: Value): boolean => !single || over.some((axis) => axis !== row && has(from, axis))
  const leaves: BlockCut['leaves'] = (x) => x.op.tag === 'reduce' && (has(x, row) || (x.op.merge === 'sum' && sums(x.op.over, x.from[0]!)))
  return inBlocks({ row, blocks, isTile: (x) => x.shape[row] === length && has(x, column), sizes: () => ({}), leaves }, given)
}

/** Blocks of so many rows, the last one perhaps of fewer. */
const blocksOf = (length: number, rows: number): readonly BlockRows[] =>
  Array.from({ length: Math.ceil(length / rows) }, (_, i) => ({ from: i * rows, to: Math.min(length, (i + 1) * rows) }))
