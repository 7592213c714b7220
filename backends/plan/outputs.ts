/**
 * How results leave: every output is a value with memory and an order of axes of its own, or an input handed back.
 *
 * A donated output is written over its input. Where some kernel still reads that input afterwards, the result is made
 * in scratch and copied at the very end: donation never changes a meaning.
 */
import type { Graph } from '../../core/index.ts'
import type { Order } from './access.ts'
import { varying } from './expand.ts'
import { touched } from './layout.ts'
import type { PricedKernel, StoredFusedKernel } from './rematerialize.ts'
import { type Builder, computed, type Value } from './value.ts'

/** The value behind every output; undefined where the output is its donated input as it was. */
export const resolveOutputs = (graph: Graph, values: readonly Value[], build: Builder): readonly (Value | undefined)[] => {
  const claimed = new Set<Value>()
  return graph.outputs.map((x, o) => {
    const value = values[o]!
    const shape = varying(x.shape)
    const order = Object.keys(shape).join()
    if (value.op.tag === 'input' && value.op.index === graph.donated.get(o) && value.axes.join() === order) return undefined
    const whole = value.axes.length === Object.keys(shape).length
    const own = whole && computed(value) && !claimed.has(value) ? value : build.copy(value, shape)
    claimed.add(own)
    return own
  })
}

export interface Results {
  readonly kernels: readonly PricedKernel[]
  /** Output number → the value that is stored there. */
  readonly results: ReadonlyMap<number, Value>
  readonly orders: ReadonlyMap<Value, Order>
}

/** Finish the list of kernels: copies for donated outputs whose input is still read. */
export const bindOutputs = (
  graph: Graph,
  settled: readonly (Value | undefined)[],
  kernels: readonly PricedKernel[],
  owner: (x: Value) => Value,
  build: Builder,
): Results => {
  const results = new Map<number, Value>()
  const orders = new Map<Value, Order>()
  const copies: StoredFusedKernel[] = []
  const readers = readersOf(kernels, owner)
  const writer = new Map<Value, number>()
  kernels.forEach((k, i) => {
    for (const x of (k.kind === 'dotGeneral' ? [k.into] : k.stores).map(owner)) if (!writer.has(x)) writer.set(x, i)
  })
  /** Would writing the value where the input is destroy something that is still to be read? */
  const inTheWay = (value: Value, input: number): boolean =>
    (readers.get(input) ?? []).some(
      (i) => i > writer.get(value)! || (i === writer.get(value) && !elementwise(kernels[i]!, value, input, orders.get(value)!, owner)),
    )
  for (const [o, value] of settled.entries()) {
    if (value === undefined) continue
    const order = Object.keys(varying(graph.outputs[o]!.shape))
    orders.set(value, order)
    const input = graph.donated.get(o)
    if (input === undefined || value.op.tag === 'update' || !inTheWay(value, input)) {
      results.set(o, value)
      continue
    }
    const copy = build.copy(value, value.shape)
    orders.set(copy, order)
    results.set(o, copy)
    const nothing: ReadonlySet<Value> = new Set()
    copies.push({
      kind: 'fused',
      space: value.shape,
      inner: undefined,
      body: [copy],
      loads: [value],
      stores: [copy],
      arrays: [value, copy],
      accumulators: nothing,
      own: nothing,
    })
  }
  return { kernels: [...kernels, ...copies], results, orders }
}

/** Input number → the kernels that read it. */
const readersOf = (kernels: readonly PricedKernel[], owner: (x: Value) => Value): ReadonlyMap<number, readonly number[]> => {
  const readers = new Map<number, number[]>()
  kernels.forEach((k, i) => {
    for (const x of touched(k)) {
      const { op } = owner(x)
      if (op.tag !== 'input') continue
      const known = readers.get(op.index)
      if (known === undefined) readers.set(op.index, [i])
      else known.push(i)
    }
  })
  return readers
}

/** Does the kernel read the input only where it then writes the value? */
const elementwise = (k: PricedKernel, value: Value, input: number, order: Order, owner: (x: Value) => Value): boolean =>
  k.kind === 'fused' &&
  k.inner === undefined &&
  k.stores.includes(value) &&
  !k.accumulators.has(value) &&
  touched(k).every((x) => !isInput(owner(x), input) || (x.op.tag === 'input' && k.loads.includes(x) && x.axes.join() === order.join())) &&
  k.body.every((x) => x.op.tag !== 'take' || !isInput(owner(x.from[0]!), input))
const isInput = ({ op }: Value, index: number): boolean => op.tag === 'input' && op.index === index
