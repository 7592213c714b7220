/**
 * Matrix products.
 *
 *     C[i, j] = (accumulate ? C[i, j] : 0) + Σₚ A[i, p] · B[p, j]
 *
 * Goto's algorithm: blocks of B (depth × columns) and of A (rows × depth) are packed so that they stay in cache, and a tile of
 * 4 × 8 accumulators sweeps them. Accumulators start from C, so p runs in order and every element is exactly the plain loop
 * `c = fround(c + fround(a · b))`, whatever the blocking and whichever thread computes it.
 */
import { block, br, br_if, type Local, loop, move, range, select, seq, when } from './control.ts'
import { type Code, f32, i32 } from './instructions.ts'
import type { Module } from './module.ts'
import { packPanel, packRows } from './pack.ts'
import { type Left, panel } from './tile.ts'

/** Blocks: depth × columns of B in the second-level cache, rows × depth of A likewise. */
const [depth, rows, columns] = [256, 64, 1024]
/**
 * Below these sizes a matrix is read where it is: B if A has so few rows; A, in longer blocks, if B has so few columns, and if A's
 * columns, each so many times, are not too far apart.
 */
const direct = { rows: 48, columns: 192, depth: 512, bytes: 1 << 16 }
/** Bytes of scratch that a product needs: A, B and a panel of C. */
const scratch = { a: 16 * depth * rows, b: 4 * Math.max(depth * columns, direct.depth * direct.columns), c: 4 * rows * 8 }
export const workspace = scratch.a + scratch.b + scratch.c

type I = Local<'i32'>
const four = i32.const(4)
const least = (x: Code<'i32'>, y: number): Code<'i32'> => select(i32.lt_s(x, i32.const(y)), x, i32.const(y))

/** Rows of numbers between C, at any strides, and a block of `line` bytes a row. */
const copy = (m: Module, into: 'block' | 'matrix') =>
  m.define(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (locals, height, width, matrix, row, column, to, line) => {
    const [i, j, p, q] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const one = into === 'block' ? f32.store(q.get, f32.load(p.get)) : f32.store(p.get, f32.load(q.get))
    const across = seq(p.set(matrix.get), q.set(to.get), range(j, i32.const(0), width.get, 1, seq(one, move(p, column.get), move(q, four))))
    return range(i, i32.const(0), height.get, 1, seq(across, move(matrix, row.get), move(to, line.get)))
  })

/**
 * Define, with addresses and strides in bytes, and with fused multiplications and additions if asked (then bits depend on the machine),
 *
 *     gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, workspace)
 */
