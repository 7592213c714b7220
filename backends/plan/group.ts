/**
 * Values → kernels, in one pass in the order of the values.
 *
 * A value joins the latest kernel among its arguments' if it fits there (a vertical join), else an earlier one that nobody has
 * read yet and that can therefore become the last, else a later kernel over the same space that reads the same array (a
 * horizontal join), else it opens a kernel. A kernel is only joined when all arguments come from it or from earlier ones, so the
 * order of kernels is always an order of execution.
 *
 * Row or column? A reduction whose result meets its own axis again (softmax, layer norm) is a *row* reduction and makes that
 * axis the inner one; any other (the gradient of a parameter) accumulates in memory across rows, and is *late*: only later
 * kernels may read it.
 */
import type { Shape } from '../../core/index.ts'
import { inPlace, neededIn, rowReductions, spaceKey, spaceOf, starts } from './needs.ts'
import { isCheap, type Operation, sizeOver, type Value } from './value.ts'

export interface FusedGroup {
  readonly kind: 'fused'
  readonly own: Set<Value>
  readonly space: Shape
  inner: string | undefined
  readonly accumulators: Set<Value>
  /** Its place in the order of execution. It may move to the end until another kernel reads it. */
  index: number
  read: boolean
}
export interface DotGeneralGroup {
  readonly kind: 'dotGeneral'
  readonly value: Value
  /** Where the result is written: the value itself, or the accumulation it is part of. */
  readonly into: Value
  readonly accumulate: boolean
  readonly index: number
}
export type Group = FusedGroup | DotGeneralGroup

export interface Grouping {
  readonly groups: readonly Group[]
  /** The kernel that makes a value, or for a view, its source. */
  readonly at: ReadonlyMap<Value, Group>
  /** Values that must be in memory, whatever kernels make of the others. */
  readonly stored: ReadonlySet<Value>
  /** Values that live inside another value's memory: parts of an accumulation, what is joined. */
  readonly storageAlias: ReadonlyMap<Value, Value>
  /** Values of no kernel, said wherever they are needed. */
  readonly inlined: ReadonlySet<Value>
  /** Rows values that add to what is there rather than to zero. */
  readonly adds: ReadonlySet<Value>
}
export interface GroupOptions {
  readonly fuse: 'all' | 'maps' | 'none'
  readonly horizontal: boolean
}

/** Is this value made by a rows kernel? */
export const scalar = ({ op, free }: Value): boolean => !free && scalars.has(op.tag)
const scalars: ReadonlySet<Operation['tag']> = new Set(['primitive', 'copy', 'reduce', 'random', 'take', 'scatter', 'update'])

