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
  const spread = wide ? column.axis : undefined
  const each = Array.from({ length: lanes }, (_, lane) => lane)
  const results = each.map((lane) => `r${lane}`)

  const grid = radix === undefined ? { output: [size], text: [] } : threads(free, dialect.flat, lanes)
  const digit = (i: number, lane: number): string => (wide && i === free.length - 1 ? `(${grid.text[i]} * 4 + ${lane})` : grid.text[i]!)
  const thread: Block = {
    index: (axis, lane) => {
      const i = free.findIndex((d) => d.axis === axis)
      return i < 0 ? '0' : indexOf(free[i]!, digit(i, lane))
    },
    lines: [],
    names: new Map(),
  }
  const write = writer(nest, dialect, spread)
  const inside = free.flatMap((d, i) => within(digit(i, 0), { from: d.from, to: d.from + d.count }, d.size))

  const holes = inside.length > 0 || (written && nest.triangle !== undefined && taking.includes(inner))
  if (merge === undefined && at === undefined && radix !== undefined && !holes) {
    thread.lines.push(`return ${write.value(thread, store.arg, 0)};`)
    return finish(thread, write, grid.output)
  }

  // What the element holds before the kernel, then whatever meets there.
  const begins = merge === undefined ? '0' : neutral[merge]
  const stays = written && (merge === undefined || (nest.leaves === true && (inside.length > 0 || nest.boxes !== undefined)))
  const here = (lane: number): string => (radix === undefined ? 'this.thread.x' : element(free, (i) => digit(i, lane)))
  const before = (lane: number): string => (store.keep || stays ? `${write.argument(target.buffer, true)}[${here(lane)}]` : begins)
  thread.lines.push(...each.map((lane) => `let ${results[lane]} = ${before(lane)};`))

  const isFree = (axis: number): boolean => free.some((d) => d.axis === axis)
  const bound = taking.filter((a) => !isFree(a) && (extent(nest, a) > 1 || radix === undefined))
  /** Does this turn of the loops reach the thread's element? */
  const reaches = (block: Block): readonly string[] => {
    const index = at && `(${write.value(block, at.index, 0)} | 0)`
    if (radix === undefined)
      return [`${write.address(block, target, target.offset, 0, index && times(index, at!.stride))} === this.thread.x`]
    return index === undefined ? [] : [`${index} === ${block.index(indirect, 0)}`]
  }
  const combine = (block: Block): void => {
    const values = each.map((lane) => write.value(block, store.arg, lane))
    for (const [lane, r] of results.entries())
      block.lines.push(`${r} = ${merge === undefined ? values[lane] : write.rounded(merged[merge](r, values[lane]!))};`)
  }
  const nested = (block: Block, box: Box, [axis, ...rest]: readonly number[]): void => {
    if (axis === undefined)
      write.when(block, taking.includes(inner) ? write.exists(block) : [], (there) => write.when(there, reaches(there), combine))
    else write.loop(block, axis, box.get(axis) ?? { from: 0, to: extent(nest, axis) }, (around) => nested(around, box, rest))
  }
  const boxes = nest.boxes ?? [new Map()]
  const tests = (box: Box): readonly string[] =>
    [...box].flatMap(([a, range]) => (isFree(a) ? within(thread.index(a, 0), range, extent(nest, a)) : []))
  const clear = (block: Block): void => void block.lines.push(...results.map((r) => `${r} = ${begins};`))
  // Where the store does not reach, its indices are not indices: nothing may be computed from them.
  const reached: Block = inside.length === 0 ? thread : { ...thread, lines: [], names: new Map() }
  if (stays && merge !== undefined && !store.keep) for (const box of boxes) write.when(reached, tests(box), clear)
  for (const box of boxes) write.when(reached, tests(box), (block) => nested(block, box, bound))
  if (inside.length > 0) thread.lines.push(`if (${inside.join(' && ')}) {`, ...reached.lines.map((line) => `  ${line}`), '}')
  thread.lines.push(`return ${lanes === 4 ? `[${results.join(', ')}]` : results[0]};`)
  return finish(thread, write, grid.output)
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