export const gemm = (mod: Module, fused: boolean): void => {
  const [packLeft, packRight] = [packRows(mod), packPanel(mod)]
  const both = (left: Left, high: 1 | 4) => [panel(mod, left, high, 1, fused), panel(mod, left, high, 2, fused)] as const
  const tilesOf = { 'in place': [both('in place', 4), both('in place', 1)], packed: [both('packed', 4), both('packed', 1)] } as const
  const [fetch, spill] = [copy(mod, 'block'), copy(mod, 'matrix')]
  const names = Array.from({ length: 14 }, () => 'i32' as const)
  mod.define('gemm', names, (locals, ...parameters) => {
    const [m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, space] = parameters as unknown as Fourteen
    const [j, jn, p, pn, i, im] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [bPacked, bTile, line, width] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [aPacked, aTile, next, single] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [goOn, x, to, cTile, cLine, q] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const whole = i32.and(im.get, i32.const(-4))
    const rest = i32.and(im.get, i32.const(3))
    /** All rows of a block of A: four at a time, then one by one. */
    const sweep = (left: Left, wide: 0 | 1): Code => {
      const [quads, singles] = tilesOf[left]
      const last = i32.add(aTile.get, i32.mul(i32.shr_u(im.get, i32.const(2)), next.get))
      const cLast = i32.add(cTile.get, i32.mul(whole, cLine.get))
      return seq(
        quads[wide](im.get, pn.get, aTile.get, aRow.get, aColumn.get, next.get, bTile.get, line.get, cTile.get, cLine.get, goOn.get),
        when(rest, singles[wide](rest, pn.get, last, aRow.get, aColumn.get, single.get, bTile.get, line.get, cLast, cLine.get, goOn.get)),
      )
    }
    const cell = (first: Code<'i32'>, second: Code<'i32'>): Code<'i32'> =>
      i32.add(c.get, i32.add(i32.mul(first, cRow.get), i32.mul(second, cColumn.get)))
    const partial = i32.or(i32.and(width.get, i32.const(3)), i32.ne(cColumn.get, four))
    const spare = i32.add(space.get, i32.const(scratch.a + scratch.b))
    const eitherWidth = (left: Left): Code => when(i32.lt_s(four, width.get), sweep(left, 1), sweep(left, 0))
    const tiles = seq(
      width.set(least(i32.sub(jn.get, x.get), 8)),
      to.set(cell(i.get, i32.add(j.get, x.get))),
      cTile.set(to.get),
      cLine.set(cRow.get),
      line.set(i32.shl(i32.and(i32.add(width.get, i32.const(3)), i32.const(-4)), i32.const(2))),
      // a panel that is not whole vectors of C goes through a block of its own
      when(
        partial,
        seq(
          cTile.set(spare),
          cLine.set(line.get),
          when(goOn.get, fetch(im.get, width.get, to.get, cRow.get, cColumn.get, cTile.get, cLine.get)),
        ),
      ),
      when(i32.eqz(bPacked.get), line.set(bRow.get)),
      when(aPacked.get, eitherWidth('packed'), eitherWidth('in place')),
      when(partial, spill(im.get, width.get, to.get, cRow.get, cColumn.get, cTile.get, cLine.get)),
    )
    const bAt = i32.add(b.get, i32.add(i32.mul(p.get, bRow.get), i32.mul(j.get, bColumn.get)))
    const bPanels = i32.add(space.get, i32.const(scratch.a))
    const packB = seq(
      q.set(bPanels),
      range(
        x,
        i32.const(0),
        jn.get,
        8,
        seq(
          width.set(least(i32.sub(jn.get, x.get), 8)),
          packRight(i32.add(bAt, i32.mul(x.get, bColumn.get)), bColumn.get, bRow.get, width.get, pn.get, q.get),
          move(q, i32.shl(pn.get, i32.const(5))),
        ),
      ),
    )
    const aAt = i32.add(a.get, i32.add(i32.mul(i.get, aRow.get), i32.mul(p.get, aColumn.get)))
    const packA = seq(
      q.set(space.get),
      range(
        x,
        i32.const(0),
        im.get,
        4,
        seq(
          width.set(least(i32.sub(im.get, x.get), 4)),
          packLeft(i32.add(aAt, i32.mul(x.get, aRow.get)), aRow.get, aColumn.get, width.get, pn.get, q.get),
          move(q, i32.shl(pn.get, i32.const(6))),
        ),
      ),
    )
    const blockOfA = seq(
      im.set(least(i32.sub(m.get, i.get), rows)),
      when(
        aPacked.get,
        seq(packA, aTile.set(space.get), next.set(i32.shl(pn.get, i32.const(6))), single.set(i32.const(16))),
        seq(aTile.set(aAt), next.set(i32.shl(aRow.get, i32.const(2))), single.set(aRow.get)),
      ),
      bTile.set(select(bPacked.get, bPanels, bAt)),
      range(x, i32.const(0), jn.get, 8, seq(tiles, move(bTile, select(bPacked.get, i32.shl(pn.get, i32.const(5)), i32.const(32))))),
    )
    const blockOfB = seq(
      pn.set(select(aPacked.get, least(i32.sub(k.get, p.get), depth), least(i32.sub(k.get, p.get), direct.depth))),
      when(bPacked.get, packB),
      goOn.set(i32.or(accumulate.get, i32.ne(p.get, i32.const(0)))),
      range(i, i32.const(0), m.get, rows, blockOfA),
    )
    return seq(
      aPacked.set(i32.or(i32.ge_s(n.get, i32.const(direct.columns)), i32.ge_s(i32.mul(n.get, aColumn.get), i32.const(direct.bytes)))),
      bPacked.set(
        i32.or(
          i32.ne(bColumn.get, four),
          i32.or(i32.ge_s(m.get, i32.const(direct.rows)), i32.ne(i32.and(n.get, i32.const(3)), i32.const(0))),
        ),
      ),
      range(
        j,
        i32.const(0),
        n.get,
        columns,
        seq(
          jn.set(least(i32.sub(n.get, j.get), columns)),
          p.set(i32.const(0)),
          block(loop(seq(br_if(1, i32.ge_s(p.get, k.get)), blockOfB, move(p, pn.get), br(0)))),
        ),
      ),
    )
  })
}
type Fourteen = readonly [I, I, I, I, I, I, I, I, I, I, I, I, I, I]
