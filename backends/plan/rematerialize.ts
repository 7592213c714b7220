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

/** What is decided so far. */
interface StoreState {
  readonly grouping: Grouping
  readonly options: RematerializeOptions
  /** Values that are kept in memory. */
  readonly stored: Set<Value>
  /** Values that are computed again, although they are not cheap. */
  readonly again: Set<Value>
}

export const chooseStored = (grouping: Grouping, options: RematerializeOptions): readonly PricedKernel[] => {
  const state: StoreState = { grouping, options, stored: new Set(grouping.stored), again: new Set() }
  const kernels = sweep(state)
  return spare(state, kernels) ? sweep(state) : kernels
}

const inMemory = ({ stored }: StoreState, x: Value): boolean => stored.has(x) || !scalar(x)
const rematerializable = ({ options: { recompute, draw }, again }: StoreState, x: Value): boolean =>
  isCheap(x) || again.has(x) || (draw && x.op.tag === 'random') || (recompute === 'all' && x.op.tag === 'primitive')

const clonable = (s: StoreState, x: Value): boolean => {
  if (s.options.recompute === 'none' || !rematerializable(s, x)) return false
  const large = new Set<Value>()
  const seen = new Set<Value>()
  const reachable = (y: Value): boolean => {
    if (y.free || s.grouping.inlined.has(y) || seen.has(y)) return true
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
const isSmall = (y: Value, x: Value): boolean => y.size * 4 <= x.size

const sweep = (s: StoreState): readonly PricedKernel[] => {
  const kernels: PricedKernel[] = []
  for (const k of s.grouping.groups.toReversed()) {
    const kernel = k.kind === 'dotGeneral' ? k : fusedOf(s, k)
    if (kernel !== undefined) kernels.push(kernel)
  }
  return kernels.reverse()
}

/** The kernel that makes what is stored of a group, and what it loads for that, which is then stored as well; nothing, where nobody needs it. */
const fusedOf = (s: StoreState, k: FusedGroup): StoredFusedKernel | undefined => {
  const { at, inlined } = s.grouping
  const body = new Set<Value>()
  const loads = new Set<Value>()
  const visit = (x: Value): void => {
    if (body.has(x)) return
    body.add(x)
    x.from.forEach((y, position) => {
      if (x.op.tag === 'take' && position === 0) return
      if (y.free || inlined.has(y) || (scalar(y) && at.get(y) === k)) visit(y)
      else if (inMemory(s, y)) loads.add(y)
      else if (clonable(s, y)) visit(y)
      else {
        s.stored.add(y)
        loads.add(y)
      }
    })
  }
  const stores = [...k.own].filter((x) => s.stored.has(x))
  stores.forEach(visit)
  if (stores.length === 0) return undefined
  const ordered = [...body].sort((a, b) => a.id - b.id)
  return decided(k, ordered, [...loads], stores)
}

/**
 * Takes back what need not be stored after all. What became stored before its arguments did may be cheap now that they are: silu(g) = g · σ(g), where g
 * and σ(g) are kept anyway. And σ(g) itself, if it is too large for a cache, is computed again where whoever loads it loads g, too: that takes no longer
 * than writing and reading it.
 */
const spare = (s: StoreState, kernels: readonly PricedKernel[]): boolean => {
  const loaded = new Map<Value, Set<Value>[]>()
  for (const k of kernels)
    if (k.kind === 'fused') {
      const loads = new Set(k.loads)
      for (const x of loads) loaded.set(x, [...(loaded.get(x) ?? []), loads])
    }
  const candidates = [...s.stored].filter((x) => !s.grouping.stored.has(x)).sort((x, y) => y.id - x.id)
  const spared = candidates.filter((x) => {
    s.stored.delete(x)
    const body = s.options.recompute === 'none' || x.size < s.options.above ? undefined : elementwise(s, x, loaded.get(x) ?? [])
    for (const y of body ?? []) s.again.add(y)
    if (clonable(s, x)) return true
    s.stored.add(x)
    return false
  })
  return spared.length > 0
}

/** The values between x and the one large array that it is an elementwise function of, if every kernel that loads x loads that array, and they are few. */
const elementwise = (s: StoreState, x: Value, kernels: readonly ReadonlySet<Value>[]): ReadonlySet<Value> | undefined => {
  const body = new Set<Value>()
  const large = new Set<Value>()
  const visit = (y: Value): boolean => {
    if (y.free || s.grouping.inlined.has(y) || body.has(y)) return true
    if (!scalar(y) || s.grouping.stored.has(y) || isSmall(y, x)) {
      if (!isSmall(y, x)) large.add(y)
      return inMemory(s, y) && large.size <= 1 && kernels.every((loads) => isSmall(y, x) || loads.has(y))
    }
    if (y.op.tag !== 'primitive' || body.size >= longestBody) return false
    body.add(y)
    return y.from.every(visit)
  }
  return visit(x) && large.size === 1 ? body : undefined
}
/** Of values that are computed again: a sigmoid has ten; exact GELU's error function, which is slower than memory, has more. */
const longestBody = 16

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
