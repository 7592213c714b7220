/**
 * How the iterations of a fused kernel become threads.
 *
 *     spread    a thread computes one element of the kernel's space, or one column of it          maps, column sums
 *     rows      so many lanes share a row, pass by pass; reductions meet in workgroup memory      softmax, norms, cross-entropy
 *
 * A loop is *free* if its iterations write to different elements; other loops are walked by the thread, in order, or in chunks whose partial
 * results are merged in order. Nothing depends on which thread is first, so results repeat to the bit.
 */
import type { FusedKernel, Instruction, Program } from '../plan/index.ts'
import { fullness } from '../plan/schedule.ts'

export type StoreInstruction = Extract<Instruction, { op: 'store' }>
/** A loop by its number; −1 is the inner axis. */
export type Axis = number
export const innerAxis = -1

export interface ThreadGrid {
  readonly full: readonly boolean[]
  readonly spread: boolean
  /** Threads of a row; 1 where rows are spread. */
  readonly lanes: number
  /** Axes whose indices follow from the number of an item, outermost first. */
  readonly parallel: readonly Axis[]
  readonly serial: readonly Axis[]
  /** A serial loop in so many chunks, which are items, too. */
  readonly chunks: { readonly axis: Axis; readonly count: number } | undefined
  /** Registers of stores that merge into an array of their chunk. */
  readonly partial: ReadonlySet<number>
  /** Registers of merging stores that meet every element of their buffer: their first iteration writes, nothing is filled beforehand. */
  readonly covering: ReadonlySet<number>
  /** Plain stores that lack an axis which is parallel: only its last iteration writes. */
  readonly once: ReadonlyMap<number, readonly Axis[]>
}

/** What the device is good at. */
export interface Style {
  /** Threads that it takes to keep it busy. */
  readonly busy: number
  /** The most lanes that share a row. */
  readonly lanes: number
  /** The tile of a thread in products, its workgroup, and how much of k workgroup memory holds (0: none). */
  readonly tile: {
    readonly rows: number
    readonly columns: number
    readonly down: number
    readonly across: number
    readonly depth: number
  }
}

/** A card is kept busy by thousands of threads; a CPU that plays one, by few, for which a barrier is dear. */
export const styles: { readonly [kind in 'card' | 'software']: Style } = {
  card: { busy: 16384, lanes: 64, tile: { rows: 4, columns: 4, down: 8, across: 8, depth: 16 } },
  software: { busy: 64, lanes: 4, tile: { rows: 8, columns: 8, down: 4, across: 8, depth: 0 } },
}

export const sizeOf = ({ loops, inner }: FusedKernel, axis: Axis): number => (axis === innerAxis ? inner.size : loops[axis]!.size)
export const strideOf = ({ streams }: FusedKernel, stream: number, axis: Axis): number => {
  const { outer, inner } = streams[stream]!
  return axis === innerAxis ? inner : outer[axis]!
}

