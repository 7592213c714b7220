/**
 * The innermost loop of a matrix product: a few rows and eight columns of C, in registers, over all p.
 *
 *     C[i, j] += Σₚ A[i, p] · B[p, j]        i < 4 (fused: 6), j < 8, p in order
 *
 * Exact, what bounds the tile is how many instructions are dispatched, not how many are multiplied: every one of them counts.
 * - A is packed with every number repeated four times, so that a broadcast is a load with its offset inside; where A is read in
 *   place it takes an addition, too. Addresses are sums: V8 extends a variable to 64 bits at every use, but a sum not at all.
 * - Sixteen p a loop body. V8 would sink the arithmetic of all to the end of the body, and spill; branches that are never taken keep
 *   them apart, because what they lead to needs the sums as they are.
 * - V8 orders arithmetic by who needs it. What never happens needs the two sums of a row together: so both products of a row come
 *   before both its sums, which fills the queues of the processor's multipliers and adders evenly. (Alternating: a sixth slower.)
 *
 * With multiplication and addition fused there are half as many instructions, and what bounds is how long one sum waits for the next:
 * twelve of them fill the time. That leaves registers for one row's number of A at a time, so there is such a branch after every row; and
 * time for broadcasts, so A is read in place, where its rows are contiguous.
 */
import { apart, block, br, br_if, type I32Local, type Local, loop, move, seq, times, unreachable, when } from './control.ts'
import { type Code, f32x4, type I32Code, i32, type V128Code, v128 } from './instructions.ts'
import type { Module } from './module.ts'

/** Rows of a tile. */
export type High = 1 | 4 | 6
/** A as it lies, at any strides; or packed, 64 bytes for every p: four rows of four equal numbers (fused: of two times six rows, each number once). */
export type Left = 'in place' | 'packed'

/**
 * Tiles of `high` rows and 4 · `wide` columns, for `count` panels of B: `next` bytes apart in B, and side by side in C, whose rows are
 * `row` bytes apart. A in place has rows `across` and columns `step` bytes apart; a panel of B has rows `line` bytes apart, which is a
 * multiple of four.
 */
export const panels = (m: Module, left: Left, high: High, wide: 1 | 2, fused: boolean) =>
  m.define(undefined, parameterTypes, (locals, count, k, a, across, step, b, line, next, c, row, accumulate) => {
    const [at, x, q, p, end, over] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const lines = Array.from({ length: high }, () => Array.from({ length: wide }, () => locals('v128')))
    const right = Array.from({ length: wide }, () => locals('v128'))
    const factor = locals('v128')
    const t: TileState = {
      ...{ left, fused, unroll: fused ? 8 : 16, lineOfB: 16 * wide, steady: left === 'packed' || !fused },
      ...{ a, b, c, step, line, row, at, x, q, p, end, lines, right, factor, rows: apart(locals, high, across) },
    }
    const load = rowByRow(t, (sum, at) => sum.set(v128.load(p.get, at)))
    const clear = seq(...lines.flat().map((sum) => sum.set(f32x4.const(0))))
    return seq(
      t.rows.set,
      times(
        count,
        seq(
          when(accumulate.get, load, clear),
          x.set(a.get),
          q.set(b.get),
          over.set(k.get),
          high > 1 ? manyTerms(t, k, over) : seq(),
          times(over, oneTerm(t)),
          rowByRow(t, (sum, at) => v128.store(p.get, sum.get, at)),
          move(b, next.get),
          move(c, i32.const(t.lineOfB)),
        ),
      ),
    )
  })
const parameterTypes = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
/** Bytes of a packed A that one p takes. */
const lineOfA = 64

/** A tile as it is written. */
interface TileState {
  readonly left: Left
  readonly fused: boolean
  /** p of a loop body. */
  readonly unroll: number
  /** Bytes of B that one p takes. */
  readonly lineOfB: number
  /** Where offsets are inside addresses of B, it has to be packed; or they move, as those of A do. */
  readonly steady: boolean
  /** Parameters of the function. */
  readonly a: I32Local
  readonly b: I32Local
  readonly c: I32Local
  readonly step: I32Local
  readonly line: I32Local
  readonly row: I32Local
  /** Bytes of B so far in the unrolled loop, and where they end; the places in A, in B and in C. */
  readonly at: I32Local
  readonly end: I32Local
  readonly x: I32Local
  readonly q: I32Local
  readonly p: I32Local
  /** The sums, row by row; the numbers of B, and one of A. */
  readonly lines: readonly (readonly Local<'v128'>[])[]
  readonly right: readonly Local<'v128'>[]
  readonly factor: Local<'v128'>
  /** Addresses in the rows of A. */
  readonly rows: ReturnType<typeof apart>
}

