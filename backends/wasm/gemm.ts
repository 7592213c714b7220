/**
 * Matrix products.
 *
 *     C[i, j] = (accumulate ? C[i, j] : 0) + Σₚ A[i, p] · B[p, j]
 *
 * Goto's algorithm: a block of B (depth × columns) is packed so that it stays in the second-level cache, a few rows of A stay in the first,
 * and a tile of 4 × 8 accumulators (fused: 6 × 8) sweeps them. Accumulators start from C, so p runs in order and every element is
 * exactly the plain loop `c = fround(c + fround(a · b))`, whatever the blocking and whichever thread computes it.
 */
import { block, br, br_if, type I32Local, type Locals, least, loop, move, range, select, seq, when } from './control.ts'
import { type Code, f32, type I32Code, i32 } from './instructions.ts'
import type { Module } from './module.ts'
import { packAll, packFour, packTwelve } from './pack.ts'
import { type High, panels as tile } from './tile.ts'

/** A block of B: half of the second-level cache. */
const [depth, columns] = [256, 512]
/** Bytes of B that stay in the first-level cache beside rows of A: half of it. */
const near = 1 << 14
/** Bytes of scratch that a product needs: packed rows of A, a block of B and a tile of C. */
const scratch = { a: 64 * depth, b: 4 * depth * columns, c: 4 * 6 * 8 }
/** Where B can be packed for several products; and how many numbers of it at most. */
export const packedPanels = { at: scratch.a, holds: depth * columns }
export const workspace = scratch.a + scratch.b + scratch.c

const four = i32.const(4)

/** Rows of numbers between C, at any strides, and a block of `line` bytes a row. */
const copy = (m: Module, into: 'block' | 'matrix') =>
  m.define(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (locals, height, width, matrix, row, column, to, line) => {
    const [i, j, p, q] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const one = into === 'block' ? f32.store(q.get, f32.load(p.get)) : f32.store(p.get, f32.load(q.get))
    const across = seq(p.set(matrix.get), q.set(to.get), range(j, i32.const(0), width.get, 1, seq(one, move(p, column.get), move(q, four))))
    return range(i, i32.const(0), height.get, 1, seq(across, move(matrix, row.get), move(to, line.get)))
  })

/**
 * Define `pack`, and, with addresses and strides in bytes, and with fused multiplications and additions if asked (then bits depend on the machine),
 *
 *     gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, workspace, panels, apart)
 *
 * Where several products share B, it can be packed for all of them: then `panels` is where it lies, with `apart` bytes from one to the next; else 0.
 */
export const gemm = (mod: Module, fused: boolean): void => {
  const heights = fused ? ([6, 4, 1] as const) : ([4, 1] as const)
  const parts = gemmParts(mod, fused, heights)
  const names = Array.from({ length: 16 }, () => 'i32' as const)
  mod.define('gemm', names, (locals, ...parameters) => product(gemmState(parts, locals, parameters)))
}

/** The functions that a product calls. */
interface GemmParts {
  readonly fused: boolean
  readonly heights: readonly High[]
  readonly highest: High
  /** Strips of A that are packed together. */
  readonly strips: number
  readonly packLeft: ReturnType<typeof packFour>
  readonly packRight: ReturnType<typeof packAll>
  /** Tiles of four columns, and of eight. */
  readonly half: Tiles
  readonly full: Tiles
  /** Between C and a block: into the block, and back. */
  readonly fetch: ReturnType<typeof copy>
  readonly spill: ReturnType<typeof copy>
}
type Tile = ReturnType<typeof tile>
/** The tile of the greatest height on packed rows of A, and those of all heights on rows in place. */
interface Tiles {
  readonly packed: Tile
  readonly inPlace: ReadonlyMap<High, Tile>
}
const gemmParts = (mod: Module, fused: boolean, heights: readonly [High, ...High[]]): GemmParts => {
  const [highest] = heights
  const [packLeft, packRight] = [fused ? packTwelve(mod) : packFour(mod), packAll(mod)]
  const tiles = (wide: 1 | 2): Tiles => ({
    packed: tile(mod, 'packed', highest, wide, fused),
    inPlace: new Map<High, Tile>(heights.map((high) => [high, tile(mod, 'in place', high, wide, fused)])),
  })
  const [half, full] = [tiles(1), tiles(2)]
  const [fetch, spill] = [copy(mod, 'block'), copy(mod, 'matrix')]
  return { fused, heights, highest, strips: fused ? 2 : 1, packLeft, packRight, half, full, fetch, spill }
}

