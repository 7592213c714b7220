/** Launches beside those of kernels: arrays filled before others merge into them, partial results merged in order. */
import type { GpuArgument, GpuLaunch } from './launch.ts'
import { merged, neutralOf } from './text.ts'

const threads = 64
const spread = (size: number, body: readonly string[]): readonly string[] => [
  `let i = group * ${threads} + thread;`,
  ...(size % threads === 0 ? [] : [`if (i >= ${size}) { return; }`]),
  ...body,
]

/** array[i] = the neutral element */
export const fill = (size: number, merge: 'sum' | 'max', array: GpuArgument): GpuLaunch => ({
  name: 'fill',
  structure: `fill ${size} ${merge}`,
  shader: ([memory]) => ({ threads, element: 'f32', declarations: [], body: spread(size, [`${memory}[p0 + i] = ${neutralOf[merge]};`]) }),
  arguments: [array],
  groups: Math.ceil(size / threads),
})

/** array[i] ⊕= partial[0][i] ⊕ partial[1][i] ⊕ …, or what that is alone. */
export const combine = (
  { size, count, merge, keep }: { readonly size: number; readonly count: number; readonly merge: 'sum' | 'max'; readonly keep: boolean },
  array: GpuArgument,
  partial: GpuArgument,
): GpuLaunch => ({
  name: 'combine',
  structure: `combine ${size} ${count} ${merge} ${keep}`,
  shader: ([to, from]) => ({
    ...{ threads, element: 'f32', declarations: [] },
    body: spread(size, [
      `var x = ${keep ? `${to}[p0 + i]` : `${from}[p1 + i]`};`,
      `for (var c = ${keep ? 0 : 1}; c < ${count}; c++) { x = ${merged[merge]('x', `${from}[p1 + c * ${size} + i]`)}; }`,
      `${to}[p0 + i] = x;`,
    ]),
  }),
  arguments: [array, partial],
  groups: Math.ceil(size / threads),
})
