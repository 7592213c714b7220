/** Launches beside those of kernels: arrays filled before others merge into them, partial results merged in order. */
import type { Region } from '../plan/regions.ts'
import { type GpuArgument, type GpuLaunch, inArena } from './launch.ts'
import { merged, neutralOf } from './text.ts'

const threads = 64
const spread = (size: number, body: readonly string[]): readonly string[] => [
  `let i = group * ${threads} + thread;`,
  ...(size % threads === 0 ? [] : [`if (i >= ${size}) { return; }`]),
  ...body,
]

/** array[i] = the neutral element */
export const fill = (size: number, merge: 'sum' | 'max', array: GpuArgument, writes: Region): GpuLaunch => ({
  name: 'fill',
  structure: `fill ${size} ${merge}`,
  shader: ([memory]) => ({ threads, element: 'f32', declarations: [], body: spread(size, [`${memory}[p0 + i] = ${neutralOf[merge]};`]) }),
  arguments: [array],
  ...{ reads: [], writes: [writes] },
  groups: Math.ceil(size / threads),
})

export interface Combination {
  readonly size: number
  readonly count: number
  readonly merge: 'sum' | 'max'
  /** Is what the array holds merged, too? */
  readonly keep: boolean
  /** The array as a matrix of so many columns; default: one after the other. */
  readonly layout?: { readonly width: number; readonly row: number; readonly column: number }
}

/** array[i] = partial[0][i] ⊕ partial[1][i] ⊕ …, in order. */
export const combine = (
  { size, count, merge, keep, layout }: Combination,
  array: GpuArgument,
  partial: GpuArgument,
  writes: Region,
): GpuLaunch => ({
  name: 'combine',
  structure: `combine ${JSON.stringify([size, count, merge, keep, layout])}`,
  shader: ([to, from]) => {
    const plain = layout === undefined || (layout.row === layout.width && layout.column === 1)
    const at = plain ? 'p0 + i' : `p0 + i / ${layout.width} * ${layout.row} + i % ${layout.width} * ${layout.column}`
    return {
      ...{ threads, element: 'f32', declarations: [] },
      body: spread(size, [
        `let at = ${at};`,
        `var x = ${keep ? `${to}[at]` : `${from}[p1 + i]`};`,
        `for (var c = ${keep ? 0 : 1}; c < ${count}; c++) { x = ${merged[merge]('x', `${from}[p1 + c * ${size} + i]`)}; }`,
        `${to}[at] = x;`,
      ]),
    }
  },
  arguments: [array, partial],
  reads: [writes, inArena(partial.offset, partial.offset + count * size)],
  writes: [writes],
  groups: Math.ceil(size / threads),
})
