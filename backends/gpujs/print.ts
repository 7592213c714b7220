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
import { type Block, type Words, type Writer, writer } from './blocks.ts'
import { digits, indirect, threads } from './digits.ts'
import { type Box, bit, extent, inner, type Nest, type Store, stored, stride, variation } from './nest.ts'
import { merged, neutral, times, within } from './text.ts'

/** What gpu.js modes differ in. */
export interface Dialect extends Words {
  /** A flat output: gpu.js's JavaScript mode hands outputs of several dimensions on as nested arrays. */
  readonly flat: boolean
  /** Elements a thread: an `Array(4)` kernel makes a contraction two to four times faster where results need not be unpacked. */
  readonly lanes: 1 | 4
}

export interface Printed {
  readonly source: string
  /** Threads along x, y, z. */
  readonly output: readonly number[]
  /** The buffers its arguments stand for: as they were before the kernel or, of the stored one, as it is now (`previous`). */
  readonly reads: readonly { readonly buffer: number; readonly previous: boolean }[]
  /** It calls some of functions.ts. */
  readonly calls: boolean
}

/** Print `store` of `nest`, whose stored array has `size` elements. */
export const print = (nest: Nest, store: Store, size: number, dialect: Dialect): Printed => {
  const { merge, at } = store
  const target = nest.streams[store.stream]!
  const varies = variation(nest)
  const taking = stored(nest, store)
  const moving = taking.map((axis) => ({ axis, size: extent(nest, axis), stride: stride(target, axis) }))
  const radix = digits(moving, target.offset, size, at?.stride)
  const free = radix ?? []

  // Four elements a thread, along the axis that the stored array runs along.
  const column = free.at(-1)
  const along = column === undefined || column.axis === indirect || column.stride !== 1 || column.size % 4 !== 0 ? undefined : column.axis
  const apart = (axis: number): boolean =>
    (at === undefined || (varies[at.index]! & bit(axis)) === 0) &&
    (nest.boxes ?? []).every((box) => [box.get(axis)].every((r) => r === undefined || (r.from % 4 === 0 && r.to % 4 === 0)))
  const wide = dialect.lanes === 4 && merge !== undefined && nest.triangle === undefined && along !== undefined && apart(along)
  const lanes = wide ? 4 : 1
  const spread = wide ? along : undefined
  const each = Array.from({ length: lanes }, (_, lane) => lane)
  const results = each.map((lane) => `r${lane}`)

  const grid = radix === undefined ? { output: [size], index: new Map<number, string>() } : threads(free, dialect.flat, lanes)
  const thread: Block = {
    index: (axis, lane) => (axis === spread ? `(${grid.index.get(axis)} * ${lanes} + ${lane})` : (grid.index.get(axis) ?? '0')),
    lines: [],
    names: new Map(),
  }
  const write = writer(nest, dialect, spread)

  if (merge === undefined && at === undefined && radix !== undefined) {
    thread.lines.push(`return ${write.value(thread, store.arg, 0)};`)
    return finish(thread, write, grid.output)
  }

  // What the element holds before the kernel, then whatever meets there.
  const here = (lane: number): string =>
    radix === undefined
      ? 'this.thread.x'
      : write.address(thread, target, target.offset, lane, at && times(thread.index(indirect, 0), at.stride))
  const before = (lane: number): string =>
    merge === undefined || store.keep ? `${write.argument(target.buffer, true)}[${here(lane)}]` : neutral[merge]
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
    else write.loop(block, axis, box.get(axis) ?? { from: 0, to: extent(nest, axis) }, (inside) => nested(inside, box, rest))
  }
  for (const box of nest.boxes ?? [new Map()]) {
    const tests = [...box].flatMap(([a, range]) => (isFree(a) ? within(thread.index(a, 0), range, extent(nest, a)) : []))
    write.when(thread, tests, (block) => nested(block, box, bound))
  }
  thread.lines.push(`return ${lanes === 4 ? `[${results.join(', ')}]` : results[0]};`)
  return finish(thread, write, grid.output)
}

const finish = ({ lines }: Block, { reads, calls }: Writer, output: readonly number[]): Printed => {
  const parameters = reads().map((_, i) => `a${i}`)
  return {
    source: `function (${parameters.join(', ')}) {\n${lines.map((line) => `  ${line}\n`).join('')}}`,
    output,
    reads: reads(),
    calls: calls(),
  }
}
