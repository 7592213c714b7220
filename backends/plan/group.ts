/**
 * Values → kernels, in one pass in the order of the values.
 *
 * A value joins the latest kernel among its arguments' if it fits there (a vertical join), else an earlier one that nobody has
 * read yet and that can therefore become the last, else a later kernel over the same space that reads the same array (a
 * horizontal join), else it opens a kernel. A kernel is only joined when all arguments come from it or from earlier ones, so the
 * order of kernels is always an order of execution.
 *
 * Row or column? A reduction whose result meets its own axis again (softmax, layer norm) is a *row* reduction and makes that
 * axis the inner one; any other (the gradient of a parameter) accumulates in memory across rows, in an *accumulator* that only
 * later kernels may read.
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
  /** Values of no kernel, computed wherever they are needed. */
  readonly inlined: ReadonlySet<Value>
  /** Values of fused kernels that add to what is there rather than to zero. */
  readonly adds: ReadonlySet<Value>
}
export interface GroupOptions {
  readonly fuse: 'all' | 'maps' | 'none'
  readonly horizontal: boolean
}

/** Is this value made by a fused kernel? */
export const scalar = ({ op, free }: Value): boolean => !free && scalars.has(op.tag)
const scalars: ReadonlySet<Operation['tag']> = new Set(['primitive', 'copy', 'reduce', 'random', 'take', 'scatter', 'update'])

/** The values that go into kernels, and what is known of them before any kernel is formed. */
interface GroupPlan {
  readonly contractions: ReadonlySet<Value>
  /** A contraction computes its own product. */
  readonly products: ReadonlySet<Value>
  readonly stored: ReadonlySet<Value>
  readonly storageAlias: ReadonlyMap<Value, Value>
  /** Spaces and axes of row reductions: see `rowReductions`. */
  readonly rows: ReadonlySet<string>
  readonly options: GroupOptions
}
/** The kernels formed so far. */
interface GroupState extends GroupPlan {
  /** In order. A kernel that moved to the end leaves a hole. */
  readonly groups: (Group | undefined)[]
  readonly at: Map<Value, Group>
  readonly adds: Set<Value>
  /** The kernels that read a value, in order. */
  readonly readIn: Map<Value, FusedGroup[]>
  /** Values of no kernel, with the inputs that each reads (but for small ones). */
  readonly inlined: Map<Value, ReadonlySet<Value>>
  /** Accumulations of which some part is written. */
  readonly begun: Set<Value>
}

export const group = (
  values: readonly Value[],
  outputs: readonly Value[],
  contractions: ReadonlySet<Value>,
  options: GroupOptions,
): Grouping => {
  const state: GroupState = {
    contractions,
    products: new Set([...contractions].map((x) => x.from[0]!)),
    stored: neededIn(values, outputs, contractions),
    storageAlias: new Map(values.filter(inPlace).flatMap((x) => x.from.map((y) => [y, x] as const))),
    rows: rowReductions(values, contractions),
    options,
    ...{ groups: [], at: new Map(), adds: new Set(), readIn: new Map(), inlined: new Map(), begun: new Set() },
  }
  for (const x of values) if (!x.free && !state.products.has(x)) place(state, x)
  const { groups, at, stored, storageAlias, inlined, adds } = state
  return { groups: groups.filter((k) => k !== undefined), at, stored, storageAlias, inlined: new Set(inlined.keys()), adds }
}

/** Find or open a kernel for a value whose arguments have theirs. */
const place = (s: GroupState, x: Value): void => {
  const latest = latestOf(s, x.from)
  const into = accumulationOf(s, x)
  if (x.op.tag === 'input' || x.op.tag === 'view' || x.op.tag === 'flatten' || x.op.tag === 'assemble' || inlines(s, x)) {
    markRead(s, x)
    if (latest !== undefined) s.at.set(x, latest)
  } else if (x.op.tag === 'accumulate') {
    markRead(s, x)
    if (starts(x)) for (const y of x.from) if (y.op.tag !== 'copy') accumulate(s, y, x)
    const last = latestOf(s, x.from)
    if (last !== undefined) s.at.set(x, last)
  } else if (into !== undefined && x.op.tag !== 'copy') {
    // A part of an accumulation that starts as a copy waits for the copy; any other is added as soon as it can be.
    if (!starts(into)) accumulate(s, x, into)
  } else if (s.contractions.has(x)) s.at.set(x, contraction(s, x, x, false))
  else {
    const k = host(s, x, latest)
    if (k === undefined) open(s, x)
    else join(s, k, x)
  }
}

/** The accumulation that this value is a part of, if any. */
const accumulationOf = ({ storageAlias }: GroupPlan, x: Value): Value | undefined => {
  const whole = storageAlias.get(x)
  return whole?.op.tag === 'accumulate' ? whole : undefined
}

/** The inner axis along which this reduction would run in the kernel, if it is a row reduction. */
const rowAxis = (plan: GroupPlan, k: FusedGroup, x: Value): string | undefined => {
  if (x.op.tag !== 'reduce' || accumulationOf(plan, x) !== undefined) return undefined
  const { over } = x.op
  if (k.inner !== undefined) return over.includes(k.inner) ? k.inner : undefined
  const whole = Object.keys(k.space).length === 1
  return over.length === 1 && (whole || plan.rows.has(`${spaceKey(k.space)}/${over[0]}`)) ? over[0] : undefined
}

