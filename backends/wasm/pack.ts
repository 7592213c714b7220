/**
 * Packing: a strided matrix as panels of `width` columns, each row of a panel contiguous, so that the tile reads memory in order.
 *
 *     panel[p][x] = source[p · step + x · across]      p < depth, x < width
 */
import { apart, drop, type Local, type Locals, least, move, range, select, seq, times, when } from './control.ts'
import { type Code, f32, f32x4, i32, v128 } from './instructions.ts'
import type { Module } from './module.ts'

/** pack(source, across, step, width, depth, to): strides in bytes. The panel's rows are `width` rounded up to 4 long; the padding is zero. */
export type Pack = (
  source: Code<'i32'>,
  across: Code<'i32'>,
  step: Code<'i32'>,
  width: Code<'i32'>,
  depth: Code<'i32'>,
  to: Code<'i32'>,
) => Code

const six = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
const four = i32.const(4)

const five = ['i32', 'i32', 'i32', 'i32', 'i32'] as const

/**
 * pack(source, across, step, depth, to): the left operand of a tile, four rows, every number four times, so that a broadcast is a load.
 * Rows that are contiguous are touched beforehand, a cache line each time, so that all of them are on their way at once.
 */
export const packFour = (m: Module) =>
  m.define(undefined, five, (locals, source, across, step, depth, to) => {
    const rows = apart(locals, 4, across)
    const [ahead, left] = [locals('i32'), locals('i32')]
    const touch = seq(
      ahead.set(source.get),
      left.set(i32.shr_u(depth.get, i32.const(4))),
      times(left, seq(...rows.of(ahead).map((row) => drop(f32.load(row))), move(ahead, i32.const(64)))),
    )
    return seq(
      rows.set,
      when(i32.eq(step.get, four), touch),
      times(
        depth,
        seq(
          ...rows.of(source).map((row, i) => v128.store(to.get, v128.load32_splat(row), 16 * i)),
          move(source, step.get),
          move(to, i32.const(64)),
        ),
      ),
    )
  })
/**
 * Two times six rows that are neighbours in memory, every number once, for tiles to which broadcasts cost nothing. Where `step` is a power
 * of two, every look at a cache line is dear: both come from one.
 */
export const packTwelve = (m: Module) =>
  m.define(undefined, five, (_, source, _across, step, depth, to) => {
    const copies = [0, 16, 32].map((at) => v128.store(to.get, v128.load(source.get, at), at))
    return times(depth, seq(...copies, move(source, step.get), move(to, i32.const(64))))
  })

/** So many panels that lie side by side in rows that are contiguous. Two of them are a cache line, which is looked at once. */
const sideBySide = (m: Module, panels: 1 | 2) => {
  const names: readonly ['i32', 'i32', 'i32', ...'i32'[]] = ['i32', 'i32', 'i32', ...Array.from({ length: panels }, () => 'i32' as const)]
  return m.define(undefined, names, (_, source, step, depth, ...to) => {
    const copy = (panel: Local<'i32'>, from: number): Code =>
      seq(...[0, 16].map((at) => v128.store(panel.get, v128.load(source.get, from + at), at)))
    const onward = to.map((panel) => move(panel, i32.const(32)))
    return times(depth, seq(...to.map((panel, i) => copy(panel, 32 * i)), move(source, step.get), ...onward))
  })
}

/** Columns contiguous along the depth: transpose in blocks of 4 × 4. */
const packTransposed = (m: Module) =>
  m.define(undefined, six, (locals, source, across, row, groups, depth, to) => {
    const [p, q, left, line] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const columns = [locals('v128'), locals('v128'), locals('v128'), locals('v128')]
    const pairs = [locals('v128'), locals('v128'), locals('v128'), locals('v128')]
    const square = seq(
      p.set(source.get),
      ...columns.map((column, i) => seq(column.set(v128.load(p.get)), ...(i < 3 ? [move(p, across.get)] : []))),
      ...transposed(columns, pairs, q, line, row),
      line.set(q.get),
      move(source, i32.const(16)),
    )
    const column = (i: number): Code => seq(f32.store(to.get, f32.load(p.get), 4 * i), ...(i < 3 ? [move(p, across.get)] : []))
    const single = seq(p.set(source.get), ...[0, 1, 2, 3].map(column), move(source, four), move(to, row.get))
    const [start, back] = [locals('i32'), locals('i32')]
    return times(
      groups,
      seq(
        start.set(source.get),
        back.set(to.get),
        line.set(to.get),
        left.set(i32.shr_u(depth.get, i32.const(2))),
        times(left, square),
        to.set(line.get),
        left.set(i32.and(depth.get, i32.const(3))),
        times(left, single),
        source.set(i32.add(start.get, i32.shl(across.get, i32.const(2)))),
        to.set(i32.add(back.get, i32.const(16))),
      ),
    )
  })
