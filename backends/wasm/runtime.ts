/**
 * The module that every program imports: products, fills, the merging of partial results, and the barrier.
 * Addresses and counts of bytes; `thread` of `threads` take part.
 */
import { block, br, br_if, type Local, type Locals, loop, range, seq, when } from './control.ts'
import { gemm } from './gemm.ts'
import { gemv } from './gemv.ts'
import { type Code, f32, type I32Code, i32, i32x4, v128 } from './instructions.ts'
import { merge, mergeOne } from './lanes.ts'
import { type MemoryType, type Module, module } from './module.ts'
import { widen } from './widen.ts'

/** What a program may import, with the number of its arguments. */
export const services = { gemm: 16, pack: 6, gemv: 10, fill: 3, combineSum: 5, combineMax: 5, barrier: 2 } as const

/**
 * The control block, at the beginning of memory: addresses of primitives, those that are written often a cache line apart.
 * `polls` counts how often thread 0 found a barrier closed; `failed` is 1 once a worker has met a trap; each thread has a ticket of its own.
 */
export const control = {
  ...{ arrived: 0, generation: 64, polls: 128 },
  ...{ command: 192, program: 196, list: 200, threads: 204, failed: 208 },
  ticket: (thread: number): number => 256 + 64 * thread,
  bytes: 256 + 64 * 64,
} as const
export const mostThreads = 64

/** All of an array of so many bytes: its vectors, and then number by number what is left. */
const sweep = (locals: Locals, count: Local<'i32'>, vector: (at: I32Code) => Code, one: (at: I32Code) => Code): Code => {
  const [i, whole] = [locals('i32'), locals('i32')]
  return seq(
    whole.set(i32.and(count.get, i32.const(-16))),
    range(i, i32.const(0), whole.get, 16, vector(i.get)),
    range(i, whole.get, count.get, 4, one(i.get)),
  )
}

export const runtime = (memory: MemoryType, fused = false): Uint8Array<ArrayBuffer> => {
  const m = module(memory)
  gemm(m, fused)
  gemv(m)
  widen(m)
  fill(m)
  combine(m, 'combineSum', 'sum')
  combine(m, 'combineMax', 'max')
  barrier(m, memory)
  return m.binary()
}

/** fill(address, bytes, bits): every element of an array. */
const fill = (m: Module) =>
  m.define('fill', ['i32', 'i32', 'i32'], (locals, to, count, bits) => {
    const place = (i: I32Code): I32Code => i32.add(to.get, i)
    return sweep(
      locals,
      count,
      (i) => v128.store(place(i), i32x4.splat(bits.get)),
      (i) => i32.store(place(i), bits.get),
    )
  })

/** combine(to, from, bytes, stride, parts): merge arrays `stride` bytes apart into one, in order. */
const combine = (m: Module, name: string, monoid: 'sum' | 'max') =>
  m.define(name, ['i32', 'i32', 'i32', 'i32', 'i32'], (locals, to, from, count, stride, parts) => {
    const [part, there] = [locals('i32'), locals('i32')]
    const place = seq(there.set(i32.add(from.get, i32.mul(part.get, stride.get))))
    const [here, other] = [(i: I32Code): I32Code => i32.add(to.get, i), (i: I32Code): I32Code => i32.add(there.get, i)]
    const merged = sweep(
      locals,
      count,
      (i) => v128.store(here(i), merge(monoid, v128.load(here(i)), v128.load(other(i)))),
      (i) => f32.store(here(i), mergeOne(monoid, f32.load(here(i)), f32.load(other(i)))),
    )
    return range(part, i32.const(0), parts.get, 1, seq(place, merged))
  })

/** barrier(thread, threads): wait until all have come. It spins: inside a step, the others are never far. */
const barrier = (m: Module, { shared }: MemoryType) =>
  m.define('barrier', ['i32', 'i32'], (locals, thread, threads) => {
    const [generation, polls] = [locals('i32'), locals('i32')]
    const zero = i32.const(0)
    if (!shared) return seq()
    const last = i32.eq(i32.atomic.add(zero, i32.const(1), control.arrived), i32.sub(threads.get, i32.const(1)))
    const open = seq(
      i32.atomic.store(zero, i32.const(0), control.arrived),
      i32.atomic.store(zero, i32.add(generation.get, i32.const(1)), control.generation),
    )
    const opened = i32.ne(i32.atomic.load(zero, control.generation), generation.get)
    const spin = block(loop(seq(br_if(1, opened), polls.set(i32.add(polls.get, i32.const(1))), br(0))))
    const count = i32.store(zero, i32.add(i32.load(zero, control.polls), polls.get), control.polls)
    return when(
      i32.lt_s(i32.const(1), threads.get),
      seq(generation.set(i32.atomic.load(zero, control.generation)), when(last, open, seq(spin, when(i32.eqz(thread.get), count)))),
    )
  })
