/**
 * How a rows kernel is shared between threads so that the number of threads never changes a bit of the result.
 *
 * Iterations of a loop (or parts of the inner axis) go to different threads where no two of them write to one element. Where they
 * would — column reductions — the rows are cut into a number of chunks that depends on their count only; every chunk has an array
 * of its own to merge into, and those are merged in order.
 */
import type { FusedKernel, Instruction, Program } from '../plan/program.ts'
import { fullness } from '../plan/schedule.ts'

type SplitStore = Extract<Instruction, { op: 'store' }>
export type Split =
  | { readonly by: 'loop'; readonly loop: number }
  | { readonly by: 'inner' }
  /** `streams`: those which merge into arrays of the chunk. */
  | { readonly by: 'chunks'; readonly count: number; readonly streams: readonly number[] }
  | { readonly by: 'nothing' }

/** Arrays larger than this are not worth a copy a chunk. */
const largest = 1 << 15

export const split = (kernel: FusedKernel, { buffers }: Program): Split => {
  const { loops, inner, streams, body, triangle } = kernel
  const full = fullness(kernel)
  const stores = body.filter((i): i is SplitStore => i.op === 'store')
  const apart = (store: SplitStore, loop: number): boolean => {
    const { outer, inner: step } = streams[store.stream]!
    return (
      store.at === undefined &&
      outer[loop] !== 0 &&
      (store.merge === undefined || distinct([...outer, step], [...loops.map((l) => l.size), inner.size]))
    )
  }
  const free = loops.flatMap(({ size }, loop) =>
    size > 1 && stores.every((store) => (store.merge === undefined && store.at === undefined) || apart(store, loop))
      ? [{ loop, size }]
      : [],
  )
  const wide = free.find(({ size }) => size >= 8) ?? free.find(({ size }) => size >= 2)
  const along =
    triangle === undefined &&
    !body.some((i) => i.op === 'reduce') &&
    stores.every(({ stream, at, merge }) => streams[stream]!.inner !== 0 && (at === undefined || !full[at.index] || merge === undefined))
  if (wide !== undefined && (wide.size >= 8 || !along || inner.size < 64)) return { by: 'loop', loop: wide.loop }
  const clashing = stores.filter(
    (store) => (store.merge !== undefined || store.at !== undefined) && (loops.length === 0 || !apart(store, 0)),
  )
  const rows = loops[0]?.size ?? 1
  const small = clashing.every(({ stream, merge }) => merge !== undefined && buffers[streams[stream]!.buffer]!.size <= largest)
  // Parts of the inner axis need no arrays of chunks; but many rows are better left to the thread whose core has them.
  if (along && inner.size >= 64 && !(small && rows >= 128)) return { by: 'inner' }
  if (rows >= 32 && small) return { by: 'chunks', count: rows >= 128 ? 8 : 4, streams: clashing.map(({ stream }) => stream) }
  return { by: 'nothing' }
}

/** Different indices reach different elements: each stride steps over all that the smaller ones can reach. */
const distinct = (strides: readonly number[], sizes: readonly number[]): boolean => {
  let reach = 0
  const walks = strides
    .map((stride, i) => ({ stride: Math.abs(stride), size: sizes[i]! }))
    .filter(({ stride, size }) => size > 1 && stride > 0)
  for (const { stride, size } of [...walks].sort((x, y) => x.stride - y.stride)) {
    if (stride <= reach) return false
    reach += stride * (size - 1)
  }
  return true
}
