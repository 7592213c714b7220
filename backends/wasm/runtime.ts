/**
 * The module that every program imports: products, fills, the merging of partial results, and the barrier.
 * Addresses and counts of bytes; `thread` of `threads` take part.
 */
import { block, br, br_if, drop, type Local, type Locals, loop, range, seq, when } from './control.ts'
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
 * `sleepers` counts the threads that sleep at the barrier; `polls` counts how often thread 0 found it closed, and a million for every time it
 * slept: about the nanoseconds that it waited. `failed` is 1 once a worker has met a trap; each thread has a ticket of its own.
 */
export const control = {
  ...{ arrived: 0, generation: 64, sleepers: 68, polls: 128 },
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

/** `blocks`: thread 0 may sleep, too, which the main thread of a page may not. */
export const runtime = (memory: MemoryType, fused = false, blocks = true): Uint8Array<ArrayBuffer> => {
  const m = module(memory)
  gemm(m, fused)
  gemv(m)
  widen(m)
  fill(m)
  combine(m, 'combineSum', 'sum')
  combine(m, 'combineMax', 'max')
  barrier(m, memory, blocks)
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

/**
 * barrier(thread, threads): wait until all have come. It spins: inside a step, the others are never far. Where they are, something else runs
 * on their cores. A thread that goes on spinning then takes from them what time they have, so it sleeps until the last one comes.
 */
const barrier = (m: Module, { shared }: MemoryType, blocks: boolean) =>
  m.define('barrier', ['i32', 'i32'], (locals, thread, threads) => {
    const [generation, polls] = [locals('i32'), locals('i32')]
    const zero = i32.const(0)
    if (!shared) return seq()
    const last = i32.eq(i32.atomic.add(zero, i32.const(1), control.arrived), i32.sub(threads.get, i32.const(1)))
    const open = seq(
      i32.atomic.store(zero, i32.const(0), control.arrived),
      i32.atomic.store(zero, i32.add(generation.get, i32.const(1)), control.generation),
      when(i32.atomic.load(zero, control.sleepers), drop(i32.atomic.notify(zero, i32.const(mostThreads), control.generation))),
    )
    const opened = i32.ne(i32.atomic.load(zero, control.generation), generation.get)
    const more = (n: number): Code => polls.set(i32.add(polls.get, i32.const(n)))
    const sleep = seq(
      drop(i32.atomic.add(zero, i32.const(1), control.sleepers)),
      drop(i32.atomic.wait(zero, generation.get, longestSleep, control.generation)),
      drop(i32.atomic.add(zero, i32.const(-1), control.sleepers)),
      more(pollsOfSleep),
    )
    const tired = i32.lt_u(i32.const(spins), polls.get)
    const maySleep = blocks ? tired : i32.and(tired, i32.ne(thread.get, zero))
    const wait = block(loop(seq(br_if(1, opened), more(1), when(maySleep, sleep), br(0))))
    const count = i32.store(zero, i32.add(i32.load(zero, control.polls), polls.get), control.polls)
    return when(
      i32.lt_s(i32.const(1), threads.get),
      seq(generation.set(i32.atomic.load(zero, control.generation)), when(last, open, seq(wait, when(i32.eqz(thread.get), count)))),
    )
  })
/** Polls before a thread sleeps: 0.1 to 0.2 ms, a few times what it takes to wake. Shorter waits are those of threads that all run. */
const spins = 1 << 17
/** As many polls as fill a millisecond, about what another process runs before it is the next one's turn. */
const pollsOfSleep = 1_000_000
/** Nanoseconds: whoever is not woken looks again. */
const longestSleep = 100_000_000
