/**
 * Matrix products. A thread computes a tile of C; how it comes by A and B is one of two ways:
 *
 *     registers   rows of A and columns of B straight from memory, k by k                                      (`registers.ts`)
 *     tiles       workgroup memory holds blocks of both, transposed as they are loaded, so that all reads are vectors   (`tiles.ts`)
 *
 * The sum over k is in order either way. Where rows and columns are few and k is long, k is split, and the partial products are summed in order.
 */
import type { DotGeneral, Matrix, Program } from '../plan/index.ts'
import { regions } from '../plan/regions.ts'
import { aligned } from './fused.ts'
import type { Style } from './grid.ts'
import { argumentOf, type GpuLaunch, inArena } from './launch.ts'
import { type TileShape, tilesOf } from './parts.ts'
import { registersBody } from './registers.ts'
import { combine } from './small.ts'
import { tilesBody, tilesMemory } from './tiles.ts'

/** Cᵀ = Bᵀ · Aᵀ where that makes rows of C contiguous. */
const oriented = (given: DotGeneral): DotGeneral => {
  const { m, n, a, b, c, loops, parts } = given
  const turn = n === 1 ? m > 1 : m > 1 && c.column !== 1 && c.row === 1
  if (!turn) return given
  const transpose = (x: Matrix): Matrix => ({ ...x, row: x.column, column: x.row })
  return {
    ...given,
    ...{ m: n, n: m, a: transpose(b), b: transpose(a), c: transpose(c) },
    loops: loops.map((loop) => ({ ...loop, a: loop.b, b: loop.a })),
    parts: parts.map((part) => ({ ...part, m: part.n, n: part.m, m0: part.n0, n0: part.m0 })),
  }
}

const half = (x: number, least: number, wanted: (x: number) => boolean): number =>
  x > least && !wanted(x) ? half(x / 2, least, wanted) : x

/** The largest tile that C fills, of at most the style's. */
const shapeOf = ({ m, n }: DotGeneral, { tile }: Style): TileShape => {
  const threads = tile.down * tile.across
  // Few columns or rows leave threads for the other side.
  const across = half(tile.across, 1, (x) => x < 2 * n)
  const columns = half(tile.columns, tile.depth > 0 ? 4 : 1, (x) => (x - 1) * across < n)
  const rows = half(tile.rows, tile.depth > 0 ? 4 : 1, (x) => x < 2 * m)
  return { rows, columns, across, down: threads / across, depth: tile.depth }
}

const batchOf = ({ loops }: DotGeneral): number => loops.reduce((count, { size, sum }) => (sum ? count : count * size), 1)

/** Into how many parts k is split: until the device is busy, each of a length that is worth it. */
const splitsOf = (k: DotGeneral, shape: TileShape, { busy }: Style): number => {
  if (k.parts.length > 1 || k.loops.length > 0) return 1
  const threads = tilesOf(k, shape) * shape.down * shape.across
  let splits = 1
  while (2 * splits * threads <= busy && k.k % (2 * splits) === 0 && k.k / (2 * splits) >= 64 && 2 * splits * k.m * k.n <= 1 << 22)
    splits *= 2
  return splits
}

/** `start`: where the arena goes on after the planner's scratch. */
export const product = (
  program: Program,
  given: DotGeneral,
  style: Style,
  start: number,
): { readonly launches: readonly GpuLaunch[]; readonly scratch: number } => {
  const kernel = oriented(given)
  const { a, b, c, m, n, accumulate } = kernel
  const shape = shapeOf(kernel, style)
  const splits = splitsOf(kernel, shape, style)
  const arguments_ = [a, b, c].map((x) => argumentOf(program, x.buffer, x.offset))
  const places = regions(program)
  const [reads, out] = [[places[a.buffer]!, places[b.buffer]!], places[c.buffer]!]
  if (splits === 1) return { launches: [launchOf(kernel, shape, arguments_, { reads, writes: [out] })], scratch: 0 }
  const partial = { slot: 0, offset: start }
  const length = kernel.k / splits
  // As a batch of products, each into an array of its own.
  const parts = [{ m0: 0, n0: 0, k0: 0, m, n, k: length }]
  const loops = [{ size: splits, a: length * a.column, b: length * b.row, c: m * n, sum: false }]
  const apart = { ...kernel, k: length, c: { ...c, row: n, column: 1 }, loops, parts, accumulate: false }
  const layout = { width: n, row: c.row, column: c.column }
  return {
    launches: [
      launchOf(apart, shape, [...arguments_.slice(0, 2), partial], { reads, writes: [inArena(start, start + splits * m * n)] }),
      combine({ size: m * n, count: splits, merge: 'sum', keep: accumulate, layout }, arguments_[2]!, partial, out),
    ],
    scratch: aligned(splits * m * n),
  }
}

const launchOf = (
  kernel: DotGeneral,
  shape: TileShape,
  arguments_: GpuLaunch['arguments'],
  touched: Pick<GpuLaunch, 'reads' | 'writes'>,
): GpuLaunch => {
  const { a, b, c, m, n, k, loops, parts, accumulate } = kernel
  const walks = [a, b, c].map(({ row, column }) => [row, column])
  return {
    name: kernel.name,
    structure: `product ${JSON.stringify([m, n, k, walks, loops, parts, accumulate, shape])}`,
    shader: (memory) => ({
      threads: shape.down * shape.across,
      element: 'f32',
      declarations: shape.depth > 0 ? tilesMemory(shape) : [],
      body: shape.depth > 0 ? tilesBody(kernel, shape, memory) : registersBody(kernel, shape, memory),
    }),
    arguments: arguments_,
    ...touched,
    groups: tilesOf(kernel, shape) * batchOf(kernel),
  }
}
