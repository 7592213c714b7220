/** A backend that is watched: what it compiled, how long that took, and how much it has computed. */
import type { Backend, Executable } from '../../core/index.ts'

export interface Observed extends Backend {
  readonly compiled: readonly Executable[]
  /** Milliseconds spent in `compile`: planning, printing and loading. Tracing is not part of it. */
  readonly compileTime: () => number
  /** Operations of all runs so far, as the cost model counts them. */
  readonly flops: () => number
}

export const observed = (backend: Backend): Observed => {
  const compiled: Executable[] = []
  let [total, flops] = [0, 0]
  return {
    ...backend,
    compiled,
    compileTime: () => total,
    flops: () => flops,
    compile: async (graph) => {
      const start = performance.now()
      const executable = await backend.compile(graph)
      total += performance.now() - start
      compiled.push(executable)
      return {
        ...executable,
        run: (inputs) => {
          flops += executable.report.flops
          return executable.run(inputs)
        },
      }
    },
  }
}
