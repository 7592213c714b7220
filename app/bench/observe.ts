/** A backend that is watched: what it compiled, and how long that took. */
import type { Backend, Executable } from '../../core/index.ts'

export interface Observed extends Backend {
  readonly compiled: readonly Executable[]
  /** Milliseconds spent in `compile`: planning, printing and loading. Tracing is not part of it. */
  readonly compileTime: () => number
}

export const observed = (backend: Backend): Observed => {
  const compiled: Executable[] = []
  let total = 0
  return {
    ...backend,
    compiled,
    compileTime: () => total,
    compile: async (graph) => {
      const start = performance.now()
      const executable = await backend.compile(graph)
      total += performance.now() - start
      compiled.push(executable)
      return executable
    },
  }
}
