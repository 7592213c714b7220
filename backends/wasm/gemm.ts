/**
 * Matrix products.
 *
 *     C[i, j] = (accumulate ? C[i, j] : 0) + Σₚ A[i, p] · B[p, j]
 *
 * Goto's algorithm: blocks of B (depth × columns) and of A (rows × depth) are packed so that they stay in cache, and a tile of
 * 2 × 16 accumulators sweeps them. Accumulators start from C, so p runs in order and every element is exactly the plain loop
 * `c = fround(c + fround(a · b))`, whatever the blocking and whichever thread computes it.
 *
 * Eight accumulators, four vectors of B and two broadcasts fit the sixteen registers; one p a loop body (V8 sinks the arithmetic
 * of longer bodies to their end, and spills).
 */
import { block, br, br_if, type Local, loop, range, select, seq, when } from './control.ts'
import { type Code, f32, f32x4, i32, v128 } from './instructions.ts'
import type { Module } from './module.ts'
import { packPanel, packRows } from './pack.ts'

/** Blocks: depth × columns of B in the second-level cache, rows × depth of A likewise. */
const [depth, rows, columns] = [256, 192, 1024]
/** Below these sizes a matrix that lies well is read where it is. */
const direct = { columns: 192, rows: 48 }
/** Bytes of scratch that a product needs. */
export const workspace = 4 * (depth * rows + depth * columns + rows * 16)

type I = Local<'i32'>
type V = Code<'v128'>
const four = i32.const(4)
const move = (p: I, by: Code<'i32'>): Code => p.set(i32.add(p.get, by))
const least = (x: Code<'i32'>, y: number): Code<'i32'> => select(i32.lt_s(x, i32.const(y)), x, i32.const(y))

