/**
 * One row times a matrix: c[j] (+)= Σₚ a[p] · B[p, j], with p in order, so that it equals the tile's result to the bit.
 *
 * Where rows of B are contiguous, 32 columns accumulate at once; where its columns are, blocks of 4 × 4 are transposed on the way.
 */
import { block, br, br_if, type I32Local, type Local, type Locals, loop, move, seq, times, when } from './control.ts'
import { type Code, f32, f32x4, i32, v128 } from './instructions.ts'
import type { Module } from './module.ts'

type V128Local = Local<'v128'>
const four = i32.const(4)
const while_ = (condition: Code<'i32'>, body: Code): Code => block(loop(seq(br_if(1, i32.eqz(condition)), body, br(0))))
const atLeast = (n: number, x: I32Local): Code<'i32'> => i32.ge_s(x.get, i32.const(n))

/** What the function is given, and the locals that its ways have in common. */
interface Gemv {
  readonly locals: Locals
  readonly n: I32Local
  readonly k: I32Local
  readonly a: I32Local
  readonly aColumn: I32Local
  readonly b: I32Local
  readonly bRow: I32Local
  readonly bColumn: I32Local
  readonly c: I32Local
  readonly cColumn: I32Local
  readonly accumulate: I32Local
  /** Where it is in a and in b, and how much of the depth is left. */
  readonly x: I32Local
  readonly y: I32Local
  readonly left: I32Local
  readonly sums: readonly V128Local[]
  readonly factor: V128Local
}

/** Define gemv(n, k, a, aColumn, b, bRow, bColumn, c, cColumn, accumulate), with addresses and strides in bytes. */
export const gemv = (m: Module): void => {
  const ten = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  m.define('gemv', ten, (locals, n, k, a, aColumn, b, bRow, bColumn, c, cColumn, accumulate) => {
    const [x, y, left] = [locals('i32'), locals('i32'), locals('i32')]
    const sums = Array.from({ length: 8 }, () => locals('v128'))
    const factor = locals('v128')
    const g: Gemv = { locals, n, k, a, aColumn, b, bRow, bColumn, c, cColumn, accumulate, x, y, left, sums, factor }
    return seq(
      when(
        i32.eq(cColumn.get, four),
        when(
          i32.eq(bColumn.get, four),
          seq(columns(g, 32), columns(g, 4)),
          when(i32.and(i32.eq(bRow.get, four), i32.eq(aColumn.get, four)), seq(transposed(g, 4), transposed(g, 1))),
        ),
      ),
      single(g),
    )
  })
}

const eachSum = (some: readonly V128Local[], f: (sum: V128Local, at: number) => Code): Code => seq(...some.map((sum, i) => f(sum, 16 * i)))
/** Sums start as what is in c, or as 0. */
const begin = ({ accumulate, c }: Gemv, some: readonly V128Local[]): Code =>
  when(
    accumulate.get,
    eachSum(some, (sum, at) => sum.set(v128.load(c.get, at))),
    eachSum(some, (sum) => sum.set(f32x4.const(0))),
  )
const finish = ({ c }: Gemv, some: readonly V128Local[]): Code => eachSum(some, (sum, at) => v128.store(c.get, sum.get, at))
const advance = ({ n, b, bColumn, c, cColumn }: Gemv, width: number): Code =>
  seq(
    n.set(i32.sub(n.get, i32.const(width))),
    move(c, i32.mul(cColumn.get, i32.const(width))),
    move(b, i32.mul(bColumn.get, i32.const(width))),
  )
/** Add for each p what `add` says, with x at a[p] and y at B[p, j]. */
const alongDepth = ({ a, aColumn, b, bRow, k, x, y, left }: Gemv, add: Code): Code =>
  seq(x.set(a.get), y.set(b.get), left.set(k.get), times(left, seq(add, move(x, aColumn.get), move(y, bRow.get))))

/** Columns side by side, of contiguous rows. */
const columns = (g: Gemv, width: number): Code => {
  const { n, x, y, factor } = g
  const some = g.sums.slice(0, width / 4)
  const add = seq(
    factor.set(v128.load32_splat(x.get)),
    ...some.map((sum, i) => sum.set(f32x4.add(sum.get, f32x4.mul(factor.get, v128.load(y.get, 16 * i))))),
  )
  return while_(atLeast(width, n), seq(begin(g, some), alongDepth(g, add), finish(g, some), advance(g, width)))
}