/** Four columns as four rows, stored from `line` on, `row` bytes apart; `q` moves along. */
const transposed = (
  columns: readonly Local<'v128'>[],
  pairs: readonly Local<'v128'>[],
  q: Local<'i32'>,
  line: Local<'i32'>,
  row: Local<'i32'>,
): readonly Code[] => {
  const [a, b, c, d] = columns.map(({ get }) => get) as [Code<'v128'>, Code<'v128'>, Code<'v128'>, Code<'v128'>] // four of each
  const [e, f, g, h] = pairs.map(({ get }) => get) as [Code<'v128'>, Code<'v128'>, Code<'v128'>, Code<'v128'>]
  return [
    pairs[0]!.set(f32x4.shuffle(a, b, 0, 4, 1, 5)),
    pairs[1]!.set(f32x4.shuffle(a, b, 2, 6, 3, 7)),
    pairs[2]!.set(f32x4.shuffle(c, d, 0, 4, 1, 5)),
    pairs[3]!.set(f32x4.shuffle(c, d, 2, 6, 3, 7)),
    q.set(line.get),
    v128.store(q.get, f32x4.shuffle(e, g, 0, 1, 4, 5)),
    move(q, row.get),
    v128.store(q.get, f32x4.shuffle(e, g, 2, 3, 6, 7)),
    move(q, row.get),
    v128.store(q.get, f32x4.shuffle(f, h, 0, 1, 4, 5)),
    move(q, row.get),
    v128.store(q.get, f32x4.shuffle(f, h, 2, 3, 6, 7)),
    move(q, row.get),
  ]
}
/** Any strides: number by number. */
const packAny = (m: Module): Pack =>
  m.define(undefined, six, (locals, source, across, step, width, depth, to) => {
    const [x, rounded, p] = [locals('i32'), locals('i32'), locals('i32')]
    return seq(
      rounded.set(i32.and(i32.add(width.get, i32.const(3)), i32.const(-4))),
      times(
        depth,
        seq(
          p.set(source.get),
          range(x, i32.const(0), width.get, 1, seq(f32.store(to.get, f32.load(p.get)), move(p, across.get), move(to, four))),
          range(x, width.get, rounded.get, 1, seq(f32.store(to.get, f32.const(0)), move(to, four))),
          move(source, step.get),
        ),
      ),
    )
  })

/** Up to 8 columns: the right operand of a tile. */
const packPanel = (m: Module): Pack => {
  const [whole, transpose, any] = [sideBySide(m, 1), packTransposed(m), packAny(m)]
  return m.define(undefined, six, (_: Locals, source, across, step, width, depth, to) =>
    when(
      i32.and(i32.eq(across.get, four), i32.eq(width.get, i32.const(8))),
      whole(source.get, step.get, depth.get, to.get),
      when(
        i32.and(i32.eq(step.get, four), i32.eqz(i32.and(width.get, i32.const(3)))),
        transpose(source.get, across.get, i32.shl(width.get, i32.const(2)), i32.shr_u(width.get, i32.const(2)), depth.get, to.get),
        any(source.get, across.get, step.get, width.get, depth.get, to.get),
      ),
    ),
  )
}

/** pack(k, n, b, bRow, bColumn, panels): B as panels of eight columns, 32 · k bytes each. */
export const packAll = (m: Module) => {
  const [panel, pair] = [packPanel(m), sideBySide(m, 2)]
  return m.define('pack', six, (locals, k, n, b, bRow, bColumn, to) => {
    const [x, width, bytes, pairs] = [locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const source = i32.add(b.get, i32.mul(x.get, bColumn.get))
    const two = seq(pair(source, bRow.get, k.get, to.get, i32.add(to.get, bytes.get)), move(to, i32.shl(bytes.get, i32.const(1))))
    const one = seq(
      width.set(least(i32.sub(n.get, x.get), i32.const(8))),
      panel(source, bColumn.get, bRow.get, width.get, k.get, to.get),
      move(to, bytes.get),
    )
    return seq(
      bytes.set(i32.shl(k.get, i32.const(5))),
      pairs.set(select(i32.eq(bColumn.get, four), i32.and(n.get, i32.const(-16)), i32.const(0))),
      range(x, i32.const(0), pairs.get, 16, two),
      range(x, pairs.get, n.get, 8, one),
    )
  })
}
