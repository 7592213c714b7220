/**
 * In which order the axes of each array are stored: chosen from use, so that matrix products need no copies and inner loops
 * run along memory. Coordinate descent over the few orders that its readers and its writer would like.
 *
 * Arrays that are used alike (those of one layer and of the next) are decided together: the work does not grow with depth.
 */
import { type Access, accessor, type Order, ownerOf } from './access.ts'
import { contracted, factors } from './contractions.ts'
import { layoutCost, product } from './matrix.ts'
import type { PricedKernel, StoredFusedKernel } from './rematerialize.ts'
import { has, type Value } from './value.ts'

export interface Layout {
  readonly access: (x: Value) => Access
}
export interface LayoutOptions {
  readonly layout: boolean
}

/** The arrays a kernel touches. */
export const touched = (k: PricedKernel): readonly Value[] => (k.kind === 'dotGeneral' ? [...factors(k.value), k.into] : k.arrays)

/** Arrays used alike. */
interface Class {
  readonly sample: Value
  readonly kernels: readonly PricedKernel[]
  readonly fixed: boolean
  order: Order
}

export const layout = (
  kernels: readonly PricedKernel[],
  storageAlias: ReadonlyMap<Value, Value>,
  fixed: ReadonlyMap<Value, Order>,
  rank: (axis: string) => number,
  options: LayoutOptions,
): Layout => {
  const canonical = (axes: readonly string[]): Order => [...axes].sort((a, b) => rank(a) - rank(b))
  const owner = (x: Value): Value => ownerOf(x, storageAlias)
  const classes = classify(kernels, owner, fixed, canonical)
  const access = accessor(storageAlias, (x) => classes.get(x)!.order)
  if (options.layout) descend([...new Set(classes.values())], classes, owner, access, canonical)
  return { access }
}

const classify = (
  kernels: readonly PricedKernel[],
  owner: (x: Value) => Value,
  fixed: ReadonlyMap<Value, Order>,
  canonical: (axes: readonly string[]) => Order,
): ReadonlyMap<Value, Class> => {
  const uses = new Map<Value, { readonly roles: Set<string>; readonly kernels: Set<PricedKernel> }>()
  const names = new Map<Value, string>()
  const name = (x: Value): string => {
    const known = names.get(x) ?? [...x.axes].sort().join()
    names.set(x, known)
    return known
  }
  const use = (x: Value, k: PricedKernel, role: string): void => {
    const o = owner(x)
    const known = uses.get(o) ?? { roles: new Set(), kernels: new Set() }
    uses.set(o, known)
    known.roles.add(role)
    known.kernels.add(k)
  }
  for (const k of kernels)
    if (k.kind === 'dotGeneral') {
      const [a, b] = factors(k.value)
      const what = `${contracted(k.value).join()}|${[name(a), name(b)].sort().join('|')}`
      for (const x of [a, b]) use(x, k, `${name(x)}<${what}`)
      use(k.into, k, `>${what}`)
    } else {
      const given = k.loads.concat(k.stores).flatMap((x) => fixed.get(owner(x))?.join() ?? [])
      const what = `${k.inner ?? ''}|${Object.keys(k.space).sort().join()}|${[...new Set(given)].sort().join(';')}`
      for (const x of touched(k)) use(x, k, `${name(x)}:${what}`)
    }
  const classes = new Map<string, Class>()
  return new Map(
    [...uses].map(([x, { roles, kernels: near }]) => {
      const order = fixed.get(x)
      const key = `${name(x)}/${order?.join() ?? ''}/${[...roles].sort().join(';')}`
      const known = classes.get(key) ?? { sample: x, kernels: [...near], fixed: order !== undefined, order: order ?? canonical(x.axes) }
      classes.set(key, known)
      return [x, known]
    }),
  )
}

const descend = (
  classes: readonly Class[],
  of: ReadonlyMap<Value, Class>,
  owner: (x: Value) => Value,
  access: (x: Value) => Access,
  canonical: (axes: readonly string[]) => Order,
): void => {
  const cost = (k: PricedKernel): number => (k.kind === 'dotGeneral' ? layoutCost(product(k, access)) : innerCost(k, access))
  let dirty = new Set(classes)
  for (let sweep = 0; sweep < 3 && dirty.size > 0; sweep++) {
    const todo = dirty
    dirty = new Set()
    for (const c of todo) {
      if (c.fixed || c.sample.axes.length < 2) continue
      const before = c.order
      let best = before
      let least = Infinity
      for (const candidate of candidates(c, of, owner, access, canonical)) {
        c.order = candidate
        const total = c.kernels.reduce((sum, k) => sum + cost(k), 0)
        if (total < least * (1 - 1e-9)) [best, least] = [candidate, total]
      }
      c.order = best
      if (best.join() !== before.join())
        for (const k of c.kernels) for (const x of touched(k)) if (of.get(owner(x)) !== c) dirty.add(of.get(owner(x))!)
    }
  }
}