/** Tiles of `high` rows and 4 · `wide` columns, for as many rows as fit: A by strides, B as a panel with rows `line` bytes apart. */
const panel = (m: Module, high: 1 | 2, wide: number, fused: boolean) =>
  m.define(
    undefined,
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (locals, count, k, a, across, step, next, b, line, c, row, accumulate) => {
      const [p, q, x, y, left] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
      const lines = Array.from({ length: high }, () => Array.from({ length: wide }, () => locals('v128')))
      const right = Array.from({ length: wide }, () => locals('v128'))
      const broadcast = locals('v128')
      const plus = (sum: V, a: V, b: V): V => (fused ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b)))
      const product = seq(
        ...right.map((v, i) => v.set(v128.load(q.get, 16 * i))),
        ...lines.flatMap((sums, i) => [
          broadcast.set(v128.load32_splat(i === 0 ? x.get : y.get)),
          ...sums.map((sum, j) => sum.set(plus(sum.get, broadcast.get, right[j]!.get))),
        ]),
        move(x, step.get),
        ...(high === 2 ? [move(y, step.get)] : []),
        move(q, line.get),
        left.set(i32.sub(left.get, i32.const(1))),
      )
      const rowByRow = (f: (sum: Local<'v128'>, at: number) => Code) =>
        seq(...lines.flatMap((sums, i) => [p.set(i === 0 ? c.get : i32.add(p.get, row.get)), ...sums.map((sum, j) => f(sum, 16 * j))]))
      return block(
        loop(
          seq(
            br_if(1, i32.lt_s(count.get, i32.const(high))),
            when(
              accumulate.get,
              rowByRow((sum, at) => sum.set(v128.load(p.get, at))),
              seq(...lines.flat().map((sum) => sum.set(f32x4.const(0)))),
            ),
            x.set(a.get),
            y.set(i32.add(a.get, across.get)),
            q.set(b.get),
            left.set(k.get),
            block(loop(seq(br_if(1, i32.eqz(left.get)), product, br(0)))),
            rowByRow((sum, at) => v128.store(p.get, sum.get, at)),
            move(a, next.get),
            c.set(i32.add(p.get, row.get)),
            count.set(i32.sub(count.get, i32.const(high))),
            br(0),
          ),
        ),
      )
    },
  )

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
  const [one, two] = ([1, 2] as const).map((high) => [1, 2, 3, 4].map((wide) => panel(mod, high, wide, fused))) as [Panel[], Panel[]] // of both heights
  const [fetch, spill] = [copy(mod, 'block'), copy(mod, 'matrix')]
  const names = Array.from({ length: 14 }, () => 'i32' as const)
  mod.define('gemm', names, (locals, ...parameters) => {
    const [m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, cColumn, accumulate, space] = parameters as unknown as Fourteen
    const [j, jn, p, pn, i, im] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [bPacked, bTile, line, wide, width] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [aPacked, aTile, across, step, next] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const [goOn, x, to, cTile, cLine, q] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const odd = i32.and(im.get, i32.const(1))
    const even = i32.and(im.get, i32.const(-2))
    const sweep = (v: number): Code =>
      seq(
        two[v - 1]!(im.get, pn.get, aTile.get, across.get, step.get, next.get, bTile.get, line.get, cTile.get, cLine.get, goOn.get),
        when(
          odd,
          one[v - 1]!(
            i32.const(1),
            pn.get,
            i32.add(aTile.get, i32.mul(i32.shr_u(even, i32.const(1)), next.get)),
            across.get,
            step.get,
            next.get,
            bTile.get,
            line.get,
            i32.add(cTile.get, i32.mul(even, cLine.get)),
            cLine.get,
            goOn.get,
          ),
        ),
      )
    const cell = (first: Code<'i32'>, second: Code<'i32'>): Code<'i32'> =>
      i32.add(c.get, i32.add(i32.mul(first, cRow.get), i32.mul(second, cColumn.get)))
    const partial = i32.or(i32.and(width.get, i32.const(3)), i32.ne(cColumn.get, four))
    const spare = i32.add(space.get, i32.const(4 * (depth * rows + depth * columns)))
    const tiles = seq(
      width.set(least(i32.sub(jn.get, x.get), 16)),
      wide.set(i32.shr_u(i32.add(width.get, i32.const(3)), i32.const(2))),
      to.set(cell(i.get, i32.add(j.get, x.get))),
      cTile.set(to.get),
      cLine.set(cRow.get),
      // a panel that is not whole vectors of C goes through a block of its own
      when(
        partial,
        seq(
          cTile.set(spare),
          cLine.set(i32.shl(wide.get, four)),
          when(goOn.get, fetch(im.get, width.get, to.get, cRow.get, cColumn.get, cTile.get, cLine.get)),
        ),
      ),
      when(bPacked.get, line.set(i32.shl(wide.get, four)), line.set(bRow.get)),
      when(
        i32.eq(wide.get, four),
        sweep(4),
        when(i32.eq(wide.get, i32.const(3)), sweep(3), when(i32.eq(wide.get, i32.const(2)), sweep(2), sweep(1))),
      ),
      when(partial, spill(im.get, width.get, to.get, cRow.get, cColumn.get, cTile.get, cLine.get)),
    )
    const bAt = i32.add(b.get, i32.add(i32.mul(p.get, bRow.get), i32.mul(j.get, bColumn.get)))
    const bPanels = i32.add(space.get, i32.const(4 * depth * rows))
    const packB = seq(
      q.set(bPanels),
      range(
        x,
        i32.const(0),
        jn.get,
        16,
        seq(
          width.set(least(i32.sub(jn.get, x.get), 16)),
          packRight(i32.add(bAt, i32.mul(x.get, bColumn.get)), bColumn.get, bRow.get, width.get, pn.get, q.get),
          move(q, i32.shl(pn.get, i32.const(6))),
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
        16,
        seq(
          width.set(least(i32.sub(im.get, x.get), 16)),
          packLeft(i32.add(aAt, i32.mul(x.get, aRow.get)), aRow.get, aColumn.get, width.get, pn.get, q.get),
          move(q, i32.shl(pn.get, i32.const(6))),
        ),
      ),
    )
    const blockOfA = seq(
      im.set(least(i32.sub(m.get, i.get), rows)),
      when(
        aPacked.get,
        seq(packA, aTile.set(space.get), across.set(four), step.set(i32.const(8)), next.set(i32.shl(pn.get, i32.const(3)))),
        seq(aTile.set(aAt), across.set(aRow.get), step.set(aColumn.get), next.set(i32.shl(aRow.get, i32.const(1)))),
      ),
      bTile.set(select(bPacked.get, bPanels, bAt)),
      range(x, i32.const(0), jn.get, 16, seq(tiles, move(bTile, select(bPacked.get, i32.shl(pn.get, i32.const(6)), i32.const(64))))),
    )
    const blockOfB = seq(
      pn.set(least(i32.sub(k.get, p.get), depth)),
      when(bPacked.get, packB),
      goOn.set(i32.or(accumulate.get, i32.ne(p.get, i32.const(0)))),
      range(i, i32.const(0), m.get, rows, blockOfA),
    )
    return seq(
      aPacked.set(i32.or(i32.ne(aColumn.get, four), i32.ge_s(n.get, i32.const(direct.columns)))),
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
        seq(jn.set(least(i32.sub(n.get, j.get), columns)), range(p, i32.const(0), k.get, depth, blockOfB)),
      ),
    )
  })
}
type Panel = ReturnType<typeof panel>
type Fourteen = readonly [I, I, I, I, I, I, I, I, I, I, I, I, I, I]