/** One column after the other, whatever the strides. */
const single = (g: Gemv): Code => {
  const { n, c, x, y, accumulate } = g
  const [sum] = g.sums as [V128Local]
  return while_(
    n.get,
    seq(
      when(accumulate.get, sum.set(v128.load32_zero(c.get)), sum.set(f32x4.const(0))),
      alongDepth(g, sum.set(f32x4.add(sum.get, f32x4.mul(v128.load32_zero(x.get), v128.load32_zero(y.get))))),
      v128.store32_lane(c.get, sum.get, 0),
      advance(g, 1),
    ),
  )
}

/** Groups of four columns, contiguous along the depth, and a too. */
const transposed = (g: Gemv, groups: number): Code => {
  const { locals, n, k, a, b, bColumn, x, left, factor } = g
  const some = g.sums.slice(0, groups)
  const bases = Array.from({ length: groups }, () => locals('i32'))
  const rows = [locals('v128'), locals('v128'), locals('v128'), locals('v128')] as const
  const scratch: Transpose = { rows, halves: [locals('v128'), locals('v128')], pointer: locals('i32') }
  return while_(
    atLeast(4 * groups, n),
    seq(
      begin(g, some),
      x.set(a.get),
      ...bases.map((base, i) => base.set(i32.add(b.get, i32.mul(bColumn.get, i32.const(4 * i))))),
      left.set(k.get),
      while_(
        atLeast(4, left),
        seq(
          factor.set(v128.load(x.get)),
          ...some.map((sum, i) => addBlock(g, scratch, sum, bases[i]!)),
          move(x, i32.const(16)),
          left.set(i32.sub(left.get, four)),
        ),
      ),
      times(left, seq(factor.set(v128.load32_splat(x.get)), ...some.map((sum, i) => addRow(g, scratch, sum, bases[i]!)), move(x, four))),
      finish(g, some),
      advance(g, 4 * groups),
    ),
  )
}
/** Locals of a block that is being transposed. */
interface Transpose {
  readonly rows: readonly [V128Local, V128Local, V128Local, V128Local]
  readonly halves: readonly [V128Local, V128Local]
  readonly pointer: I32Local
}
/** Add a block of 4 × 4, transposed on the way. */
const addBlock = ({ bColumn, factor }: Gemv, { rows, halves: [t, u], pointer }: Transpose, sum: V128Local, base: I32Local): Code => {
  const [p, q, r, s] = rows
  const add = (i: number, column: Code<'v128'>): Code =>
    sum.set(f32x4.add(sum.get, f32x4.mul(f32x4.shuffle(factor.get, factor.get, i, i, i, i), column)))
  return seq(
    pointer.set(base.get),
    ...rows.map((v, i) => seq(v.set(v128.load(pointer.get)), ...(i < 3 ? [move(pointer, bColumn.get)] : []))),
    t.set(f32x4.shuffle(p.get, q.get, 0, 4, 1, 5)),
    u.set(f32x4.shuffle(r.get, s.get, 0, 4, 1, 5)),
    add(0, f32x4.shuffle(t.get, u.get, 0, 1, 4, 5)),
    add(1, f32x4.shuffle(t.get, u.get, 2, 3, 6, 7)),
    t.set(f32x4.shuffle(p.get, q.get, 2, 6, 3, 7)),
    u.set(f32x4.shuffle(r.get, s.get, 2, 6, 3, 7)),
    add(2, f32x4.shuffle(t.get, u.get, 0, 1, 4, 5)),
    add(3, f32x4.shuffle(t.get, u.get, 2, 3, 6, 7)),
    move(base, i32.const(16)),
  )
}
/** Add one row of four columns: what the depth leaves after blocks of four. */
const addRow = ({ bColumn, factor }: Gemv, { rows: [p], pointer }: Transpose, sum: V128Local, base: I32Local): Code =>
  seq(
    pointer.set(base.get),
    p.set(v128.load32_zero(pointer.get)),
    ...[1, 2, 3].map((i) => seq(move(pointer, bColumn.get), p.set(f32x4.replace(p.get, i, f32.load(pointer.get))))),
    sum.set(f32x4.add(sum.get, f32x4.mul(factor.get, p.get))),
    move(base, four),
  )
