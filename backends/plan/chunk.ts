/**
 * Long attention in blocks of rows: no array of rows × columns as a whole, so memory grows linearly with the sequence.
 *
 *     for rows r of a block:   S = q[r] kᵀ,   P = exp(S − m) / s,   out[r] = P v        keep m and 1/s
 *     and in the backward pass: S and P again,   dq[r] = dS k,   dk += dSᵀ q[r],   dv += Pᵀ dout[r]
 *
 * Nothing here knows of attention: whatever has both axes of a causal mask (*square* values) is computed block by block, up to
 * the diagonal; what leaves (*exits*: sums over one of the axes) is put together. Tiles that a later pass needs are computed again.
 * After Dao et al. (2022), arXiv:2205.14135, and Rabe & Staats (2021), arXiv:2112.05682.
 */
import { above, type Triangle, vanishing } from './domain.ts'
import { type Builder, builder, type Expressions, expressions, has, readersOf, type Value } from './value.ts'
import type { View } from './view.ts'

export interface ChunkOptions {
  /** Rows of a block. */
  readonly rows: number
  /** Tiles with fewer elements are left whole. */
  readonly above: number
}

export const chunk = (given: Expressions, options: ChunkOptions): Expressions => {
  const masks = new Map<string, Triangle>()
  for (const x of given.values) {
    const t = above(x)
    if (t !== undefined && x.shape[t.row] === x.shape[t.column] && x.shape[t.row]! > options.rows) masks.set(`${t.row}/${t.column}`, t)
  }
  return [...masks.values()].reduce((current, t) => along(t, current, options), given)
}

const along = (t: Triangle, given: Expressions, { rows, above: least }: ChunkOptions): Expressions => {
  const { outputs, values } = given
  const readers = readersOf(values)
  const isTile = (x: Value): boolean => !x.free && has(x, t.row) && has(x, t.column)
  const tiles = new Set(values.filter(isTile))
  const rowOutputs = values.filter((x) => !tiles.has(x) && x.from.some((y) => tiles.has(y)))
  const largest = Math.max(0, ...[...tiles].map(({ op, size }) => (op.tag === 'reduce' ? size : 0)))
  if (largest < least || !separable(t, values, tiles, rowOutputs, outputs, rows)) return given
  const local = rowPrimitives(t, values, tiles, rowOutputs, readers)
  const inside = new Set([...tiles, ...rowOutputs, ...local])
  // A sum over all rows is known when all blocks are done.
  if (rowOutputs.some((x) => !has(x, t.row) && (readers.get(x) ?? []).some((y) => inside.has(y)))) return given

  // How often a path to a value leaves and enters again: what has the same depth is computed in one go.
  const depths = new Map<Value, number>()
  for (const x of values)
    depths.set(
      x,
      x.from.reduce((d, y) => Math.max(d, depths.get(y)! + Number(inside.has(y) && !inside.has(x))), 0),
    )
  const depth = (x: Value): number => depths.get(x)!
  const rebuild = new Map<Value, boolean>()
  /** Is a square needed at a later depth, too? */
  const recomputed = (x: Value): boolean => {
    const known = rebuild.get(x)
    if (known !== undefined) return known
    const found = (readers.get(x) ?? []).some((y) => depth(y) > depth(x) || (tiles.has(y) && recomputed(y)))
    rebuild.set(x, found)
    return found
  }
  const results = new Set(outputs)
  const leaves = (x: Value): boolean =>
    results.has(x) || (readers.get(x) ?? []).some((y) => !inside.has(y) || depth(y) > depth(x) || (tiles.has(y) && recomputed(y)))

  const build = builder()
  const length = [...tiles][0]!.shape[t.row]!
  const starts = Array.from({ length: Math.floor(length / rows) }, (_, i) => i * rows).filter((start) => length - start > 1)
  const whole = new Map<Value, Value>()
  const get = (x: Value): Value => {
    if (!whole.has(x) && inside.has(x)) compute(depth(x))
    const made = whole.get(x) ?? build.rebuild(x, x.from.map(get))
    whole.set(x, made)
    return made
  }
  const compute = (d: number): void => {
    const leaving = [...inside].filter((x) => !tiles.has(x) && depth(x) === d && leaves(x))
    const parts = new Map(leaving.map((x) => [x, [] as Value[]]))
    // The last block has all columns: what is summed over rows starts with it.
    for (const [i, start] of [...starts.entries()].reverse()) {
      const block = blockOf(t, start, starts[i + 1] ?? length, d, build)
      const known = new Map<Value, Value>()
      const at = (x: Value): Value => {
        const old = known.get(x)
        if (old !== undefined) return old
        const kept = !inside.has(x) || (depth(x) < d && !tiles.has(x))
        const made = kept ? block.part(get(x)) : block.anew(x, x.from.map(at))
        known.set(x, made)
        return made
      }
      for (const x of leaving) parts.get(x)!.push(at(x))
    }
    for (const [x, made] of parts)
      whole.set(
        x,
        has(x, t.row)
          ? build.make({ tag: 'assemble', axis: t.row, starts: starts.toReversed() }, made, x.shape)
          : build.make({ tag: 'accumulate' }, made, x.shape),
      )
  }
  for (const x of values) if (!tiles.has(x) && !(inside.has(x) && !leaves(x))) get(x)
  return expressions(outputs.map(get))
}

