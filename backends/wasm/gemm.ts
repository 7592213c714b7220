/**
 * Matrix products.
 *
 *     C[i, j] = (accumulate ? C[i, j] : 0) + Σₚ A[i, p] · B[p, j]
 *
 * Goto's algorithm: a block of B (depth × columns) is packed so that it stays in the second-level cache, a few rows of A stay in the first,
 * and a tile of 4 × 8 accumulators (fused: 6 × 8) sweeps them. Accumulators start from C, so p runs in order and every element is
 * exactly the plain loop `c = fround(c + fround(a · b))`, whatever the blocking and whichever thread computes it.
 */
import { block, br, br_if, type I32Local, least, loop, move, range, select, seq, when } from './control.ts'
import { type Code, f32, i32 } from './instructions.ts'
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
  const [highest] = heights
  /** Strips of A that are packed together; `ready`: those that are still to be used. */
  const strips = fused ? 2 : 1
  const [packLeft, packRight] = [fused ? packTwelve(mod) : packFour(mod), packAll(mod)]
  const tiles = (wide: 1 | 2) => ({
    packed: tile(mod, 'packed', highest, wide, fused),
    inPlace: new Map<High, Tile>(heights.map((high) => [high, tile(mod, 'in place', high, wide, fused)])),
  })
  const [half, full] = [tiles(1), tiles(2)]
  const [fetch, spill] = [copy(mod, 'block'), copy(mod, 'matrix')]
  const names = Array.from({ length: 16 }, () => 'i32' as const)
  mod.define('gemm', names, (locals, ...parameters) => {
    const [m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, space, panels, apart] =
      parameters as unknown as Sixteen
    const [j, jn, p, pn, i, x] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [aPacked, bPacked, goOn, whole] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [aTile, bTile, bBlock, line, next] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [cTile, cLine, width, ready] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const aAt = i32.add(a.get, i32.add(i32.mul(i.get, aRow.get), i32.mul(p.get, aColumn.get)))
    const bAt = i32.add(b.get, i32.add(i32.mul(p.get, bRow.get), i32.mul(j.get, bColumn.get)))
    const cAt = i32.add(c.get, i32.add(i32.mul(i.get, cRow.get), i32.mul(i32.add(j.get, x.get), cColumn.get)))
    const bSpace = i32.add(space.get, i32.const(scratch.a))
    const bReady = i32.add(panels.get, i32.add(i32.shl(p.get, i32.const(5)), i32.mul(i32.shr_u(j.get, i32.const(3)), apart.get)))
    const cSpare = i32.add(space.get, i32.const(scratch.a + scratch.b))

    /** B is packed unless its rows are vectors, and those of A are few; fused, or B is near as it lies. */
    const few = i32.lt_s(m.get, i32.const(16))
    const close = fused ? i32.lt_u(i32.mul(k.get, bRow.get), i32.const(near + 1)) : i32.const(0)
    const vectors = i32.and(i32.eq(bColumn.get, four), i32.eqz(i32.and(n.get, i32.const(3))))
    const worthPanels = i32.eqz(i32.and(vectors, i32.or(few, close)))
    /** A is packed, too, if many panels make use of it, or one of its rows would fill the cache; fused, only where columns are contiguous. */
    const often = i32.or(i32.ge_s(n.get, i32.const(96)), i32.ge_s(i32.mul(n.get, aColumn.get), i32.const(1 << 16)))
    const suited = fused ? i32.and(i32.eq(aRow.get, four), i32.ne(aColumn.get, four)) : i32.const(1)
    const worthRows = i32.and(bPacked.get, i32.and(often, suited))
    /** So many rows of A times `count` panels of B. */
    const sweep = (high: High, { packed, inPlace }: typeof full, count: Code<'i32'>): Code => {
      const left = [count, pn.get, aTile.get, aRow.get, aColumn.get] as const
      const right = [bTile.get, line.get, next.get, cTile.get, cLine.get, goOn.get] as const
      const direct = inPlace.get(high)!(...left, ...right)
      return high === highest ? when(ready.get, packed(...left, ...right), direct) : direct
    }
    /** A panel that is not whole vectors of C goes through a tile of its own. */
    const ragged = (high: High): Code => {
      const partial = i32.or(i32.and(width.get, i32.const(3)), i32.ne(cColumn.get, four))
      const between = (way: typeof fetch): Code => way(i32.const(high), width.get, cAt, cRow.get, cColumn.get, cTile.get, cLine.get)
      return seq(
        width.set(least(i32.sub(jn.get, x.get), i32.const(8))),
        cTile.set(cAt),
        cLine.set(cRow.get),
        line.set(i32.shl(i32.and(i32.add(width.get, i32.const(3)), i32.const(-4)), i32.const(2))),
        when(partial, seq(cTile.set(cSpare), cLine.set(line.get), when(goOn.get, between(fetch)))),
        when(i32.eqz(bPacked.get), line.set(bRow.get)),
        when(i32.lt_s(four, width.get), sweep(high, full, i32.const(1)), sweep(high, half, i32.const(1))),
        when(partial, between(spill)),
        move(bTile, next.get),
      )
    }
    const remaining = i32.sub(m.get, i.get)
    /** Pack the next rows, where that is worth it and none are ready. */
    const left = seq(
      when(
        i32.and(i32.and(aPacked.get, i32.eqz(ready.get)), i32.ge_s(remaining, i32.const(strips * highest))),
        seq(packLeft(aAt, aRow.get, aColumn.get, pn.get, space.get), ready.set(i32.const(strips))),
      ),
      when(ready.get, aTile.set(i32.add(space.get, i32.mul(i32.sub(i32.const(strips), ready.get), i32.const(4 * highest))))),
    )
    const strip = (high: High): Code => {
      const count = i32.shr_u(whole.get, i32.const(3))
      return seq(
        aTile.set(aAt),
        high === highest ? left : seq(),
        x.set(i32.const(0)),
        bTile.set(bBlock.get),
        line.set(select(bPacked.get, i32.const(32), bRow.get)),
        cTile.set(cAt),
        cLine.set(cRow.get),
        sweep(high, full, count),
        move(bTile, i32.mul(count, next.get)),
        range(x, whole.get, jn.get, 8, ragged(high)),
        high === highest ? ready.set(i32.sub(ready.get, i32.ne(ready.get, i32.const(0)))) : seq(),
      )
    }
    /** Is this the height for the next rows? (Eight and nine are better two times four.) */
    const fits = (high: High): Code<'i32'> =>
      high === 6
        ? i32.and(i32.ge_s(remaining, i32.const(6)), i32.ne(i32.and(remaining, i32.const(-2)), i32.const(8)))
        : i32.ge_s(remaining, i32.const(high))
    const blockOfB = seq(
      pn.set(least(i32.sub(k.get, p.get), i32.const(depth))),
      next.set(select(panels.get, apart.get, select(bPacked.get, i32.shl(pn.get, i32.const(5)), i32.const(32)))),
      bBlock.set(select(bPacked.get, select(panels.get, bReady, bSpace), bAt)),
      when(i32.and(bPacked.get, i32.eqz(panels.get)), packRight(pn.get, jn.get, bAt, bRow.get, bColumn.get, bSpace)),
      goOn.set(i32.or(accumulate.get, i32.ne(p.get, i32.const(0)))),
      i.set(i32.const(0)),
      ready.set(i32.const(0)),
      ...heights.map((high) => block(loop(seq(br_if(1, i32.eqz(fits(high))), strip(high), move(i, i32.const(high)), br(0))))),
    )
    return seq(
      bPacked.set(i32.or(worthPanels, i32.ne(panels.get, i32.const(0)))),
      aPacked.set(worthRows),
      range(
        j,
        i32.const(0),
        n.get,
        columns,
        seq(
          jn.set(least(i32.sub(n.get, j.get), i32.const(columns))),
          whole.set(select(i32.eq(cColumn.get, four), i32.and(jn.get, i32.const(-8)), i32.const(0))),
          p.set(i32.const(0)),
          block(loop(seq(br_if(1, i32.ge_s(p.get, k.get)), blockOfB, move(p, pn.get), br(0)))),
        ),
      ),
    )
  })
}
type Tile = ReturnType<typeof tile>
type Sixteen = readonly [
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
  I32Local,
]