/**
 * Cheap primitives on an input or two, and rows of inputs, belong to no kernel: each kernel that needs them computes them itself.
 * If x is such a value, note what it reads.
 */
const inlines = ({ stored, inlined }: GroupState, x: Value): boolean => {
  const row = x.op.tag === 'take' && x.from[0]!.op.tag === 'input' && x.from[1]!.axes.length === 0
  if (stored.has(x) || !(row || (x.op.tag === 'primitive' && isCheap(x)))) return false
  const from = row ? [x.from[1]!] : x.from
  if (!from.every((y) => y.free || y.op.tag === 'input' || inlined.has(y))) return false
  const read = new Set<Value>()
  for (const y of from)
    if (y.op.tag !== 'input') for (const z of inlined.get(y) ?? []) read.add(z)
    else if (y.size > 1 && 4 * y.size > x.size) read.add(y)
  if (read.size > 2) return false
  inlined.set(x, read)
  return true
}

/** What a kernel reads for x. */
const sources = ({ inlined }: GroupState, x: Value): readonly Value[] => x.from.flatMap((y) => (y.free ? [] : [...(inlined.get(y) ?? [y])]))
const reduces = ({ op }: Value): boolean => op.tag === 'reduce' || op.tag === 'scatter' || op.tag === 'update'

/** May x be computed in this kernel? */
const fits = ({ at, options: { fuse } }: GroupState, k: Group | undefined, x: Value): k is FusedGroup => {
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

/** The kernel that x can join, if any: the latest of its arguments', a later one, or an earlier one that can become the last. */
const host = (s: GroupState, x: Value, latest: Group | undefined): FusedGroup | undefined => {
  if (fits(s, latest, x)) return latest
  const volume = volumeOf(spaceOf(x))
  const whole = (k: Group | undefined): k is FusedGroup => fits(s, k, x) && volumeOf(k.space) === volume
  for (const y of x.from) {
    const k = s.at.get(y)
    if (whole(k) && !k.read) {
      s.groups[k.index] = undefined
      k.index = s.groups.length
      return append(s, k)
    }
  }
  // What is widened for a product of the backward pass must not wait for it from the forward pass on.
  if (!s.options.horizontal || (x.op.tag === 'copy' && x.op.widens)) return undefined
  for (const y of sources(s, x))
    if (2 * y.size >= volume) {
      const found = s.readIn.get(y)?.findLast((k) => k.index > (latest?.index ?? -1) && whole(k))
      if (found !== undefined) return found
    }
  return undefined
}

const join = (s: GroupState, k: FusedGroup, x: Value): void => {
  markRead(s, x, k)
  k.own.add(x)
  s.at.set(x, k)
  for (const y of sources(s, x)) {
    const known = s.readIn.get(y)
    if (known === undefined) s.readIn.set(y, [k])
    else if (known.at(-1) !== k) known.push(k)
  }
  if (x.op.tag === 'scatter' || x.op.tag === 'update') k.accumulators.add(x)
  if (x.op.tag === 'reduce') {
    const row = rowAxis(s, k, x)
    k.inner = row ?? k.inner
    if (row === undefined || x.op.over.length > 1) k.accumulators.add(x)
  }
}

/** Kernels that another one reads stay where they are. */
const markRead = ({ at }: GroupState, x: Value, by?: Group): void => {
  for (const y of x.from) {
    const k = at.get(y)
    if (k?.kind === 'fused' && k !== by) k.read = true
  }
}

const append = <G extends Group>({ groups }: GroupState, k: G): G => {
  groups.push(k)
  return k
}
const open = (s: GroupState, x: Value): FusedGroup => {
  const k = append<FusedGroup>(s, {
    ...{ kind: 'fused', own: new Set(), space: spaceOf(x), inner: undefined, accumulators: new Set() },
    ...{ index: s.groups.length, read: false },
  })
  join(s, k, x)
  return k
}
const contraction = (s: GroupState, x: Value, into: Value, accumulate: boolean): Group => {
  markRead(s, x.from[0]!)
  return append(s, { kind: 'dotGeneral', value: x, into, accumulate, index: s.groups.length })
}
/** Add a part in place; the first writes over what is there, unless that is a copy to start from. */
const accumulate = (s: GroupState, part: Value, whole: Value): void => {
  const more = s.begun.has(whole) || starts(whole)
  s.begun.add(whole)
  if (more) s.adds.add(part)
  const k = s.contractions.has(part) ? contraction(s, part, whole, more) : open(s, part)
  if (k.kind === 'fused') k.read = true // later parts are added to this one
  s.at.set(part, k)
}

const latestOf = ({ at }: GroupState, from: readonly Value[]): Group | undefined => {
  let latest: Group | undefined
  for (const y of from) {
    const k = at.get(y)
    if (k !== undefined && (latest === undefined || k.index > latest.index)) latest = k
  }
  return latest
}
const volumeOf = (space: Shape): number => sizeOver(space, Object.keys(space))
