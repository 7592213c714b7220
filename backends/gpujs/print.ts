/**
 * One store of a kernel, printed for gpu.js: a thread per element of the array that is stored,
 *
 *     out[e] = ⨁ { arg(i) : address(i) = e }
 *
 * The axes along which the store moves are read off the thread; over the others the thread loops, recomputing what it
 * needs (a reduction along the inner axis is a loop of its own). So a column sum, or a scatter-add, asks nothing but
 * reads: gpu.js kernels cannot write in place. Kernels are printed, never stringified closures, and every bound is a
 * literal: a loop whose bound is an argument silently stops after 1000 turns.
 */
import type { Stream } from '../plan/index.ts'
import { type Block, type KernelPrimitives, type KernelWriter, writer } from './blocks.ts'
import { type Digit, digits, element, indexOf, indirect, threads } from './digits.ts'
import { type Box, bit, extent, type IndexRange, inner, type Nest, type Store, stored, stride, variation } from './nest.ts'
import { merged, neutral, times, within } from './text.ts'

/** What gpu.js modes differ in. */
export interface Dialect extends KernelPrimitives {
  /** A flat output: gpu.js's JavaScript mode hands outputs of several dimensions on as nested arrays. */
  readonly flat: boolean
  /** Elements a thread: an `Array(4)` kernel makes a contraction two to four times faster where results need not be unpacked. */
  readonly lanes: 1 | 4
}

export interface PrintedKernels {
  readonly source: string
  /** Threads along x, y, z. */
  readonly output: readonly number[]
  /** The buffers its arguments stand for: as they were before the kernel or, of the stored one, as it is now (`previous`). */
  readonly reads: readonly { readonly buffer: number; readonly previous: boolean }[]
  /** It calls some of functions.ts. */
  readonly calls: boolean
}

/** A store that is being printed. */
interface StorePrinter {
  readonly nest: Nest
  readonly store: Store
  readonly target: Stream
  readonly at: Store['at']
  /** The axes along which the store moves; of those, the ones that are read off the thread, unless it cannot be told from the element. */
  readonly taking: readonly number[]
  readonly radix: readonly Digit[] | undefined
  /** A variable for each of the elements of a thread. */
  readonly results: readonly string[]
  readonly thread: Block
  readonly write: KernelWriter
  /** What a digit of the thread's number is, as text. */
  readonly digit: (i: number, lane: number) => string
  /** What an element is before anything meets there. */
  readonly begins: string
}

/**
 * Print `store` of `nest`, whose stored array has `size` elements. `written`: the array holds something already, which stays
 * where the store does not reach.
 */
export const print = (nest: Nest, store: Store, size: number, written: boolean, dialect: Dialect): PrintedKernels => {
  const { merge, at } = store
  const target = nest.streams[store.stream]!
  const taking = stored(nest, store)
  const moving = taking.map((axis) => ({ axis, size: extent(nest, axis), stride: stride(target, axis) }))
  const radix = digits(moving, target.offset, size, at?.stride)
  const free = radix ?? []

  // Four elements a thread, along the axis that the stored array runs along.
  const column = free.at(-1)
  const wide = dialect.lanes === 4 && merge !== undefined && column !== undefined && mayBeWide(nest, store, column)
  const lanes = wide ? 4 : 1
  const grid = radix === undefined ? { output: [size], text: [] } : threads(free, dialect.flat, lanes)
  const digit = (i: number, lane: number): string => (wide && i === free.length - 1 ? `(${grid.text[i]} * 4 + ${lane})` : grid.text[i]!)
  const p: StorePrinter = {
    ...{ nest, store, target, at, taking, radix, digit },
    results: Array.from({ length: lanes }, (_, lane) => `r${lane}`),
    thread: threadBlock(free, digit),
    write: writer(nest, dialect, wide ? column.axis : undefined),
    begins: merge === undefined ? '0' : neutral[merge],
  }
  const inside = free.flatMap((d, i) => within(digit(i, 0), { from: d.from, to: d.from + d.count }, d.size))
  const holes = inside.length > 0 || (written && nest.triangle !== undefined && taking.includes(inner))
  if (merge === undefined && at === undefined && radix !== undefined && !holes)
    p.thread.lines.push(`return ${p.write.value(p.thread, store.arg, 0)};`)
  else combined(p, inside, written)
  return finish(p.thread, p.write, grid.output)
}

const threadBlock = (free: readonly Digit[], digit: StorePrinter['digit']): Block => ({
  index: (axis, lane) => {
    const i = free.findIndex((d) => d.axis === axis)
    return i < 0 ? '0' : indexOf(free[i]!, digit(i, lane))
  },
  lines: [],
  names: new Map(),
})

