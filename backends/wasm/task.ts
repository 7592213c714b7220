/**
 * Kernels as functions of a module. Kernels of one structure share one: what differs, the addresses, they find in memory.
 *
 *     task(arguments, thread, threads)        arguments: the address of each array that it uses, and of its scratch
 */
import type { DotGeneral, FusedKernel, Program } from '../plan/program.ts'
import { schedule } from '../plan/schedule.ts'
import { bitsOf } from './bytes.ts'
import { contraction, type Products, type Sharing } from './contract.ts'
import { block, br, br_if, loop, move, range, seq } from './control.ts'
import { fusedKernel, remembered } from './fused.ts'
import { workspace } from './gemm.ts'
import { type Code, type I32Code, i32 } from './instructions.ts'
import { neutral, padded } from './lanes.ts'
import type { Module } from './module.ts'
import { share } from './share.ts'
import { type Split, split } from './split.ts'
import type { Frame } from './sweep.ts'

export type KernelTask = (...args: readonly [I32Code, I32Code, I32Code]) => Code

/** One array a chunk that a column reduction merges into, before those are merged in order. */
export interface Partial {
  readonly stream: number
  readonly merge: 'sum' | 'max'
  /** Where its arrays begin among the partial results, and how long one is. */
  readonly at: number
  readonly size: number
}
export interface FusedTask {
  readonly kind: 'fused'
  readonly task: KernelTask
  readonly partials: readonly Partial[]
  readonly chunks: number
  /** Floats: of all partial results, and of the scratch of a thread. */
  readonly partial: number
  readonly memory: number
  readonly alone: boolean
}
export interface DotGeneralTask {
  readonly kind: 'dotGeneral'
  readonly task: KernelTask
  readonly alone: boolean
}

/**
 * How a product is shared where a BLAS computes it. A BLAS rounds by the size of a call, so that the calls must be the same at any number of
 * threads: whole items of the loops, or so many blocks of each as cost a few per cent where one thread makes all of them.
 */
const sharingForBlas = (items: number, multiplications: number): Sharing => {
  const shares = [1 << 23, 1 << 25, 1 << 28].reduce((n, size) => (multiplications < size ? n : 2 * n), 2)
  return { items: items >= 8, shares }
}

export const dotGeneralTask = (
  m: Module,
  name: string,
  contract: DotGeneral,
  call: Products,
  threads: number,
  worth: number,
  blas: boolean,
): DotGeneralTask => {
  const { loops, parts } = contract
  const alone = loops.reduce((count, { size }) => count * size, contract.m * contract.n * contract.k) < 4 * worth
  const items = loops.reduce((count, { size, sum }) => (sum ? count : count * size), 1)
  const sharing: Sharing = blas
    ? sharingForBlas(items, Math.max(...parts.map((part) => part.m * part.n * part.k)))
    : { items: items >= 2 * threads, shares: threads }
  const task = m.define(name, ['i32', 'i32', 'i32'], (locals, given, thread, pool) => {
    const [at, to, out, space] = [0, 4, 8, 12].map((offset) => i32.load(given.get, offset)) as [I32Code, I32Code, I32Code, I32Code] // A, B, C (as `oriented` has them), workspaces
    const mine = i32.add(space, i32.mul(thread.get, i32.const(workspace)))
    const base = { a: at, b: to, c: out, workspace: mine }
    if (!blas || sharing.items || alone)
      return contraction(contract, base, locals, call, { thread: thread.get, threads: pool.get }, sharing)
    const { shares } = sharing
    const part = locals('i32')
    const one = contraction(contract, base, locals, call, { thread: part.get, threads: i32.const(shares) }, sharing)
    return seq(part.set(thread.get), block(loop(seq(br_if(1, i32.ge_s(part.get, i32.const(shares))), one, move(part, pool.get), br(0)))))
  })
  return { kind: 'dotGeneral', task, alone }
}

/** `overwritten`: streams whose memory the kernel itself writes. */
export const fusedTask = (
  m: Module,
  name: string,
  kernel: FusedKernel,
  program: Program,
  overwritten: readonly boolean[],
  fill: (...args: readonly I32Code[]) => Code,
  worth: number,
): FusedTask => {
  const { loops, inner, streams, body } = kernel
  const plan = schedule(kernel, (s) => overwritten[s]!)
  const cut = split(kernel, program)
  const chunks = cut.by === 'chunks' ? cut.count : 0
  let partial = 0
  const partials = (cut.by === 'chunks' ? cut.streams : []).map((stream): Partial => {
    const store = body.find((i) => i.op === 'store' && i.stream === stream)
    const size = padded(program.buffers[streams[stream]!.buffer]!.size)
    const at = partial
    partial += chunks * size
    return { stream, merge: store?.op === 'store' && store.merge === 'max' ? 'max' : 'sum', at, size }
  })
  const memory = remembered(kernel, plan)
  const alone = cut.by === 'nothing' || body.length * loops.reduce((n, { size }) => n * size, inner.size) < worth
  const task = m.define(name, ['i32', 'i32', 'i32'], (locals, list, thread, threads) => {
    const pointers = streams.map(() => locals('i32'))
    const [scratch, from, to, chunk, last] = [locals('i32'), locals('i32'), locals('i32'), locals('i32'), locals('i32')]
    const pool = { thread: thread.get, threads: threads.get }
    const frame: Frame = { pointers, scratch, from, to, shared: axisOf(cut) }
    const word = (i: number): I32Code => i32.load(list.get, 4 * i)
    const open = seq(...pointers.map((p, s) => p.set(word(s))))
    const whole = seq(scratch.set(i32.add(word(streams.length + 1), i32.mul(thread.get, i32.const(4 * memory)))))
    const limits = ([first, end]: readonly [I32Code, I32Code]): Code => seq(from.set(first), to.set(end))
    if (cut.by === 'nothing') return seq(open, whole, fusedKernel(locals, kernel, plan, frame))
    if (cut.by !== 'chunks') {
      const [size, multiple] = cut.by === 'inner' ? [inner.size, 16] : [loops[cut.loop]!.size, 1]
      return seq(open, whole, limits(share(pool, size, multiple)), fusedKernel(locals, kernel, plan, frame))
    }
    const bound = (c: I32Code): I32Code => i32.div_u(i32.mul(c, i32.const(loops[0]?.size ?? 1)), i32.const(chunks))
    const own = ({ at, size }: Partial): I32Code =>
      i32.add(i32.add(word(streams.length), i32.const(4 * at)), i32.mul(chunk.get, i32.const(4 * size)))
    const one = seq(
      open,
      ...partials.flatMap((p) => [
        fill(own(p), i32.const(4 * p.size), i32.const(bitsOf(neutral[p.merge]))),
        pointers[p.stream]!.set(i32.add(own(p), i32.const(4 * streams[p.stream]!.offset))),
      ]),
      limits([bound(chunk.get), bound(i32.add(chunk.get, i32.const(1)))]),
      fusedKernel(locals, kernel, plan, frame),
    )
    const [first, end] = share(pool, chunks, 1)
    return seq(whole, last.set(end), range(chunk, first, last.get, 1, one))
  })
  return { kind: 'fused', task, partials, chunks, partial, memory, alone }
}
const axisOf = (cut: Split): number | undefined =>
  cut.by === 'loop' ? cut.loop : cut.by === 'inner' ? -1 : cut.by === 'chunks' ? 0 : undefined