const parameterNames = [
  ...(['m', 'n', 'k', 'a', 'aRow', 'aColumn', 'b', 'bRow', 'bColumn', 'c', 'cRow', 'cColumn'] as const),
  ...(['accumulate', 'space', 'panels', 'apart'] as const),
] as const
/**
 * `j`: the first column of a block of B, of `jn` columns; `p`: its first row, of `pn` rows; `i`: the first row of a strip; `x`: a column of the block.
 * `aPacked`, `bPacked`: whether they are; `ready`: packed strips of A that are still to be used; `goOn`: whether sums go on from what C holds;
 * `whole`: columns in whole panels. Then what a tile is called with: addresses of A, B and C, and the bytes of a row of B and from one panel to the next.
 */
const variableNames = [
  ...(['j', 'jn', 'p', 'pn', 'i', 'x', 'aPacked', 'bPacked', 'goOn', 'whole'] as const),
  ...(['aTile', 'bTile', 'bBlock', 'line', 'next', 'cTile', 'cLine', 'width', 'ready'] as const),
] as const
type GemmVariables = { readonly [name in (typeof parameterNames)[number] | (typeof variableNames)[number]]: I32Local }
/** The function `gemm` as it is written: what it calls, its parameters and variables, and addresses. */
interface GemmState extends GemmParts, GemmVariables {
  /** Of A at (i, p), of B at (p, j), and of C at (i, j + x). */
  readonly aAt: I32Code
  readonly bAt: I32Code
  readonly cAt: I32Code
  /** Where B is packed here, where it was packed for several products, and where a panel of C goes that is not whole vectors. */
  readonly bSpace: I32Code
  readonly bReady: I32Code
  readonly cSpare: I32Code
  /** Rows from i on. */
  readonly remaining: I32Code
}
const gemmState = (parts: GemmParts, locals: Locals, parameters: readonly I32Local[]): GemmState => {
  const named = Object.fromEntries([
    ...parameterNames.map((name, at) => [name, parameters[at]!] as const),
    ...variableNames.map((name) => [name, locals('i32')] as const),
  ]) as GemmVariables // a local for every name
  const { m, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, space, panels, apart, i, j, p, x } = named
  return {
    ...parts,
    ...named,
    aAt: i32.add(a.get, i32.add(i32.mul(i.get, aRow.get), i32.mul(p.get, aColumn.get))),
    bAt: i32.add(b.get, i32.add(i32.mul(p.get, bRow.get), i32.mul(j.get, bColumn.get))),
    cAt: i32.add(c.get, i32.add(i32.mul(i.get, cRow.get), i32.mul(i32.add(j.get, x.get), cColumn.get))),
    bSpace: i32.add(space.get, i32.const(scratch.a)),
    bReady: i32.add(panels.get, i32.add(i32.shl(p.get, i32.const(5)), i32.mul(i32.shr_u(j.get, i32.const(3)), apart.get))),
    cSpare: i32.add(space.get, i32.const(scratch.a + scratch.b)),
    remaining: i32.sub(m.get, i.get),
  }
}

/** B is packed unless its rows are vectors, and those of A are few; fused, or B is near as it lies. */
const worthPanels = ({ fused, m, n, k, bRow, bColumn }: GemmState): I32Code => {
  const few = i32.lt_s(m.get, i32.const(16))
  const close = fused ? i32.lt_u(i32.mul(k.get, bRow.get), i32.const(near + 1)) : i32.const(0)
  const vectors = i32.and(i32.eq(bColumn.get, four), i32.eqz(i32.and(n.get, i32.const(3))))
  return i32.eqz(i32.and(vectors, i32.or(few, close)))
}
/** A is packed, too, if many panels make use of it, or one of its rows would fill the cache; fused, only where columns are contiguous. */
const worthRows = ({ fused, n, aRow, aColumn, bPacked }: GemmState): I32Code => {
  const often = i32.or(i32.ge_s(n.get, i32.const(96)), i32.ge_s(i32.mul(n.get, aColumn.get), i32.const(1 << 16)))
  const suited = fused ? i32.and(i32.eq(aRow.get, four), i32.ne(aColumn.get, four)) : i32.const(1)
  return i32.and(bPacked.get, i32.and(often, suited))
}
/** So many rows of A times `count` panels of B. */
const sweep = (g: GemmState, high: High, { packed, inPlace }: Tiles, count: I32Code): Code => {
  const left = [count, g.pn.get, g.aTile.get, g.aRow.get, g.aColumn.get] as const
  const right = [g.bTile.get, g.line.get, g.next.get, g.cTile.get, g.cLine.get, g.goOn.get] as const
  const direct = inPlace.get(high)!(...left, ...right)
  return high === g.highest ? when(g.ready.get, packed(...left, ...right), direct) : direct
}
/** A panel that is not whole vectors of C goes through a tile of its own. */
const ragged = (g: GemmState, high: High): Code => {
  const { bPacked, cColumn, cRow, cTile, cLine, cAt, goOn, jn, line, width, x } = g
  const partial = i32.or(i32.and(width.get, i32.const(3)), i32.ne(cColumn.get, four))
  const between = (way: typeof g.fetch): Code => way(i32.const(high), width.get, cAt, cRow.get, cColumn.get, cTile.get, cLine.get)
  return seq(
    width.set(least(i32.sub(jn.get, x.get), i32.const(8))),
    cTile.set(cAt),
    cLine.set(cRow.get),
    line.set(i32.shl(i32.and(i32.add(width.get, i32.const(3)), i32.const(-4)), i32.const(2))),
    when(partial, seq(cTile.set(g.cSpare), cLine.set(line.get), when(goOn.get, between(g.fetch)))),
    when(i32.eqz(bPacked.get), line.set(g.bRow.get)),
    when(i32.lt_s(four, width.get), sweep(g, high, g.full, i32.const(1)), sweep(g, high, g.half, i32.const(1))),
    when(partial, between(g.spill)),
    move(g.bTile, g.next.get),
  )
}
/** Pack the next rows of A, where that is worth it and none are ready. */
const packRows = ({ aAt, aPacked, aRow, aColumn, aTile, highest, packLeft, pn, ready, remaining, space, strips }: GemmState): Code =>
  seq(
    when(
      i32.and(i32.and(aPacked.get, i32.eqz(ready.get)), i32.ge_s(remaining, i32.const(strips * highest))),
      seq(packLeft(aAt, aRow.get, aColumn.get, pn.get, space.get), ready.set(i32.const(strips))),
    ),
    when(ready.get, aTile.set(i32.add(space.get, i32.mul(i32.sub(i32.const(strips), ready.get), i32.const(4 * highest))))),
  )