/** What the element holds before the kernel, then whatever meets there. `inside`: tests that the store reaches the element at all. */
const combined = (p: StorePrinter, inside: readonly string[], written: boolean): void => {
  const { nest, store, target, radix, results, thread, write, begins, digit } = p
  const { merge } = store
  const stays = written && (merge === undefined || (nest.leaves === true && (inside.length > 0 || nest.boxes !== undefined)))
  const here = (lane: number): string => (radix === undefined ? 'this.thread.x' : element(radix, (i) => digit(i, lane)))
  const before = (lane: number): string => (store.keep || stays ? `${write.argument(target.buffer, true)}[${here(lane)}]` : begins)
  thread.lines.push(...results.map((r, lane) => `let ${r} = ${before(lane)};`))

  const boxes = nest.boxes ?? [new Map()]
  const tests = (box: Box): readonly string[] =>
    [...box].flatMap(([a, range]) => (isFree(p, a) ? within(thread.index(a, 0), range, extent(nest, a)) : []))
  const clear = (block: Block): void => void block.lines.push(...results.map((r) => `${r} = ${begins};`))
  const bound = p.taking.filter((a) => !isFree(p, a) && (extent(nest, a) > 1 || radix === undefined))
  // Where the store does not reach, its indices are not indices: nothing may be computed from them.
  const reached: Block = inside.length === 0 ? thread : { ...thread, lines: [], names: new Map() }
  if (stays && merge !== undefined && !store.keep) for (const box of boxes) write.when(reached, tests(box), clear)
  for (const box of boxes) write.when(reached, tests(box), (block) => nested(p, block, box, bound))
  if (inside.length > 0) thread.lines.push(`if (${inside.join(' && ')}) {`, ...reached.lines.map((line) => `  ${line}`), '}')
  thread.lines.push(`return ${results.length === 4 ? `[${results.join(', ')}]` : results[0]};`)
}

const isFree = ({ radix }: StorePrinter, axis: number): boolean => radix?.some((d) => d.axis === axis) ?? false
/** Loops over the axes that are not read off the thread, and in them what meets in its element. */
const nested = (p: StorePrinter, block: Block, box: Box, [axis, ...rest]: readonly number[]): void => {
  const { nest, taking, write } = p
  if (axis !== undefined)
    write.loop(block, axis, box.get(axis) ?? { from: 0, to: extent(nest, axis) }, (around) => nested(p, around, box, rest))
  else
    write.when(block, taking.includes(inner) ? write.exists(block) : [], (there) =>
      write.when(there, reaches(p, there), (at) => combine(p, at)),
    )
}
/** Tests that this turn of the loops reaches the thread's element. */
const reaches = ({ at, radix, target, write }: StorePrinter, block: Block): readonly string[] => {
  const index = at && `(${write.value(block, at.index, 0)} | 0)`
  if (radix === undefined) return [`${write.address(block, target, target.offset, 0, index && times(index, at!.stride))} === this.thread.x`]
  return index === undefined ? [] : [`${index} === ${block.index(indirect, 0)}`]
}
const combine = ({ results, store: { arg, merge }, write }: StorePrinter, block: Block): void => {
  const values = results.map((_, lane) => write.value(block, arg, lane))
  for (const [lane, r] of results.entries())
    block.lines.push(`${r} = ${merge === undefined ? values[lane] : write.rounded(merged[merge](r, values[lane]!))};`)
}

/** Four elements beside each other in `column` must have everything else in common. */
const mayBeWide = (nest: Nest, { at }: Store, { axis, stride, size, from, count }: Digit): boolean => {
  const whole = (range: IndexRange | undefined): boolean => range === undefined || (range.from % 4 === 0 && range.to % 4 === 0)
  return (
    axis >= inner &&
    stride === 1 &&
    nest.triangle === undefined &&
    [size, from, count].every((n) => n % 4 === 0) &&
    (nest.boxes ?? []).every((box) => whole(box.get(axis))) &&
    (at === undefined || (variation(nest)[at.index]! & bit(axis)) === 0)
  )
}

const finish = ({ lines }: Block, { reads, calls }: KernelWriter, output: readonly number[]): PrintedKernels => {
  const parameters = reads().map((_, i) => `a${i}`)
  return {
    source: `function (${parameters.join(', ')}) {\n${lines.map((line) => `  ${line}\n`).join('')}}`,
    output,
    reads: reads(),
    calls: calls(),
  }
}
