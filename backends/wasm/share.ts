/** Who does which part of a kernel. */
import { select } from './control.ts'
import { type I32Code, i32 } from './instructions.ts'

/** This thread, and how many take part. */
export interface SharedWork {
  readonly thread: I32Code
  readonly threads: I32Code
}
/** The first of this thread's share of `size` things, in multiples; what thread + 1 begins with is where it ends. */
const edge = (thread: I32Code, { threads }: SharedWork, size: number, multiple: number): I32Code =>
  select(i32.eq(thread, threads), i32.const(size), i32.and(i32.div_u(i32.mul(thread, i32.const(size)), threads), i32.const(-multiple)))
export const share = (pool: SharedWork, size: number, multiple: number): readonly [from: I32Code, to: I32Code] => [
  edge(pool.thread, pool, size, multiple),
  edge(i32.add(pool.thread, i32.const(1)), pool, size, multiple),
]
