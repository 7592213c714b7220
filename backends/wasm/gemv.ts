/**
 * One row times a matrix: c[j] (+)= Σₚ a[p] · B[p, j], with p in order, so that it equals the tile's result to the bit.
 *
 * Where rows of B are contiguous, 32 columns accumulate at once; where its columns are, blocks of 4 × 4 are transposed on the way.
 */
import { block, br, br_if, type Local, loop, move, seq, times, when } from './control.ts'
import { type Code, f32, f32x4, i32, v128 } from './instructions.ts'
import type { Module } from './module.ts'

type I = Local<'i32'>
const four = i32.const(4)
const while_ = (condition: Code<'i32'>, body: Code): Code => block(loop(seq(br_if(1, i32.eqz(condition)), body, br(0))))
const atLeast = (n: number, x: I): Code<'i32'> => i32.ge_s(x.get, i32.const(n))

/** Define gemv(n, k, a, aColumn, b, bRow, bColumn, c, cColumn, accumulate), with addresses and strides in bytes. */
export const gemv = (m: Module): void => {
  const nine = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  m.define('gemv', nine, (locals, n, k, a, aColumn, b, bRow, bColumn, c, cColumn, accumulate) => {
    const [x, y, left] = [locals('i32'), locals('i32'), locals('i32')]
    const sums = Array.from({ length: 8 }, () => locals('v128'))
    const factor = locals('v128')
    const start = (f: (sum: Local<'v128'>, at: number) => Code, some: readonly Local<'v128'>[]): Code =>
      seq(...some.map((sum, i) => f(sum, 16 * i)))
    const begin = (some: readonly Local<'v128'>[]): Code =>
      when(
        accumulate.get,
        start((sum, at) => sum.set(v128.load(c.get, at)), some),
        start((sum) => sum.set(f32x4.const(0)), some),
      )
    const advance = (width: number): Code =>
      seq(
        n.set(i32.sub(n.get, i32.const(width))),
        move(c, i32.mul(cColumn.get, i32.const(width))),
        move(b, i32.mul(bColumn.get, i32.const(width))),
      )
    const alongDepth = (body: Code): Code => seq(x.set(a.get), y.set(b.get), left.set(k.get), times(left, body))
    const columns = (width: number): Code => {
      const some = sums.slice(0, width / 4)
      return while_(
        atLeast(width, n),
        seq(
          begin(some),
          alongDepth(
            seq(
              factor.set(v128.load32_splat(x.get)),
              ...some.map((sum, i) => sum.set(f32x4.add(sum.get, f32x4.mul(factor.get, v128.load(y.get, 16 * i))))),
              move(x, aColumn.get),
              move(y, bRow.get),
            ),
          ),
          start((sum, at) => v128.store(c.get, sum.get, at), some),
          advance(width),
        ),
      )
    }
    /** Four columns, contiguous along the depth, and a too. */
    const transposed = (groups: number): Code => {
      const some = sums.slice(0, groups)
      const columnsOf = Array.from({ length: groups }, () => locals('i32'))
      const [p, q, r, s] = [locals('v128'), locals('v128'), locals('v128'), locals('v128')]
      const [t, u, pointer] = [locals('v128'), locals('v128'), locals('i32')]
      const group = (sum: Local<'v128'>, base: I): Code => {
        const times = (i: number, column: Code<'v128'>): Code =>
          sum.set(f32x4.add(sum.get, f32x4.mul(f32x4.shuffle(factor.get, factor.get, i, i, i, i), column)))
        return seq(
          pointer.set(base.get),
          ...[p, q, r, s].map((v, i) => seq(v.set(v128.load(pointer.get)), ...(i < 3 ? [move(pointer, bColumn.get)] : []))),
          t.set(f32x4.shuffle(p.get, q.get, 0, 4, 1, 5)),
          u.set(f32x4.shuffle(r.get, s.get, 0, 4, 1, 5)),
          times(0, f32x4.shuffle(t.get, u.get, 0, 1, 4, 5)),
          times(1, f32x4.shuffle(t.get, u.get, 2, 3, 6, 7)),
          t.set(f32x4.shuffle(p.get, q.get, 2, 6, 3, 7)),
          u.set(f32x4.shuffle(r.get, s.get, 2, 6, 3, 7)),
          times(2, f32x4.shuffle(t.get, u.get, 0, 1, 4, 5)),
          times(3, f32x4.shuffle(t.get, u.get, 2, 3, 6, 7)),
          move(base, i32.const(16)),
        )
      }
      const rest = (sum: Local<'v128'>, base: I): Code =>
        seq(
          pointer.set(base.get),
          p.set(v128.load32_zero(pointer.get)),
          ...[1, 2, 3].map((i) => seq(move(pointer, bColumn.get), p.set(f32x4.replace(p.get, i, f32.load(pointer.get))))),
          sum.set(f32x4.add(sum.get, f32x4.mul(factor.get, p.get))),
          move(base, four),
        )
      return while_(
        atLeast(4 * groups, n),
        seq(
          begin(some),
          x.set(a.get),
          ...columnsOf.map((base, i) => base.set(i32.add(b.get, i32.mul(bColumn.get, i32.const(4 * i))))),
          left.set(k.get),
          while_(
            atLeast(4, left),
            seq(
              factor.set(v128.load(x.get)),
              ...some.map((sum, i) => group(sum, columnsOf[i]!)),
              move(x, i32.const(16)),
              left.set(i32.sub(left.get, four)),
            ),
          ),
          times(left, seq(factor.set(v128.load32_splat(x.get)), ...some.map((sum, i) => rest(sum, columnsOf[i]!)), move(x, four))),
          start((sum, at) => v128.store(c.get, sum.get, at), some),
          advance(4 * groups),
        ),
      )
    }
    const [sum] = sums as [Local<'v128'>]
    const single = while_(
      n.get,
      seq(
        when(accumulate.get, sum.set(v128.load32_zero(c.get)), sum.set(f32x4.const(0))),
        alongDepth(
          seq(
            sum.set(f32x4.add(sum.get, f32x4.mul(v128.load32_zero(x.get), v128.load32_zero(y.get)))),
            move(x, aColumn.get),
            move(y, bRow.get),
          ),
        ),
        v128.store32_lane(c.get, sum.get, 0),
        advance(1),
      ),
    )
    return seq(
      when(
        i32.eq(cColumn.get, four),
        when(
          i32.eq(bColumn.get, four),
          seq(columns(32), columns(4)),
          when(i32.and(i32.eq(bRow.get, four), i32.eq(aColumn.get, four)), seq(transposed(4), transposed(1))),
        ),
      ),
      single,
    )
  })
}
