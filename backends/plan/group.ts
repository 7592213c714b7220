/**
 * Values → kernels, in one pass in the order of the values.
 *
 * A value joins the latest kernel among its arguments' if it fits there (a vertical join), else a later kernel over the same
 * space that reads the same array (a horizontal join), else it opens a kernel. A kernel is only joined when all arguments
 * come from it or from earlier ones, so the order of kernels is always an order of execution.
 *
 * Row or column? A reduction whose result meets its own axis again (softmax, layer norm) is a *row* reduction and makes that
 * axis the inner one; any other (the gradient of a parameter) accumulates in memory across rows, and is *late*: only later
 * kernels may read it.
 */
import type { Shape } from '../../core/index.ts'
import { factors } from './contractions.ts'
import { has, isCheap, type Operation, readersOf, sizeOver, type Value } from './value.ts'

export interface RowsGroup {
  readonly kind: 'rows'
  readonly own: Set<Value>
  readonly space: Shape
  inner: string | undefined
  readonly late: Set<Value>
}
export interface ContractGroup {
  readonly kind: 'contract'
  readonly value: Value
  /** Where the result is written: the value itself, or the accumulation it is part of. */
  readonly into: Value
  readonly accumulate: boolean
}
export type Group = RowsGroup | ContractGroup

export interface Grouping {
  readonly groups: readonly Group[]
  /** The kernel that makes a value (−1: none), or for a view, its source. */
  readonly at: ReadonlyMap<Value, number>
  /** Values that must be in memory, whatever kernels make of the others. */
  readonly stored: ReadonlySet<Value>
  /** Values that live inside another value's memory: parts of an accumulation, what is joined. */
  readonly home: ReadonlyMap<Value, Value>
  /** Values of no kernel, said wherever they are needed. */
  readonly floating: ReadonlySet<Value>
  /** Rows values that add to what is there rather than to zero. */
  readonly adds: ReadonlySet<Value>
}
export interface GroupOptions {
  readonly fuse: 'all' | 'maps' | 'none'
  readonly horizontal: boolean
}

/** Is this value made by a rows kernel? */
export const scalar = ({ op, free }: Value): boolean => !free && scalars.has(op.tag)
const scalars: ReadonlySet<Operation['tag']> = new Set(['word', 'copy', 'reduce', 'random', 'take', 'scatter', 'update'])
/** The axes over which a value is computed. */
export const spaceOf = (x: Value): Shape =>
  x.op.tag === 'reduce'
    ? x.from[0]!.shape
    : x.op.tag === 'scatter' || x.op.tag === 'update'
      ? { ...x.from[0]!.shape, ...x.from[1]!.shape }
      : x.shape