/** A few rows of A times the block of B. */
const strip = (g: GemmState, high: High): Code => {
  const { aTile, bPacked, bTile, cTile, cLine, line, next, ready, whole, x } = g
  const count = i32.shr_u(whole.get, i32.const(3))
  return seq(
    aTile.set(g.aAt),
    high === g.highest ? packRows(g) : seq(),
    x.set(i32.const(0)),
    bTile.set(g.bBlock.get),
    line.set(select(bPacked.get, i32.const(32), g.bRow.get)),
    cTile.set(g.cAt),
    cLine.set(g.cRow.get),
    sweep(g, high, g.full, count),
    move(bTile, i32.mul(count, next.get)),
    range(x, whole.get, g.jn.get, 8, ragged(g, high)),
    high === g.highest ? ready.set(i32.sub(ready.get, i32.ne(ready.get, i32.const(0)))) : seq(),
  )
}
/** Is this the height for the next rows? (Eight and nine are better two times four.) */
const fits = ({ remaining }: GemmState, high: High): I32Code =>
  high === 6
    ? i32.and(i32.ge_s(remaining, i32.const(6)), i32.ne(i32.and(remaining, i32.const(-2)), i32.const(8)))
    : i32.ge_s(remaining, i32.const(high))
/** All rows of A times a block of B, which is packed first if it is worth it. */
const blockOfB = (g: GemmState): Code => {
  const { accumulate, apart, bPacked, i, jn, k, next, p, panels, pn } = g
  return seq(
    pn.set(least(i32.sub(k.get, p.get), i32.const(depth))),
    next.set(select(panels.get, apart.get, select(bPacked.get, i32.shl(pn.get, i32.const(5)), i32.const(32)))),
    g.bBlock.set(select(bPacked.get, select(panels.get, g.bReady, g.bSpace), g.bAt)),
    when(i32.and(bPacked.get, i32.eqz(panels.get)), g.packRight(pn.get, jn.get, g.bAt, g.bRow.get, g.bColumn.get, g.bSpace)),
    g.goOn.set(i32.or(accumulate.get, i32.ne(p.get, i32.const(0)))),
    i.set(i32.const(0)),
    g.ready.set(i32.const(0)),
    ...g.heights.map((high) => block(loop(seq(br_if(1, i32.eqz(fits(g, high))), strip(g, high), move(i, i32.const(high)), br(0))))),
  )
}
/** The whole product: block by block of columns, and of the sum. */
const product = (g: GemmState): Code => {
  const { bPacked, cColumn, j, jn, k, n, p, pn, whole } = g
  const blocks = seq(
    jn.set(least(i32.sub(n.get, j.get), i32.const(columns))),
    whole.set(select(i32.eq(cColumn.get, four), i32.and(jn.get, i32.const(-8)), i32.const(0))),
    p.set(i32.const(0)),
    block(loop(seq(br_if(1, i32.ge_s(p.get, k.get)), blockOfB(g), move(p, pn.get), br(0)))),
  )
  return seq(
    bPacked.set(i32.or(worthPanels(g), i32.ne(g.panels.get, i32.const(0)))),
    g.aPacked.set(worthRows(g)),
    range(j, i32.const(0), n.get, columns, blocks),
  )
}
