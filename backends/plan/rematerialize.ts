/**
 * What is kept in memory, and what is computed again.
 *
 * A sweep from the last kernel to the first: an argument from another kernel is loaded if it is stored; computed again if it
 * is a cheap word of at most two large arrays that are stored anyway, or drawn at random; else it becomes stored. Kernels that
 * nobody needs vanish. This finds by itself that layer norm saves μ and 1/σ and recomputes x̂, and that dropout saves no mask.
 */
import type { Shape } from '../../core/index.ts'
import { type DotGeneralGroup, type FusedGroup, type Grouping, scalar } from './group.ts'
import { isCheap, type Value } from './value.ts'

/** A rows kernel, decided: what it computes, loads and stores. */
export interface StoredFusedKernel {
  readonly kind: 'fused'
  readonly space: Shape
  /** The axis of its row reductions, if it has any. */
  readonly inner: string | undefined
  /** Arguments before what uses them. */
  readonly body: readonly Value[]
  readonly loads: readonly Value[]
  readonly stores: readonly Value[]
  /** All arrays that it reads or writes. */
  readonly arrays: readonly Value[]
  /** Reductions that accumulate in memory. */
  readonly accumulators: ReadonlySet<Value>
  /** Reductions of this kernel, along `inner` or late; other values of `loads` may be reductions too. */
  readonly own: ReadonlySet<Value>
}
export type PricedKernel = StoredFusedKernel | DotGeneralGroup

export interface RematerializeOptions {
  readonly recompute: 'none' | 'cheap' | 'all'
  /** May any kernel draw random numbers? */
  readonly draw: boolean
  /** Arrays of at least so many elements are worth computing again, although they are not cheap. */
  readonly above: number
}

/** What is decided so far: values that are stored. The set grows as kernels turn out to need more. */
interface StorageChoice extends Grouping, RematerializeOptions {
  readonly kept: Set<Value>
  /** Values that are computed again, although they are not cheap. */
  readonly again: Set<Value>
}

export const chooseStored = (grouping: Grouping, options: RematerializeOptions): readonly PricedKernel[] => {
  const s: StorageChoice = { ...grouping, ...options, kept: new Set(grouping.stored), again: new Set() }
  const kernels = sweepKernels(s)
  return spare(s, kernels) ? sweepKernels(s) : kernels
}

/**
 * Takes back what need not be stored after all. What became stored before its arguments did may be cheap now that they are: silu(g) = g · σ(g), where g
 * and σ(g) are kept anyway. And σ(g) itself, if it is too large for a cache, is computed again where whoever loads it loads g, too: that takes no longer
 * than writing and reading it.
 */
const spare = (s: StorageChoice, kernels: readonly PricedKernel[]): boolean => {
  const loaded = new Map<Value, ReadonlySet<Value>[]>()
  for (const k of kernels)
    if (k.kind === 'fused') {
      const loads = new Set(k.loads)
      for (const x of loads) loaded.set(x, [...(loaded.get(x) ?? []), loads])
    }
  const candidates = [...s.kept].filter((x) => !s.stored.has(x)).sort((x, y) => y.id - x.id)
  const spared = candidates.filter((x) => {
    s.kept.delete(x)
    const body = s.recompute === 'none' || x.size < s.above ? undefined : elementwise(s, x, loaded.get(x) ?? [])
    for (const y of body ?? []) s.again.add(y)
    if (clonable(s, x)) return true
    s.kept.add(x)
    return false
  })
  return spared.length > 0
}