/** The orders worth trying: the present one first. */
const candidates = (
  { sample, kernels, order }: Class,
  of: ReadonlyMap<Value, Class>,
  owner: (x: Value) => Value,
  access: (x: Value) => Access,
  canonical: (axes: readonly string[]) => Order,
): Iterable<Order> => {
  const found = new Map<string, Order>()
  /** An order of the axes of x, a way to look at the sample, as one of the sample's own. */
  const wish = (x: Value, wanted: readonly string[]): void => {
    const { strides } = access(x)
    const own = x === sample ? wanted : [...new Set(wanted.flatMap((axis) => ownAxis(sample, order, strides[axis] ?? 0)))]
    const complete = [...sample.axes.filter((axis) => !own.includes(axis)), ...own]
    if (complete.length === sample.axes.length) found.set(complete.join(), complete)
  }
  wish(sample, order)
  wish(sample, canonical(sample.axes))
  for (const k of kernels)
    if (k.kind === 'dotGeneral') {
      const [a, b] = factors(k.value)
      const over = contracted(k.value)
      const batch = canonical(k.into.axes.filter((axis) => has(a, axis) && has(b, axis)))
      /** Axes as another array has them, or as everywhere. */
      const ways = (axes: readonly string[], like: Value): readonly Order[] => {
        const { strides } = access(like)
        return [canonical(axes), axes.toSorted((p, q) => strides[q]! - strides[p]!)]
      }
      const [m, n] = [k.into.axes.filter((axis) => !has(b, axis)), k.into.axes.filter((axis) => !has(a, axis))]
      if (owner(k.into) === sample)
        for (const p of ways(m, a))
          for (const q of ways(n, b))
            for (const wanted of [
              [...batch, ...p, ...q],
              [...batch, ...q, ...p],
            ])
              wish(k.into, wanted)
      for (const [x, mine, other] of [
        [a, m, b],
        [b, n, a],
      ] as const)
        if (owner(x) === sample)
          for (const p of ways(mine, k.into))
            for (const sum of ways(over, other))
              for (const wanted of [
                [...batch, ...p, ...sum],
                [...batch, ...sum, ...p],
                [...sum, ...batch, ...p],
                [...p, ...batch, ...sum],
              ])
                wish(x, wanted)
    } else
      for (const x of touched(k)) {
        const other = of.get(owner(x))!
        if (owner(x) !== sample) {
          if (other.order.length === sample.axes.length && other.order.every((axis) => has(sample, axis))) wish(sample, other.order)
        } else if (k.inner !== undefined && has(x, k.inner)) wish(x, [...canonical(x.axes.filter((axis) => axis !== k.inner)), k.inner])
      }
  return found.values()
}
/** The axis of the sample that has this stride (or the one it is a part of). */
const ownAxis = (sample: Value, order: Order, stride: number): readonly string[] => {
  let step = 1
  for (const axis of order.toReversed()) {
    if (Math.abs(stride) < step * sample.shape[axis]!) return [axis]
    step *= sample.shape[axis]!
  }
  return []
}

/** What it costs a rows kernel that memory does not run along the inner axis: that of its reductions, or the best. */
const innerCost = (k: StoredFusedKernel, access: (x: Value) => Access): number => {
  const inner = innerAxis(k, access)
  return inner === undefined ? 0 : strided(k, inner, access)
}
const strided = (k: StoredFusedKernel, axis: string, access: (x: Value) => Access): number => {
  const weigh = (xs: readonly Value[], weight: number): number =>
    xs.reduce((sum, x) => {
      const stride = access(x).strides[axis]
      return stride === undefined || stride === 1 ? sum : sum + weight * x.size
    }, 0)
  // An inner loop of a few elements cannot use vectors at all.
  const short = k.space[axis]! <= 4 ? 2 * Object.values(k.space).reduce((a, b) => a * b, 1) : 0
  return weigh(k.loads, 2) + weigh(k.stores, 3) + short
}
/** The inner axis of a rows kernel. */
export const innerAxis = (k: StoredFusedKernel, access: (x: Value) => Access): string | undefined => {
  if (k.inner !== undefined) return k.inner
  const costs = Object.keys(k.space).map((axis) => [axis, strided(k, axis, access) - k.space[axis]! / 1e6] as const)
  return costs.reduce<readonly [string | undefined, number]>((best, next) => (next[1] < best[1] ? next : best), [undefined, Infinity])[0]
}
