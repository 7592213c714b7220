/**
 * Where the numbers of a value are: in which memory, from which element on, how far apart along each axis.
 * Views and parts of other values are arithmetic on strides; only owners of memory have an order of axes.
 * A view never looks through another one (`Builder.view` composes them), so its source has no guards.
 */
import { sizeOver, type Value } from './value.ts'
import type { AxisRange } from './view.ts'

export interface Access {
  readonly owner: Value
  readonly offset: number
  readonly strides: Readonly<Record<string, number>>
  readonly guards: readonly AxisRange[]
}
export type Order = readonly string[]

/** The value in whose memory x lives. */
export const ownerOf = (x: Value, storageAlias: ReadonlyMap<Value, Value>): Value => {
  if (x.op.tag === 'view') return ownerOf(x.from[0]!, storageAlias)
  const parent = storageAlias.get(x)
  return parent === undefined ? x : ownerOf(parent, storageAlias)
}

/** Accesses under the current order of every owner's axes; remembered until that order is another one. */
export const accessor = (storageAlias: ReadonlyMap<Value, Value>, order: (owner: Value) => Order): ((x: Value) => Access) => {
  const known = new Map<Value, { readonly order: Order; readonly access: Access }>()
  const owners = new Map<Value, Value>()
  const ownership = (x: Value): Value => {
    const old = owners.get(x)
    if (old !== undefined) return old
    const owner = ownerOf(x, storageAlias)
    owners.set(x, owner)
    return owner
  }
  const access = (x: Value): Access => {
    const current = order(ownership(x))
    const old = known.get(x)
    if (old?.order === current) return old.access
    const made = compute(x, current)
    known.set(x, { order: current, access: made })
    return made
  }
  const compute = (x: Value, current: Order): Access => {
    if (x.op.tag === 'view') {
      const source = access(x.from[0]!)
      const strides: Record<string, number> = Object.fromEntries(x.axes.map((axis) => [axis, 0]))
      let { offset } = source
      for (const [axis, read] of Object.entries(x.op.view.reads)) {
        const stride = source.strides[axis]!
        offset += stride * read.offset
        for (const term of read.terms) strides[term.axis]! += stride * term.step
      }
      return { owner: source.owner, offset, strides, guards: x.op.view.guards }
    }
    const parent = storageAlias.get(x)
    if (parent === undefined) {
      const strides: Record<string, number> = {}
      let step = 1
      for (const axis of current.toReversed()) {
        strides[axis] = step
        step *= x.shape[axis]!
      }
      return { owner: x, offset: 0, strides, guards: [] }
    }
    const whole = access(parent)
    if (parent.op.tag === 'assemble') {
      const { axis, starts } = parent.op
      return { ...whole, offset: whole.offset + starts[parent.from.indexOf(x)]! * whole.strides[axis]! }
    }
    if (parent.op.tag !== 'flatten') return whole
    const { axes, into } = parent.op
    const { [into]: step, ...rest } = whole.strides
    const parts = axes.map((axis, i) => [axis, step! * sizeOver(x.shape, axes.slice(i + 1))] as const)
    return { ...whole, strides: { ...rest, ...Object.fromEntries(parts) } }
  }
  return access
}
