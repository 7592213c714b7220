/**
 * What is too large to be there as a whole is computed in blocks of rows.
 *
 *     for the rows r of a block:   T = f(x[r]),   y[r] = Σ_c T,   z += Σ_r T        T (*tiles*) is never there as a whole
 *
 * What leaves the tiles (*row outputs*: reductions over another axis, sums over the rows) is put together. Tiles that a later pass needs, such as
 * the backward one, are computed again. Nothing here knows of attention, or of logits: a `Cut` says which values are tiles.
 */
import { type Builder, builder, type Expressions, expressions, has, readersOf, type Value } from './value.ts'
import type { StridedView } from './view.ts'

/** From `from` to before `to`. */
export interface BlockRows {
  readonly from: number
  readonly to: number
}
export interface BlockCut {
  /** The axis that is cut, and its blocks in the order in which they are computed. */
  readonly row: string
  readonly blocks: readonly BlockRows[]
  readonly isTile: (x: Value) => boolean
  /** How long other axes are in the block that ends before row `to`, where that is not their whole length. */
  readonly sizes: (to: number) => Readonly<Record<string, number>>
  /** May tiles be left by this reduction? */
  readonly leaves: (x: Value) => boolean
}

/** The same results, in blocks; or as given, where tiles are left otherwise than by reductions. */
export const inBlocks = (cut: BlockCut, given: Expressions): Expressions => {
  const { outputs, values } = given
  const readers = readersOf(values)
  const tiles = new Set(values.filter((x) => !x.free && cut.isTile(x)))
  const rowOutputs = values.filter((x) => !tiles.has(x) && x.from.some((y) => tiles.has(y)))
  if (!separable(cut, tiles, rowOutputs, outputs)) return given
  const local = rowPrimitives(cut.row, values, tiles, rowOutputs, readers)
  const inside = new Set([...tiles, ...rowOutputs, ...local])
  // A sum over all rows is known when all blocks are done.
  if (rowOutputs.some((x) => !has(x, cut.row) && (readers.get(x) ?? []).some((y) => inside.has(y)))) return given
  const results = new Set(outputs)
  const s: BlockState = {
    ...{ cut, readers, tiles, inside, results, depths: depthsOf(values, inside) },
    ...{ recomputed: new Map(), build: builder(), whole: new Map() },
  }
  for (const x of values) if (!tiles.has(x) && !(inside.has(x) && !leaves(s, x))) whole(s, x)
  return expressions(outputs.map((x) => whole(s, x)))
}

/** Expressions that are being rewritten in blocks. */
interface BlockState {
  readonly cut: BlockCut
  readonly readers: ReadonlyMap<Value, readonly Value[]>
  /** What has an element for every row and column. */
  readonly tiles: ReadonlySet<Value>
  /** All that is computed block by block: tiles, what they are reduced to, and primitives on that. */
  readonly inside: ReadonlySet<Value>
  readonly results: ReadonlySet<Value>
  /** How often a path to a value leaves the blocks and enters again: what has the same depth is computed in one go. */
  readonly depths: ReadonlyMap<Value, number>
  /** For tiles: whether they are computed again at a later depth. Remembered. */
  readonly recomputed: Map<Value, boolean>
  readonly build: Builder
  /** The new values, which are there as a whole. */
  readonly whole: Map<Value, Value>
}

const depthsOf = (values: readonly Value[], inside: ReadonlySet<Value>): ReadonlyMap<Value, number> => {
  const depths = new Map<Value, number>()
  for (const x of values)
    depths.set(
      x,
      x.from.reduce((d, y) => Math.max(d, depths.get(y)! + Number(inside.has(y) && !inside.has(x))), 0),
    )
  return depths
}
/** Is a value read at a later depth, or by a tile that is computed again there? */
const isRecomputed = (s: BlockState, x: Value): boolean => {
  const known = s.recomputed.get(x)
  if (known !== undefined) return known
  const found = (s.readers.get(x) ?? []).some((y) => s.depths.get(y)! > s.depths.get(x)! || (s.tiles.has(y) && isRecomputed(s, y)))
  s.recomputed.set(x, found)
  return found
}
/** Is a value read outside of its blocks? */
const leaves = (s: BlockState, x: Value): boolean =>
  s.results.has(x) ||
  (s.readers.get(x) ?? []).some((y) => !s.inside.has(y) || s.depths.get(y)! > s.depths.get(x)! || (s.tiles.has(y) && isRecomputed(s, y)))

