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
import { apart, block, br, br_if, type Local, loop, move, seq, times, unreachable, when } from './control.ts'
import { type Code, f32x4, i32, type V128Code, v128 } from './instructions.ts'
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
  m.define(
    undefined,
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    (locals, count, k, a, across, step, b, line, next, c, row, accumulate) => {
      const [at, x, q, p, end, over] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
      const lines = Array.from({ length: high }, () => Array.from({ length: wide }, () => locals('v128')))
      const right = Array.from({ length: wide }, () => locals('v128'))
      const factor = locals('v128')
      const rows = apart(locals, high, across)
      const add = (sum: V128Code, a: V128Code, b: V128Code): V128Code =>
        fused ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b))
      /** p of a loop body. */
      const unroll = fused ? 8 : 16
      /** Bytes of a packed A and of B that one p takes. */
      const [lineOfA, lineOfB] = [64, 16 * wide]
      /** Where offsets are inside addresses of B, it has to be packed; or they move, as those of A do. */
      const steady = left === 'packed' || !fused
      const element = (i: number, u: number): V128Code => {
        if (left === 'packed') return fused ? v128.load32_splat(x.get, lineOfA * u + 4 * i) : v128.load(x.get, lineOfA * u + 16 * i)
        return v128.load32_splat(rows.of(x)[i]!)
      }
      const vectors = (u: number): Code => seq(...right.map((v, i) => v.set(v128.load(q.get, (steady ? lineOfB * u : 0) + 16 * i))))
      const productsOf = (i: number, u: number): Code =>
        seq(factor.set(element(i, u)), ...lines[i]!.map((sum, j) => sum.set(add(sum.get, factor.get, right[j]!.get))))
      const all = lines.map((_, i) => i)
      const onward = left === 'packed' ? i32.const(lineOfA) : step.get
      const following = seq(left === 'packed' ? seq() : move(x, onward), steady ? seq() : move(q, line.get))
      /** What is between two branches: all rows at one p, or one of them. */
      const stretches = Array.from({ length: unroll }, (_, u) =>
        fused
          ? all.map((i) => seq(i === 0 ? vectors(u) : seq(), productsOf(i, u), i === high - 1 ? following : seq()))
          : [seq(vectors(u), ...all.map((i) => productsOf(i, u)), following)],
      ).flat()
      const never = (n: number): Code<'i32'> => i32.eq(line.get, i32.const(2 * n + 1))
      const needed = lines.map((sums, i) => v128.store(c.get, sums.map((sum) => sum.get).reduce(f32x4.add), 16 * i))
      const body = seq(
        steady ? q.set(i32.add(b.get, at.get)) : seq(),
        left === 'packed' ? x.set(i32.add(a.get, i32.mul(at.get, i32.const(lineOfA / lineOfB)))) : seq(),
        ...stretches.map((stretch, n) => seq(stretch, br_if(n + 1, never(n)))),
        move(at, i32.const(unroll * lineOfB)),
        br_if(0, i32.ne(at.get, end.get)),
      )
      const unrolled = block(
        stretches.reduce<Code>((inside) => seq(block(inside), ...needed, unreachable), seq(loop(body), br(stretches.length))),
      )
      const rowByRow = (f: (sum: Local<'v128'>, at: number) => Code) =>
        seq(...lines.flatMap((sums, i) => [p.set(i === 0 ? c.get : i32.add(p.get, row.get)), ...sums.map((sum, j) => f(sum, 16 * j))]))
      return seq(
        rows.set,
        times(
          count,
          seq(
            when(
              accumulate.get,
              rowByRow((sum, at) => sum.set(v128.load(p.get, at))),
              seq(...lines.flat().map((sum) => sum.set(f32x4.const(0)))),
            ),
            x.set(a.get),
            q.set(b.get),
            over.set(k.get),
            ...(high > 1
              ? [
                  end.set(i32.mul(i32.and(k.get, i32.const(-unroll)), i32.const(lineOfB))),
                  when(
                    steady ? i32.and(i32.eq(line.get, i32.const(lineOfB)), i32.ne(end.get, i32.const(0))) : end.get,
                    seq(
                      at.set(i32.const(0)),
                      unrolled,
                      ...(left === 'packed' ? [move(x, i32.const(unroll * lineOfA))] : []),
                      ...(steady ? [move(q, i32.const(unroll * lineOfB))] : []),
                      over.set(i32.and(k.get, i32.const(unroll - 1))),
                    ),
                  ),
                ]
              : []),
            times(over, seq(vectors(0), ...all.map((i) => productsOf(i, 0)), move(x, onward), move(q, line.get))),
            rowByRow((sum, at) => v128.store(p.get, sum.get, at)),
            move(b, next.get),
            move(c, i32.const(lineOfB)),
          ),
        ),
      )
    },
  )
