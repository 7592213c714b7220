/**
 * The reference backend: what a graph means. It interprets the expression graph itself, node by node, unplanned, in float64.
 * Every other backend, and the planner, is compared with it.
 */
import type { AnyTensor, Backend, Executable, Graph, Handle } from '../../core/index.ts'
import { reachable, volume } from '../../core/index.ts'
import { evaluateNode, fusedProduct } from './interpret.ts'

interface Array64 extends Handle {
  readonly values: Float64Array
}
const own = (handle: Handle): Array64 => {
  if (!('values' in handle && handle.values instanceof Float64Array))
    throw new TypeError('reference: this array belongs to another backend')
  return { size: handle.size, values: handle.values }
}

/**
 * The reference backend, which interprets graphs in float64, node by node: the specification that the other backends agree with. Slow.
 * @example
 * ```ts
 * import { reference } from 'halograd/backends/reference'
 * import { exp, read, tensor } from 'halograd/core'
 * console.log(await read(reference(), exp(tensor({ i: 2 }, [0, 1])))) // Float64Array [1, 2.718…]
 * ```
 */
export const reference = (): Backend => {
  const alive = new Set<Handle>()
  const keep = (values: Float64Array): Handle => {
    const handle: Array64 = { size: values.length, values }
    alive.add(handle)
    return handle
  }
  return {
    name: 'reference',
    upload: (data) => keep(Float64Array.from(data)),
    download: (handle) => Promise.resolve(own(handle).values.slice()),
    free: (handle) => void alive.delete(handle),
    live: () => alive.size,
    compile: (graph) => Promise.resolve(interpreter(graph, keep, (handle) => void alive.delete(handle))),
  }
}

const interpreter = (graph: Graph, keep: (values: Float64Array) => Handle, free: (handle: Handle) => void): Executable => {
  const order = reachable(graph.outputs)
  const lastReader = new Map<AnyTensor, AnyTensor>()
  for (const x of order) for (const y of x.from) lastReader.set(y, x)
  const fused = fusedProduct(order, graph.outputs)
  for (const [sum, product] of fused) for (const y of product.from) if (lastReader.get(y)!.id < sum.id) lastReader.set(y, sum)
  const skipped = new Set(fused.values())
  const results = new Set(graph.outputs)
  const size = (x: AnyTensor): number => volume(x.shape)
  return {
    report: {
      backend: 'reference',
      mode: 'float64 interpreter',
      kernels: order.length,
      flops: order.reduce((n, x) => n + (x.op.tag === 'primitive' ? size(x) : x.op.tag === 'reduce' ? size(x.from[0]!) : 0), 0),
      traffic: order.reduce((n, x) => n + 8 * x.from.reduce((m, y) => m + size(y), size(x)), 0),
      peakMemory: order.reduce((n, x) => n + 8 * size(x), 0),
    },
    run: (inputs) => {
      const known = new Map(graph.inputs.map((x, i) => [x, own(inputs[i]!).values]))
      for (const x of order) {
        if (known.has(x) || skipped.has(x)) continue
        known.set(
          x,
          evaluateNode(x, (y) => known.get(y)!, fused.get(x)),
        )
        for (const y of [...x.from, ...(fused.get(x)?.from ?? [])]) if (lastReader.get(y) === x && !results.has(y)) known.delete(y)
      }
      const handles = graph.outputs.map((x) => keep(known.get(x)!.slice()))
      for (const i of graph.donated.values()) free(inputs[i]!)
      return Promise.resolve(handles)
    },
  }
}
