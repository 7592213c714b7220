/**
 * A backend that computes nothing and counts: what a run would hold, and how much it would compute. Programs are planned as for WebAssembly; every
 * number is 0.
 *
 *     peak = max over programs of Σ arrays alive + scratch of the largest program so far
 */
import { plan, summarize } from '../../backends/plan/index.ts'
import type { Backend, Handle } from '../../core/index.ts'
import type { Storage } from '../../core/internal.ts'

export interface Count {
  /** Bytes. */
  readonly peak: number
  readonly scratch: number
  /** What is alive now. */
  readonly alive: number
  /** Multiplications and additions so far. */
  readonly flops: number
}

export const counting = (): { readonly backend: Backend; readonly count: () => Count } => {
  const sizes = new Map<Handle, number>()
  let [alive, scratch, peak, flops] = [0, 0, 0, 0]
  const keep = (size: number, bytes: number): Handle => {
    const handle = { size }
    sizes.set(handle, bytes)
    alive += bytes
    peak = Math.max(peak, alive + scratch)
    return handle
  }
  const free = (handle: Handle): void => {
    alive -= sizes.get(handle) ?? 0
    sizes.delete(handle)
  }
  const backend: Backend = {
    name: 'counting',
    compile: async (graph) => {
      const program = plan(graph)
      const summary = summarize(program)
      return {
        report: { backend: 'counting', mode: 'nothing is computed', ...summary },
        run: async (inputs) => {
          scratch = Math.max(scratch, 4 * program.scratch)
          flops += summary.flops
          const donated = new Set(program.outputs.flatMap((output) => output.donated ?? []))
          for (const i of donated) free(inputs[i]!) // an output takes over the memory
          const made = program.outputs.map(({ size }) => keep(size, 4 * size))
          peak = Math.max(peak, alive + scratch)
          return made
        },
      }
    },
    upload: ({ length }) => keep(length, 4 * length),
    uploadHalf: ({ length }) => keep(length, 4 * length),
    uploadNarrow: ({ format, length }) => keep(length, bytes[format] * length),
    download: async ({ size }) => new Float32Array(size),
    free,
    live: () => sizes.size,
  }
  return { backend, count: () => ({ peak, scratch, alive, flops }) }
}
const bytes: Readonly<Record<Storage, number>> = { bf16: 2, i8: 1 }
