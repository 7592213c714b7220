/** A backend of one's own: the planner makes a program of a graph; this one interprets it, kernel by kernel, and counts. */
import { interpret, plan } from 'halograd/backends/plan'
import { type Backend, dot, type Handle, read, tensor } from 'halograd/core'

interface Counting extends Backend {
  readonly ran: () => number
}

const counting = (): Counting => {
  const arrays = new Map<Handle, Float64Array>()
  const valuesOf = (handle: Handle): Float64Array => arrays.get(handle) ?? new Float64Array(handle.size)
  const upload = (data: ArrayLike<number>): Handle => {
    const handle = { size: data.length }
    arrays.set(handle, Float64Array.from(data))
    return handle
  }
  let kernels = 0
  return {
    name: 'counting',
    compile: async (graph) => {
      const program = plan(graph)
      return {
        run: async (inputs) => {
          kernels += program.kernels.length
          return interpret(program, inputs.map(valuesOf)).map(upload)
        },
        report: {
          backend: 'counting',
          mode: 'interpreter',
          kernels: program.kernels.length,
          flops: 0,
          traffic: 0,
          peakMemory: 8 * program.scratch,
        },
      }
    },
    upload,
    download: async (handle) => valuesOf(handle),
    free: (handle) => void arrays.delete(handle),
    live: () => arrays.size,
    ran: () => kernels,
  }
}

const backend = counting()
const a = tensor({ row: 2, k: 3 }, [1, 2, 3, 4, 5, 6])
const b = tensor({ k: 3, column: 2 }, [1, 0, 0, 1, 1, 1])
console.log('product', ...(await read(backend, dot(a, b, 'k'), 'row', 'column')))
console.log('kernels', backend.ran(), 'arrays alive', backend.live())

export default counting
