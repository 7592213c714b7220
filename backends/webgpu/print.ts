/**
 * A program as launches, in order: one for each kernel, and small ones beside it. The arena holds the planner's scratch, then what one kernel
 * at a time needs beside it: partial results, and rows that are stashed.
 */
import type { Program } from '../plan/index.ts'
import { aligned, fused } from './fused.ts'
import type { Style } from './grid.ts'
import type { GpuLaunch } from './launch.ts'
import { product } from './product.ts'

export interface Printed {
  readonly launches: readonly GpuLaunch[]
  /** Elements of the arena. */
  readonly arena: number
}

export const print = (program: Program, style: Style): Printed => {
  const launches: GpuLaunch[] = []
  /** Where the arena goes on after the planner's scratch. */
  const start = aligned(program.scratch)
  let extra = 0
  for (const kernel of program.kernels) {
    const made = kernel.kind === 'dotGeneral' ? product(program, kernel, style, start) : fused(program, kernel, style, start)
    extra = Math.max(extra, made.scratch)
    launches.push(...made.launches)
  }
  return { launches, arena: start + extra }
}