/** Every sum, with its place in C: `p` walks down the rows. */
const rowByRow = ({ lines, p, c, row }: TileState, f: (sum: Local<'v128'>, at: number) => Code): Code =>
  seq(...lines.flatMap((sums, i) => [p.set(i === 0 ? c.get : i32.add(p.get, row.get)), ...sums.map((sum, j) => f(sum, 16 * j))]))
/** A[i, p], of the u-th p of a loop body, in all lanes. */
const element = ({ left, fused, x, rows }: TileState, i: number, u: number): V128Code => {
  if (left === 'packed') return fused ? v128.load32_splat(x.get, lineOfA * u + 4 * i) : v128.load(x.get, lineOfA * u + 16 * i)
  return v128.load32_splat(rows.of(x)[i]!)
}
const vectors = ({ right, q, steady, lineOfB }: TileState, u: number): Code =>
  seq(...right.map((v, i) => v.set(v128.load(q.get, (steady ? lineOfB * u : 0) + 16 * i))))
const productsOf = (t: TileState, i: number, u: number): Code => {
  const { factor, fused, lines, right } = t
  const add = (sum: V128Code, a: V128Code, b: V128Code): V128Code =>
    fused ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b))
  return seq(factor.set(element(t, i, u)), ...lines[i]!.map((sum, j) => sum.set(add(sum.get, factor.get, right[j]!.get))))
}
/** From one p to the next in A. */
const onward = ({ left, step }: TileState): I32Code => (left === 'packed' ? i32.const(lineOfA) : step.get)
/** One p, in all rows. */
const oneTerm = (t: TileState): Code =>
  seq(vectors(t, 0), ...t.lines.map((_, i) => productsOf(t, i, 0)), move(t.x, onward(t)), move(t.q, t.line.get))

/** As many p as fill loop bodies, where they can be unrolled; `over` is what is left. */
const manyTerms = (t: TileState, k: I32Local, over: I32Local): Code => {
  const { at, end, left, line, lineOfB, q, steady, unroll: many, x } = t
  return seq(
    end.set(i32.mul(i32.and(k.get, i32.const(-many)), i32.const(lineOfB))),
    when(
      steady ? i32.and(i32.eq(line.get, i32.const(lineOfB)), i32.ne(end.get, i32.const(0))) : end.get,
      seq(
        at.set(i32.const(0)),
        unrolled(t),
        ...(left === 'packed' ? [move(x, i32.const(many * lineOfA))] : []),
        ...(steady ? [move(q, i32.const(many * lineOfB))] : []),
        over.set(i32.and(k.get, i32.const(many - 1))),
      ),
    ),
  )
}
/** The unrolled loop: stretches with a branch after each that is never taken. */
const unrolled = (t: TileState): Code => {
  const { a, at, b, c, end, left, line, lineOfB, lines, q, steady, unroll: many, x } = t
  const following = seq(left === 'packed' ? seq() : move(x, onward(t)), steady ? seq() : move(q, line.get))
  /** What is between two branches: all rows at one p, or one of them. */
  const stretches = Array.from({ length: many }, (_, u) =>
    t.fused
      ? lines.map((_, i) => seq(i === 0 ? vectors(t, u) : seq(), productsOf(t, i, u), i === lines.length - 1 ? following : seq()))
      : [seq(vectors(t, u), ...lines.map((_, i) => productsOf(t, i, u)), following)],
  ).flat()
  const never = (n: number): I32Code => i32.eq(line.get, i32.const(2 * n + 1))
  const needed = lines.map((sums, i) => v128.store(c.get, sums.map((sum) => sum.get).reduce(f32x4.add), 16 * i))
  const body = seq(
    steady ? q.set(i32.add(b.get, at.get)) : seq(),
    left === 'packed' ? x.set(i32.add(a.get, i32.mul(at.get, i32.const(lineOfA / lineOfB)))) : seq(),
    ...stretches.map((stretch, n) => seq(stretch, br_if(n + 1, never(n)))),
    move(at, i32.const(many * lineOfB)),
    br_if(0, i32.ne(at.get, end.get)),
  )
  return block(stretches.reduce<Code>((inside) => seq(block(inside), ...needed, unreachable), seq(loop(body), br(stretches.length))))
}
