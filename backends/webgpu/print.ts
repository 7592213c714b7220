/**
 * A program as launches, in order: one for each kernel, and small ones beside it. The arena holds the planner's scratch, then what one kernel
 * at a time needs beside it: partial results, and rows that are stashed.
 */
import type { DotGeneral, Program } from '../plan/index.ts'
import { aligned, fused } from './fused.ts'
import type { Style } from './grid.ts'
import { argumentOf, type GpuLaunch } from './launch.ts'
import { tilesOf } from './parts.ts'
import { fetchingOf, oriented, productBody, type TileShape } from './product.ts'

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
  for (const kernel of program.kernels)
    if (kernel.kind === 'dotGeneral') launches.push(product(program, kernel))
    else {
      const made = fused(program, kernel, style, start)
      extra = Math.max(extra, made.scratch)
      launches.push(...made.launches)
    }
  return { launches, arena: start + extra }
}

// ------------------------------------------------------------------ products

const shapeOf = ({ m, n }: DotGeneral): TileShape => {
  let across = 8
  while (across > 1 && 4 * across >= 2 * n) across /= 2
  const rows = Math.min(m, 4)
  return { rows, vectors: 1, across, down: 64 / across }
}

const product = (program: Program, given: DotGeneral): GpuLaunch => {
  const kernel = oriented(given)
  const { a, b, c, m, n, k, loops, parts, accumulate } = kernel
  const [shape, fetching] = [shapeOf(kernel), fetchingOf(kernel)]
  const walks = [a, b, c].map(({ row, column }) => [row, column])
  const batch = loops.reduce((count, { size, sum }) => (sum ? count : count * size), 1)
  return {
    name: kernel.name,
    structure: `product ${JSON.stringify([m, n, k, walks, loops, parts, accumulate, shape, fetching])}`,
    shader: (memory) => ({
      threads: 64,
      element: fetching.vector ? 'vec4<f32>' : 'f32',
      declarations: [],
      body: productBody(kernel, shape, fetching, memory),
    }),
    arguments: [a, b, c].map((x) => argumentOf(program, x.buffer, x.offset)),
    groups: tilesOf(kernel, shape) * batch,
  }
}