/** The new value of x as a whole: all blocks of its depth are computed when the first of them is asked for. */
const whole = (s: BlockState, x: Value): Value => {
  if (!s.whole.has(x) && s.inside.has(x)) computeBlocks(s, s.depths.get(x)!)
  const from = (): readonly Value[] => x.from.map((y) => whole(s, y))
  const made = s.whole.get(x) ?? s.build.rebuild(x, x.op.tag === 'accumulate' ? addends(from()) : from())
  s.whole.set(x, made)
  return made
}

/** Compute what leaves the blocks of one depth: block by block, then assembled, or added up where it has no rows. */
const computeBlocks = (s: BlockState, depth: number): void => {
  const { cut, build } = s
  const leaving = [...s.inside].filter((x) => !s.tiles.has(x) && s.depths.get(x) === depth && leaves(s, x))
  const parts = new Map(leaving.map((x) => [x, [] as Value[]]))
  for (const range of cut.blocks) {
    const block = blockOf(cut, range, depth, build)
    const known = new Map<Value, Value>()
    const at = (x: Value): Value => {
      const old = known.get(x)
      if (old !== undefined) return old
      const kept = !s.inside.has(x) || (s.depths.get(x)! < depth && !s.tiles.has(x))
      const made = kept ? block.part(whole(s, x)) : block.anew(x, x.from.map(at))
      known.set(x, made)
      return made
    }
    for (const x of leaving) parts.get(x)!.push(at(x))
  }
  const starts = cut.blocks.map(({ from }) => from)
  for (const [x, made] of parts)
    s.whole.set(x, build.make(has(x, cut.row) ? { tag: 'assemble', axis: cut.row, starts } : { tag: 'accumulate' }, made, x.shape))
}

/** What is accumulated block by block is one sum with what it is added to. */
const addends = (parts: readonly Value[]): readonly Value[] => parts.flatMap((x) => (x.op.tag === 'accumulate' ? x.from : [x]))

/** Are the tiles primitives, sums and random numbers, and left by reductions alone? */
const separable = (cut: BlockCut, tiles: ReadonlySet<Value>, rowOutputs: readonly Value[], outputs: readonly Value[]): boolean =>
  [...tiles].every(({ op }) => op.tag === 'primitive' || op.tag === 'reduce' || op.tag === 'random') &&
  !outputs.some((x) => tiles.has(x)) &&
  rowOutputs.every((x) => x.op.tag === 'reduce' && cut.leaves(x))

/** Primitives on rows between exits and tiles, such as 1/s: they belong to the block. */
const rowPrimitives = (
  row: string,
  values: readonly Value[],
  tiles: ReadonlySet<Value>,
  rowOutputs: readonly Value[],
  readers: ReadonlyMap<Value, readonly Value[]>,
): ReadonlySet<Value> => {
  const after = new Set(rowOutputs.filter((x) => has(x, row)))
  const words: Value[] = []
  for (const x of values)
    if (x.op.tag === 'primitive' && !tiles.has(x) && has(x, row) && x.from.some((y) => after.has(y))) {
      after.add(x)
      words.push(x)
    }
  const needed = new Set<Value>()
  for (const x of words.toReversed()) if ((readers.get(x) ?? []).some((y) => tiles.has(y) || needed.has(y))) needed.add(x)
  return needed
}

/** A part of what the cut goes through. What is computed at different depths is different values. An axis of which one row is left goes. */
const blockOf = ({ row, sizes }: BlockCut, { from, to }: BlockRows, depth: number, build: Builder) => {
  const resized: Readonly<Record<string, number>> = { ...sizes(to), [row]: to - from }
  const shapeOf = ({ axes, shape }: Value) =>
    Object.fromEntries(axes.map((axis) => [axis, resized[axis] ?? shape[axis]!] as const).filter(([, size]) => size > 1))
  /** Of a value that is there as a whole. */
  const part = (x: Value): Value => {
    const shape = shapeOf(x)
    const reads: StridedView['reads'] = Object.fromEntries(
      x.axes.map((axis) => [axis, { offset: axis === row ? from : 0, terms: shape[axis] !== undefined ? [{ axis, step: 1 }] : [] }]),
    )
    const made = build.view(x, { reads, guards: [] }, shape)
    if (made.op.tag === 'view') return build.make({ ...made.op, depth }, made.from, made.shape)
    return made.axes.length < Object.keys(shape).length ? build.copy(made, shape) : made // where a window shows nothing: zeros, which still have axes
  }
  /** The same primitive, sum or random numbers, of parts of the arguments. */
  const anew = (x: Value, parts: readonly Value[]): Value => {
    const { op } = x
    if (op.tag === 'reduce') return build.reduce(op.merge, parts[0]!, op.over)
    if (op.tag !== 'random') return build.rebuild(x, parts)
    return build.make({ ...op, offset: op.offset + from * (op.strides[row] ?? 0) }, parts, shapeOf(x))
  }
  return { part, anew }
}