/** The values between x and the one large array that it is an elementwise function of, if every kernel that loads x loads that array, and they are few. */
const elementwise = (s: StorageChoice, x: Value, kernels: readonly ReadonlySet<Value>[]): ReadonlySet<Value> | undefined => {
  const body = new Set<Value>()
  const large = new Set<Value>()
  const visit = (y: Value): boolean => {
    if (y.free || s.inlined.has(y) || body.has(y)) return true
    const small = isSmall(y, x)
    if (!scalar(y) || s.stored.has(y) || small) {
      if (!small) large.add(y)
      return inMemory(s, y) && large.size <= 1 && kernels.every((loads) => small || loads.has(y))
    }
    if (y.op.tag !== 'primitive' || body.size >= longestBody) return false
    body.add(y)
    return y.from.every(visit)
  }
  return visit(x) && large.size === 1 ? body : undefined
}
/** Of values that are computed again: a sigmoid has ten; exact GELU's error function, which is slower than memory, has more. */
const longestBody = 16

const inMemory = ({ kept }: StorageChoice, x: Value): boolean => kept.has(x) || !scalar(x)
const rematerializable = ({ draw, recompute, again }: StorageChoice, x: Value): boolean =>
  isCheap(x) || again.has(x) || (draw && x.op.tag === 'random') || (recompute === 'all' && x.op.tag === 'primitive')
/** Beside x, an array of this size counts for nothing. */
const isSmall = (y: Value, x: Value): boolean => y.size * 4 <= x.size
/** May x be computed again, from at most two large arrays that are stored? */
const clonable = (s: StorageChoice, x: Value): boolean => {
  if (s.recompute === 'none' || !rematerializable(s, x)) return false
  const large = new Set<Value>()
  const seen = new Set<Value>()
  const reachable = (y: Value): boolean => {
    if (y.free || s.inlined.has(y) || seen.has(y)) return true
    seen.add(y)
    const small = isSmall(y, x)
    if (inMemory(s, y)) {
      if (!small) large.add(y)
      return large.size <= 2
    }
    return rematerializable(s, y) ? y.from.every(reachable) : small
  }
  return x.from.every(reachable)
}

/** Decide what every kernel computes and loads, from the last to the first: later ones say what earlier ones must store. */
const sweepKernels = (s: StorageChoice): readonly PricedKernel[] => {
  const kernels: PricedKernel[] = []
  for (const k of s.groups.toReversed()) {
    const made = k.kind === 'dotGeneral' ? k : decide(s, k)
    if (made !== undefined) kernels.push(made)
  }
  return kernels.reverse()
}

/** What a kernel computes and loads; undefined where nobody needs what it makes. */
const decide = (s: StorageChoice, k: FusedGroup): StoredFusedKernel | undefined => {
  const body = new Set<Value>()
  const loads = new Set<Value>()
  const visit = (x: Value): void => {
    if (body.has(x)) return
    body.add(x)
    for (const [position, y] of x.from.entries()) {
      if (x.op.tag === 'take' && position === 0) continue
      if (y.free || s.inlined.has(y) || (scalar(y) && s.at.get(y) === k)) visit(y)
      else if (inMemory(s, y)) loads.add(y)
      else if (clonable(s, y)) visit(y)
      else {
        s.kept.add(y)
        loads.add(y)
      }
    }
  }
  const stores = [...k.own].filter((x) => s.kept.has(x))
  stores.forEach(visit)
  if (stores.length === 0) return undefined
  return decided(
    k,
    [...body].sort((a, b) => a.id - b.id),
    [...loads],
    stores,
  )
}

const decided = (k: FusedGroup, body: readonly Value[], loads: readonly Value[], stores: readonly Value[]): StoredFusedKernel => {
  const axes = new Set([...body, ...loads].flatMap((x) => x.axes))
  const space = Object.fromEntries(Object.entries(k.space).filter(([axis]) => axes.has(axis)))
  const rowReduces = body.some((x) => x.op.tag === 'reduce' && k.own.has(x) && !k.accumulators.has(x))
  const tables = body.flatMap((x) => (x.op.tag === 'take' ? [x.from[0]!] : []))
  return {
    kind: 'fused',
    space,
    inner: rowReduces ? k.inner : undefined,
    body,
    loads,
    stores,
    arrays: [...loads, ...stores, ...tables],
    accumulators: k.accumulators,
    own: k.own,
  }
}
