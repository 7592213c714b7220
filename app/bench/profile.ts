/** Where the time of a step goes: every kernel run alone, again and again, on the arrays of a run that has just ended. */
import type { Executable } from '../../core/index.ts'
import type { KernelRow } from './row.ts'

/** An executable that can run its steps one by one, in one thread, as the WebAssembly backend's can. */
interface Stepped {
  readonly steps: readonly string[]
  readonly step: (i: number) => void
}
const isStepped = (executable: Executable): executable is Executable & Stepped => 'steps' in executable && 'step' in executable

export type KernelTime = Pick<KernelRow, 'kernel' | 'calls' | 'time'>

/** The slowest first; nothing, where the backend runs a program as a whole. */
export const profile = (executable: Executable, repeats: number): readonly KernelTime[] => {
  if (!isStepped(executable)) return []
  const { steps, step } = executable
  const kernels = new Map<string, KernelTime>()
  for (const [i, kernel] of steps.entries()) {
    const known = kernels.get(kernel) ?? { kernel, calls: 0, time: 0 }
    kernels.set(kernel, { kernel, calls: known.calls + 1, time: known.time + fastest(() => step(i), repeats) })
  }
  return [...kernels.values()].sort((a, b) => b.time - a.time)
}
const fastest = (f: () => void, repeats: number): number =>
  Math.min(
    ...Array.from({ length: repeats }, () => {
      const start = performance.now()
      f()
      return performance.now() - start
    }),
  )