export const group = (
  values: readonly Value[],
  outputs: readonly Value[],
  contractions: ReadonlySet<Value>,
  { fuse, horizontal }: GroupOptions,
): Grouping => {
  const groups: Group[] = []
  const at = new Map<Value, number>()
  const stored = neededIn(values, outputs, contractions)
  const home = new Map<Value, Value>()
  const adds = new Set<Value>()
  const readIn = new Map<Value, number[]>()
  const onlyFactor = productsOf(contractions, values, outputs)
  for (const x of values) {
    if (inPlace(x)) for (const y of x.from) home.set(y, x)
  }
  const readers = readersOf(values)
  const meetsAgain = (x: Value, over: readonly string[]): boolean =>
    (readers.get(x) ?? []).some((y) => y.op.tag === 'word' && (over.some((axis) => has(y, axis)) || meetsAgain(y, over)))
  /** Spaces with a row reduction, and its axis: other reductions there may as well be row reductions. */
  const rowSpaces = new Set<string>()
  for (const x of values)
    if (x.op.tag === 'reduce' && !contractions.has(x) && x.op.over.length === 1 && meetsAgain(x, x.op.over))
      rowSpaces.add(`${spaceKey(spaceOf(x))}/${x.op.over[0]}`)
  /** The inner axis along which this reduction would run in the kernel, if it is a row reduction. */
  const rowAxis = (k: RowsGroup, x: Value): string | undefined => {
    if (x.op.tag !== 'reduce' || home.get(x)?.op.tag === 'accumulate') return undefined
    const { over } = x.op
    if (k.inner !== undefined) return over.includes(k.inner) ? k.inner : undefined
    const whole = Object.keys(k.space).length === 1
    return over.length === 1 && (whole || rowSpaces.has(`${spaceKey(k.space)}/${over[0]}`)) ? over[0] : undefined
  }
  /** Cheap words that broadcast inputs, and rows of them, belong to no kernel: each one that needs them says them again. */
  const floating = new Set<Value>()
  const floats = (x: Value): boolean => {
    const small = (y: Value): boolean => y.free || floating.has(y) || (y.op.tag === 'input' && (4 * y.size <= x.size || y.size === 1))
    const row = x.op.tag === 'take' && x.from[0]!.op.tag === 'input' && x.from[1]!.axes.length === 0 && small(x.from[1]!)
    const word = x.op.tag === 'word' && isCheap(x) && x.from.every(small)
    if (stored.has(x) || !(row || word)) return false
    floating.add(x)
    return true
  }
  const reduces = ({ op }: Value): boolean => op.tag === 'reduce' || op.tag === 'scatter' || op.tag === 'update'
  const fits = (k: Group, index: number, x: Value): k is RowsGroup => {
    if (k.kind !== 'rows' || fuse === 'none') return false
    if (fuse === 'maps' && [x, ...k.own].some((y) => reduces(y) || y.op.tag === 'random')) return false
    for (const [i, y] of x.from.entries())
      if (!y.free && at.get(y) === index && (!scalar(y) || k.late.has(y) || (x.op.tag === 'take' && i === 0))) return false
    const space = spaceOf(x)
    for (const axis in space) if (k.space[axis] !== space[axis]) return false
    // A reduction must meet every row exactly once.
    if (reduces(x)) for (const axis in k.space) if (!(axis in space) && axis !== k.inner) return false
    return true
  }
  const join = (k: RowsGroup, index: number, x: Value): void => {
    k.own.add(x)
    at.set(x, index)
    for (const y of x.from) {
      const known = readIn.get(y)
      if (known === undefined) readIn.set(y, [index])
      else if (known.at(-1) !== index) known.push(index)
    }
    if (x.op.tag === 'scatter' || x.op.tag === 'update') k.late.add(x)
    if (x.op.tag === 'reduce') {
      const row = rowAxis(k, x)
      k.inner = row ?? k.inner
      if (row === undefined || x.op.over.length > 1) k.late.add(x)
    }
  }
  const open = (x: Value): void => {
    const index = groups.push({ kind: 'rows', own: new Set(), space: spaceOf(x), inner: undefined, late: new Set() }) - 1
    join(groups[index] as RowsGroup, index, x) // the group pushed above
  }
  /** The kernel that x can join, if any. */
  const host = (x: Value, latest: number): number | undefined => {
    const vertical = groups[latest]
    if (vertical !== undefined && fits(vertical, latest, x)) return latest
    if (!horizontal) return undefined
    const volume = volumeOf(spaceOf(x))
    for (const y of x.from)
      if (!y.free && 2 * y.size >= volume)
        for (const index of (readIn.get(y) ?? []).toReversed()) {
          const k = groups[index]!
          if (index > latest && fits(k, index, x) && volumeOf(k.space) === volume) return index
        }
    return undefined
  }
  const place = (x: Value, latest: number): void => {
    const index = host(x, latest)
    const k = index === undefined ? undefined : groups[index]
    if (index !== undefined && k?.kind === 'rows') join(k, index, x)
    else open(x)
  }
  const contraction = (x: Value, into: Value, accumulate: boolean): void => {
    groups.push({ kind: 'contract', value: x, into, accumulate })
  }

  for (const x of values) {
    if (x.free || onlyFactor.has(x)) continue
    const latest = x.from.reduce((i, y) => Math.max(i, at.get(y) ?? -1), -1)
    if (x.op.tag === 'input' || x.op.tag === 'view' || x.op.tag === 'join' || x.op.tag === 'assemble' || floats(x)) at.set(x, latest)
    else if (x.op.tag === 'accumulate') {
      let started = x.from.some((y) => y.op.tag === 'copy')
      for (const y of x.from) {
        if (y.op.tag === 'copy') continue
        if (started) adds.add(y)
        if (contractions.has(y)) contraction(y, x, started)
        else open(y)
        started = true
      }
      at.set(x, groups.length - 1)
    } else if (home.get(x)?.op.tag === 'accumulate' && x.op.tag !== 'copy') continue
    else if (contractions.has(x)) {
      contraction(x, x, false)
      at.set(x, groups.length - 1)
    } else place(x, latest)
  }
  return { groups, at, stored, home, floating, adds }
}

/** What must be in memory, whatever kernels make of the rest. */
const neededIn = (values: readonly Value[], outputs: readonly Value[], contractions: ReadonlySet<Value>): Set<Value> => {
  const needed = new Set([...outputs, ...contractions, ...[...contractions].flatMap(factors)])
  for (const x of values)
    if (inPlace(x)) for (const y of x.from) needed.add(y)
    else if (x.op.tag === 'view' || x.op.tag === 'take') needed.add(x.from[0]!)
  return needed
}
/** Is the value made of its arguments where they are? */
const inPlace = ({ op }: Value): boolean => op.tag === 'accumulate' || op.tag === 'join' || op.tag === 'assemble'
const volumeOf = (space: Shape): number => sizeOver(space, Object.keys(space))
const spaceKey = (space: Shape): string => Object.entries(space).sort().join()
/** Products that only contractions read: nobody computes them. */
const productsOf = (contractions: ReadonlySet<Value>, values: readonly Value[], outputs: readonly Value[]): ReadonlySet<Value> => {
  const products = new Set([...contractions].map((x) => x.from[0]!))
  for (const x of values) if (!contractions.has(x)) for (const y of x.from) products.delete(y)
  for (const x of outputs) products.delete(x)
  return products
}