export const group = (
  values: readonly Value[],
  outputs: readonly Value[],
  contractions: ReadonlySet<Value>,
  { fuse, horizontal }: GroupOptions,
): Grouping => {
  const groups: (Group | undefined)[] = []
  const at = new Map<Value, Group>()
  const stored = neededIn(values, outputs, contractions)
  const storageAlias = new Map<Value, Value>()
  const adds = new Set<Value>()
  const readIn = new Map<Value, FusedGroup[]>()
  // A contraction computes its own product.
  const products = new Set([...contractions].map((x) => x.from[0]!))
  for (const x of values) {
    if (inPlace(x)) for (const y of x.from) storageAlias.set(y, x)
  }
  const rows = rowReductions(values, contractions)
  /** The inner axis along which this reduction would run in the kernel, if it is a row reduction. */
  const rowAxis = (k: FusedGroup, x: Value): string | undefined => {
    if (x.op.tag !== 'reduce' || storageAlias.get(x)?.op.tag === 'accumulate') return undefined
    const { over } = x.op
    if (k.inner !== undefined) return over.includes(k.inner) ? k.inner : undefined
    const whole = Object.keys(k.space).length === 1
    return over.length === 1 && (whole || rows.has(`${spaceKey(k.space)}/${over[0]}`)) ? over[0] : undefined
  }
  /** Cheap primitives on an input or two, and rows of inputs, belong to no kernel: each one that needs them says them again. */
  const inlined = new Map<Value, ReadonlySet<Value>>()
  const floats = (x: Value): boolean => {
    const row = x.op.tag === 'take' && x.from[0]!.op.tag === 'input' && x.from[1]!.axes.length === 0
    if (stored.has(x) || !(row || (x.op.tag === 'primitive' && isCheap(x)))) return false
    const from = row ? [x.from[1]!] : x.from
    if (!from.every((y) => y.free || y.op.tag === 'input' || inlined.has(y))) return false
    /** The inputs that it reads, but for small ones. */
    const read = new Set<Value>()
    for (const y of from)
      if (y.op.tag !== 'input') for (const z of inlined.get(y) ?? []) read.add(z)
      else if (y.size > 1 && 4 * y.size > x.size) read.add(y)
    if (read.size > 2) return false
    inlined.set(x, read)
    return true
  }
  /** What a kernel reads for x. */
  const sources = (x: Value): readonly Value[] => x.from.flatMap((y) => (y.free ? [] : [...(inlined.get(y) ?? [y])]))
  const reduces = ({ op }: Value): boolean => op.tag === 'reduce' || op.tag === 'scatter' || op.tag === 'update'
  const fits = (k: Group | undefined, x: Value): k is FusedGroup => {
    if (k?.kind !== 'fused' || fuse === 'none') return false
    if (fuse === 'maps' && [x, ...k.own].some((y) => reduces(y) || y.op.tag === 'random')) return false
    const finished = (y: Value, i: number): boolean => !scalar(y) || k.accumulators.has(y) || (x.op.tag === 'take' && i === 0)
    if (x.from.some((y, i) => !y.free && at.get(y) === k && finished(y, i))) return false
    const space = spaceOf(x)
    for (const axis in space) if (k.space[axis] !== space[axis]) return false
    // A reduction must meet every row exactly once.
    if (reduces(x)) for (const axis in k.space) if (!(axis in space) && axis !== k.inner) return false
    return true
  }
  const join = (k: FusedGroup, x: Value): void => {
    read(x, k)
    k.own.add(x)
    at.set(x, k)
    for (const y of sources(x)) {
      const known = readIn.get(y)
      if (known === undefined) readIn.set(y, [k])
      else if (known.at(-1) !== k) known.push(k)
    }
    if (x.op.tag === 'scatter' || x.op.tag === 'update') k.accumulators.add(x)
    if (x.op.tag === 'reduce') {
      const row = rowAxis(k, x)
      k.inner = row ?? k.inner
      if (row === undefined || x.op.over.length > 1) k.accumulators.add(x)
    }
  }
  /** Kernels that another one reads stay where they are. */
  const read = (x: Value, by?: Group): void => {
    for (const y of x.from) {
      const k = at.get(y)
      if (k?.kind === 'fused' && k !== by) k.read = true
    }
  }
  const append = <G extends Group>(k: G): G => {
    groups.push(k)
    return k
  }
  const open = (x: Value): FusedGroup => {
    const k = append<FusedGroup>({
      ...{ kind: 'fused', own: new Set(), space: spaceOf(x), inner: undefined, accumulators: new Set() },
      ...{ index: groups.length, read: false },
    })
    join(k, x)
    return k
  }
  /** The kernel that x can join, if any: the latest of its arguments', a later one, or an earlier one that can become the last. */
  const host = (x: Value, latest: Group | undefined): FusedGroup | undefined => {
    if (fits(latest, x)) return latest
    const volume = volumeOf(spaceOf(x))
    const whole = (k: Group | undefined): k is FusedGroup => fits(k, x) && volumeOf(k.space) === volume
    for (const y of x.from) {
      const k = at.get(y)
      if (whole(k) && !k.read) {
        groups[k.index] = undefined
        k.index = groups.length
        return append(k)
      }
    }
    // What is widened for a product of the backward pass is not to wait for it since the forward pass.
    if (!horizontal || (x.op.tag === 'copy' && x.op.widens)) return undefined
    for (const y of sources(x))
      if (2 * y.size >= volume) {
        const found = readIn.get(y)?.findLast((k) => k.index > (latest?.index ?? -1) && whole(k))
        if (found !== undefined) return found
      }
    return undefined
  }
  const contraction = (x: Value, into: Value, accumulate: boolean): Group => {
    read(x.from[0]!)
    return append({ kind: 'dotGeneral', value: x, into, accumulate, index: groups.length })
  }
  const latestOf = (from: readonly Value[]): Group | undefined => {
    let latest: Group | undefined
    for (const y of from) {
      const k = at.get(y)
      if (k !== undefined && (latest === undefined || k.index > latest.index)) latest = k
    }
    return latest
  }
  const begun = new Set<Value>()
  /** Add a part in place; the first writes over what is there, unless that is a copy to start from. */
  const accumulate = (part: Value, whole: Value): void => {
    const more = begun.has(whole) || starts(whole)
    begun.add(whole)
    if (more) adds.add(part)
    const k = contractions.has(part) ? contraction(part, whole, more) : open(part)
    if (k.kind === 'fused') k.read = true // later parts are added to this one
    at.set(part, k)
  }
  const into = (x: Value): Value | undefined => (storageAlias.get(x)?.op.tag === 'accumulate' ? storageAlias.get(x) : undefined)

  for (const x of values) {
    if (x.free || products.has(x)) continue
    const latest = latestOf(x.from)
    if (x.op.tag === 'input' || x.op.tag === 'view' || x.op.tag === 'flatten' || x.op.tag === 'assemble' || floats(x)) {
      read(x)
      if (latest !== undefined) at.set(x, latest)
    } else if (x.op.tag === 'accumulate') {
      read(x)
      if (starts(x)) for (const y of x.from) if (y.op.tag !== 'copy') accumulate(y, x)
      const last = latestOf(x.from)
      if (last !== undefined) at.set(x, last)
    } else if (into(x) !== undefined && x.op.tag !== 'copy') {
      // What starts as a copy waits for it; other parts are added as soon as they can be.
      if (!starts(into(x)!)) accumulate(x, into(x)!)
    } else if (contractions.has(x)) at.set(x, contraction(x, x, false))
    else {
      const k = host(x, latest)
      if (k === undefined) open(x)
      else join(k, x)
    }
  }
  return { groups: groups.filter((k) => k !== undefined), at, stored, storageAlias, inlined: new Set(inlined.keys()), adds }
}

const volumeOf = (space: Shape): number => sizeOver(space, Object.keys(space))
