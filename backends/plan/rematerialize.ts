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
}

export const chooseStored = (
  { groups, at, inlined, stored: needed }: Grouping,
  { recompute, draw }: RematerializeOptions,
): readonly PricedKernel[] => {
  const stored = new Set(needed)
  const inMemory = (x: Value): boolean => stored.has(x) || !scalar(x)
  const rematerializable = (x: Value): boolean =>
    isCheap(x) || (draw && x.op.tag === 'random') || (recompute === 'all' && x.op.tag === 'primitive')
  const clonable = (x: Value): boolean => {
    if (recompute === 'none' || !rematerializable(x)) return false
    const large = new Set<Value>()
    const seen = new Set<Value>()
    const reachable = (y: Value): boolean => {
      if (y.free || inlined.has(y) || seen.has(y)) return true
      seen.add(y)
      const small = y.size * 4 <= x.size
      if (inMemory(y)) {
        if (!small) large.add(y)
        return large.size <= 2
      }
      return rematerializable(y) ? y.from.every(reachable) : small
    }
    return x.from.every(reachable)
  }
  const sweep = (): readonly PricedKernel[] => {
    const kernels: PricedKernel[] = []
    for (const k of groups.toReversed()) {
      if (k.kind === 'dotGeneral') kernels.push(k)
      else {
        const body = new Set<Value>()
        const loads = new Set<Value>()
        const visit = (x: Value): void => {
          if (body.has(x)) return
          body.add(x)
          x.from.forEach((y, position) => {
            if (x.op.tag === 'take' && position === 0) return
            if (y.free || inlined.has(y) || (scalar(y) && at.get(y) === k)) visit(y)
            else if (inMemory(y)) loads.add(y)
            else if (clonable(y)) visit(y)
            else {
              stored.add(y)
              loads.add(y)
            }
          })
        }
        const stores = [...k.own].filter((x) => stored.has(x))
        stores.forEach(visit)
        if (stores.length > 0)
          kernels.push(
            decided(
              k,
              [...body].sort((a, b) => a.id - b.id),
              [...loads],
              stores,
            ),
          )
      }
    }
    return kernels.reverse()
  }
  const kernels = sweep()
  // What became stored before its arguments did may be cheap now that they are: silu(g) = g · σ(g), where g and σ(g) are kept anyway.
  const spare = [...stored]
    .filter((x) => !needed.has(x))
    .sort((x, y) => y.id - x.id)
    .filter((x) => {
      stored.delete(x)
      if (clonable(x)) return true
      stored.add(x)
      return false
    })
  return spare.length === 0 ? kernels : sweep()
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