/** Are the tiles primitives, sums and random numbers, left by sums alone, and do these lose nothing at the diagonal? */
const separable = (
  t: Triangle,
  values: readonly Value[],
  tiles: ReadonlySet<Value>,
  rowOutputs: readonly Value[],
  outputs: readonly Value[],
  rows: number,
): boolean => {
  const { zero, masked } = vanishing(values, rows)
  const vanishes = (x: Value, from: ReadonlyMap<Value, Triangle>): boolean => from.get(x)?.row === t.row && from.get(x)?.column === t.column
  return (
    [...tiles].every(({ op }) => op.tag === 'primitive' || op.tag === 'reduce' || op.tag === 'random') &&
    !outputs.some((x) => tiles.has(x)) &&
    rowOutputs.every((x) => {
      const [from] = x.from
      if (x.op.tag !== 'reduce') return false
      return x.op.merge === 'sum' ? vanishes(from!, zero) : has(x, t.row) && vanishes(from!, masked)
    })
  )
}

/** Primitives on rows between exits and tiles, such as 1/s: they belong to the block. */
const rowPrimitives = (
  t: Triangle,
  values: readonly Value[],
  tiles: ReadonlySet<Value>,
  rowOutputs: readonly Value[],
  readers: ReadonlyMap<Value, readonly Value[]>,
): ReadonlySet<Value> => {
  const after = new Set(rowOutputs.filter((x) => has(x, t.row)))
  const words: Value[] = []
  for (const x of values)
    if (x.op.tag === 'primitive' && !tiles.has(x) && has(x, t.row) && x.from.some((y) => after.has(y))) {
      after.add(x)
      words.push(x)
    }
  const needed = new Set<Value>()
  for (const x of words.toReversed()) if ((readers.get(x) ?? []).some((y) => tiles.has(y) || needed.has(y))) needed.add(x)
  return needed
}

/** Rows `from` … `to` of a square, and columns below `to`. What is computed at different depths is different values. */
const blockOf = (t: Triangle, from: number, to: number, depth: number, build: Builder) => {
  const resized = { [t.row]: to - from, [t.column]: to }
  const shapeOf = ({ axes, shape }: Value) => Object.fromEntries(axes.map((axis) => [axis, resized[axis] ?? shape[axis]!]))
  /** Of a value that is there as a whole. */
  const part = (x: Value): Value => {
    const shape = shapeOf(x)
    const reads: View['reads'] = Object.fromEntries(
      x.axes.map((axis) => [axis, { offset: axis === t.row ? from : 0, terms: [{ axis, step: 1 }] }]),
    )
    const made = build.view(x, { reads, guards: [] }, shape)
    if (made.op.tag === 'view') return build.make({ ...made.op, depth }, made.from, made.shape)
    return made.axes.length < x.axes.length ? build.copy(made, shape) : made // where a window shows nothing: zeros, which still have axes
  }
  /** The same primitive, sum or random numbers, of parts of the arguments. */
  const anew = (x: Value, parts: readonly Value[]): Value => {
    const { op } = x
    if (op.tag === 'reduce') return build.reduce(op.merge, parts[0]!, op.over)
    if (op.tag !== 'random') return build.rebuild(x, parts)
    return build.make({ ...op, offset: op.offset + from * (op.strides[t.row] ?? 0) }, parts, shapeOf(x))
  }
  return { part, anew }
}
