/** Where the time of a step goes: every kernel run alone, again and again, on the arrays of a run that has just ended. */
import type { Executable } from '../../core/index.ts'

/** An executable that can run its steps one by one, as the WebAssembly backend's can. */
export interface Stepped {
  readonly steps: readonly string[]
  readonly step: (i: number) => void
}
export const isStepped = (executable: Executable | undefined): executable is Executable & Stepped =>
  executable !== undefined && 'steps' in executable && 'step' in executable

/** All kernels of one name. */
export interface KernelTime {
  readonly kernel: string
  readonly calls: number
  /** Milliseconds of all calls together, each at its fastest: alone, and with warm caches. */
  readonly time: number
}

/** The slowest first. */
export const profile = ({ steps, step }: Stepped, repeats: number): readonly KernelTime[] => {
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