/** `reread[stream]`: the kernel reads memory that this stream writes to. */
export const gridOf = (kernel: FusedKernel, { buffers }: Program, reread: readonly boolean[], style: Style): ThreadGrid => {
  const { loops, inner, body, streams } = kernel
  const full = fullness(kernel)
  const all: readonly Axis[] = [...loops.keys(), innerAxis]
  const stores = body.flatMap((i, register) => (i.op === 'store' ? [{ store: i, register }] : []))
  const sizeOfBuffer = ({ stream }: StoreInstruction): number => buffers[streams[stream]!.buffer]!.size
  const walks = (register: number): readonly Axis[] => (full[register] ? all : all.slice(0, -1))
  /** Do different indices of the axis reach different elements? */
  const apart = ({ store, register }: { readonly store: StoreInstruction; readonly register: number }, axis: Axis): boolean => {
    if (strideOf(kernel, store.stream, axis) === 0) return false
    if (store.merge === undefined && store.at === undefined) return true
    const steps = walks(register).map((a) => ({ stride: strideOf(kernel, store.stream, a), size: sizeOf(kernel, a) }))
    const table = store.at === undefined ? [] : [{ stride: store.at.stride, size: Math.ceil(sizeOfBuffer(store) / store.at.stride) }]
    return distinct([...steps, ...table])
  }
  /** A plain store without the axis writes the same number in each of its iterations. */
  const plain = ({ store, register }: (typeof stores)[number], axis: Axis): boolean =>
    store.merge === undefined && store.at === undefined && !reread[store.stream]! && !(axis === innerAxis && full[register])
  const onceARow = (s: (typeof stores)[number], axis: Axis): boolean => axis === innerAxis && !full[s.register] && !reread[s.store.stream]!
  const free = (axis: Axis): boolean =>
    sizeOf(kernel, axis) === 1 || stores.every((s) => apart(s, axis) || plain(s, axis) || onceARow(s, axis))
  const spread = !body.some((i) => i.op === 'reduce') && free(innerAxis)
  const serial = loops.flatMap((_, l) => (free(l) ? [] : [l]))
  const parallel = all.filter((axis) => !serial.includes(axis) && (axis !== innerAxis || spread))
  const alongRow = stores.every((s) => !full[s.register] || apart(s, innerAxis))
  const lanes = spread || !alongRow ? 1 : lanesFor(inner.size, style.lanes)
  const alone = ({ store }: (typeof stores)[number]): boolean =>
    stores.filter((other) => streams[other.store.stream]!.buffer === streams[store.stream]!.buffer).length === 1
  const covers = (s: (typeof stores)[number]): boolean => {
    const { store, register } = s
    if (store.merge === undefined || store.keep === true || store.at !== undefined || !alone(s)) return false
    return coversBuffer(kernel, store, walks(register), sizeOfBuffer(store))
  }
  const threads = lanes * parallel.reduce((n, axis) => n * sizeOf(kernel, axis), 1)
  const clashing = serial.length === 0 ? [] : stores.filter((s) => !apart(s, serial[0]!))
  const mergeable = clashing.every(
    (s) => s.store.merge !== undefined && alone(s) && coversBuffer(kernel, s.store, walks(s.register), sizeOfBuffer(s.store)),
  )
  const count = serial[0] === undefined || !mergeable ? 1 : chunkCount(sizeOf(kernel, serial[0]), style.busy / threads)
  const fits = clashing.reduce((n, s) => n + count * sizeOfBuffer(s.store), 0) <= mostPartial
  const chunks = count > 1 && fits ? { axis: serial[0]!, count } : undefined
  return {
    ...{ full, spread, lanes, parallel, serial, chunks },
    partial: new Set(chunks === undefined ? [] : clashing.map((s) => s.register)),
    covering: new Set(stores.filter(covers).map((s) => s.register)),
    once: new Map(stores.map((s) => [s.register, parallel.filter((axis) => !apart(s, axis) && sizeOf(kernel, axis) > 1)])),
  }
}

/** Elements of all partial results of a kernel. */
const mostPartial = 1 << 22

/** Different indices reach different elements: each stride steps over all that the smaller ones can reach. */
const distinct = (walks: readonly { readonly stride: number; readonly size: number }[]): boolean => {
  let reach = 0
  const moving = walks.map(({ stride, size }) => ({ stride: Math.abs(stride), size })).filter(({ stride, size }) => size > 1 && stride > 0)
  for (const { stride, size } of moving.sort((x, y) => x.stride - y.stride)) {
    if (stride <= reach) return false
    reach += stride * (size - 1)
  }
  return true
}

const coversBuffer = (kernel: FusedKernel, store: StoreInstruction, walked: readonly Axis[], size: number): boolean => {
  if (store.at !== undefined || (kernel.triangle !== undefined && strideOf(kernel, store.stream, innerAxis) !== 0)) return false
  const moving = walked.filter((axis) => strideOf(kernel, store.stream, axis) !== 0)
  const steps = moving.map((axis) => ({ stride: strideOf(kernel, store.stream, axis), size: sizeOf(kernel, axis) }))
  return distinct(steps) && steps.reduce((n, s) => n * s.size, 1) === size
}

/** As many lanes as a row has use for: a power of two. */
const lanesFor = (length: number, most: number): number => {
  let lanes = 1
  while (lanes < most && 4 * lanes <= length) lanes *= 2
  return lanes
}

/** A divisor of the length, at most 64, that makes so many times the threads, if there is one. */
const chunkCount = (length: number, wanted: number): number => {
  let best = 1
  for (let count = 2; count <= Math.min(length / 4, 64) && best < wanted; count++) if (length % count === 0) best = count
  return best
}
