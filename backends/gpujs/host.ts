/**
 * The public interface of gpu.js, in its WebAssembly and JavaScript modes: a whole program is one `createPipeline`. In
 * WebAssembly all its kernels share one memory (several threads walk through them where an array is large); arguments are
 * copied in and results out at every run, so nothing stays resident.
 */
import type { IPipelineRunShortcut } from 'gpu.js'
import type { GpujsDevice } from './device.ts'
import { assertMode, open } from './session.ts'

export const host = async (mode: 'webasm' | 'cpu'): Promise<GpujsDevice<Float32Array>> => {
  const { gpu, kernel } = await open(mode)
  return {
    arrays: Infinity,
    upload: (data) => Float32Array.from(data),
    download: async (array) => array.slice(),
    release: () => undefined,
    build: async (program, { launches, sizes, outputs }) => {
      const kernels = launches.map(kernel)
      // Traced once, with opaque values: the calls are recorded, not run.
      const trace = (...inputs: readonly unknown[]): unknown[] => {
        const values = [...inputs]
        for (const [i, launch] of launches.entries())
          values[launch.writes] = kernels[i]!(...launch.reads.map((v) => values[v] as Float32Array))
        return outputs.map((v) => values[v])
      }
      // gpu.js reads the number of arguments off the function.
      const pipeline = gpu.createPipeline(Object.defineProperty(trace, 'length', { value: program.inputs.length }))
      const buffers = await prepare(pipeline, program.inputs)
      return {
        mode: pipeline.executorKind === 'generic' ? `${mode} (kernel by kernel)` : `${mode} (${pipeline.executorKind} pipeline)`,
        peakMemory: 4 * [...program.inputs, ...buffers].reduce((a, b) => a + b, 0),
        run: async (inputs) => {
          const results = await pipeline(...inputs)
          assertMode(mode, pipeline.backend, pipeline.fallbackReason)
          return outputs.map((v, o) => (v < inputs.length ? inputs[v]! : flatten((results as unknown[])[o], sizes[v]!)))
        },
      }
    },
    close: () => gpu.destroy(),
  }
}

/** Compile now what gpu.js would compile at the first call, so that how it executes is known. The sizes of its buffers. */
const prepare = async ({ pipeline }: IPipelineRunShortcut, inputs: readonly number[]): Promise<readonly number[]> => {
  const inside = pipeline as unknown as Inside // gpu.js 2.24.1 declares only what its users call
  const plan = inside._buildPlan()
  inside.plan = plan
  await inside._prepareExecutor(inputs.map((size) => new Float32Array(size)))
  return plan.buffers.map(({ output }) => output.reduce((a, b) => a * b, 1))
}
interface Inside {
  plan: unknown
  readonly _buildPlan: () => { readonly buffers: readonly { readonly output: readonly number[] }[] }
  readonly _prepareExecutor: (examples: readonly Float32Array[]) => Promise<void> | undefined
}

/** gpu.js returns results of several dimensions as nested rows. */
const flatten = (rows: unknown, size: number): Float32Array => {
  if (rows instanceof Float32Array) return rows
  const flat = new Float32Array(size)
  let filled = 0
  const visit = (part: unknown): void => {
    if (part instanceof Float32Array) {
      flat.set(part, filled)
      filled += part.length
    } else if (Array.isArray(part)) part.forEach(visit)
  }
  visit(rows)
  return flat
}
