/**
 * A fused kernel as a shader: see `grid.ts` for how its space becomes threads, `statements.ts` for what is computed at one place of it.
 *
 *     for each item:   for each serial iteration:   for each pass:   once a row;   lane, lane + lanes, …;   reductions in a tree
 */
import type { FusedKernel, Instruction } from '../plan/index.ts'
import type { KernelSchedule } from '../plan/schedule.ts'
import { type Axis, type StoreInstruction, sizeOf, type ThreadGrid } from './grid.ts'
import { computed, index, loaded, number, place, restored, storing, type Writer, written } from './statements.ts'
import { merged, neutralOf } from './text.ts'

/** Threads of a workgroup, unless a row has more lanes. */
const workgroup = 64
export const threadsOf = ({ lanes }: ThreadGrid): number => Math.max(workgroup, lanes)

/** Items of a kernel: rows, elements or columns, times chunks. */
export const itemsOf = (kernel: FusedKernel, { parallel, chunks }: ThreadGrid): number =>
  parallel.reduce((n, axis) => n * sizeOf(kernel, axis), 1) * (chunks?.count ?? 1)

export const groupsOf = (kernel: FusedKernel, grid: ThreadGrid): number => Math.ceil(itemsOf(kernel, grid) / (threadsOf(grid) / grid.lanes))

/** Where rows are stashed between passes: the argument, its memory, and the register's number among those stashed. */
export interface Stash {
  readonly argument: number
  readonly memory: string
}

/** Which item a thread works on, and the indices that follow from it. */
const opening = (w: Writer): readonly string[] => {
  const { kernel, grid } = w
  const { parallel, chunks, lanes } = grid
  const items = itemsOf(kernel, grid)
  const rows = threadsOf(grid) / lanes
  const whole = items % rows === 0
  const number = lanes === 1 ? `group * ${rows} + thread` : rows === 1 ? 'group' : `group * ${rows} + thread / ${lanes}`
  const lines: string[] = []
  if (lanes > 1) lines.push(`let lane = thread % ${lanes};`)
  if (whole) lines.push(`let item = ${number};`)
  else if (lanes === 1) lines.push(`let item = ${number};`, `if (item >= ${items}) { return; }`)
  // All threads of a workgroup take part in its barriers.
  else lines.push(`let place = ${number};`, `let present = place < ${items};`, `let item = min(place, ${items - 1});`)
  let rest = 'item'
  const axes = parallel.filter((axis) => sizeOf(kernel, axis) > 1)
  axes.toReversed().forEach((axis, n) => {
    const last = n === axes.length - 1 && chunks === undefined
    lines.push(`let ${index(axis)} = ${last ? rest : `${rest} % ${sizeOf(kernel, axis)}`};`)
    if (!last) lines.push(`let rest${n} = ${rest} / ${sizeOf(kernel, axis)};`)
    rest = `rest${n}`
  })
  for (const axis of parallel) if (sizeOf(kernel, axis) === 1) lines.push(`let ${index(axis)} = 0;`)
  if (chunks !== undefined) lines.push(`let chunk = ${rest};`)
  return lines
}
export const isPartlyPresent = (kernel: FusedKernel, grid: ThreadGrid): boolean =>
  grid.lanes > 1 && itemsOf(kernel, grid) % (threadsOf(grid) / grid.lanes) !== 0

/** Statements in the serial loops, outermost first. */
const looped = ({ kernel, grid: { serial, chunks } }: Writer, inside: readonly string[]): readonly string[] => {
  const heads = serial.flatMap((axis: Axis) => {
    const [size, i] = [sizeOf(kernel, axis), index(axis)]
    if (axis !== chunks?.axis) return [`for (var ${i} = 0; ${i} < ${size}; ${i}++) {`]
    const length = size / chunks.count
    return [`for (var turn = 0; turn < ${length}; turn++) {`, `let ${i} = chunk * ${length} + turn;`]
  })
  return [...heads, ...inside, ...serial.map(() => '}')]
}

const limitOf = ({ kernel: { triangle, inner } }: Writer): readonly string[] =>
  triangle === undefined ? [] : [`let limit = min((${index(triangle.loop)} / ${triangle.block} + 1) * ${triangle.block}, ${inner.size});`]

// ------------------------------------------------------------------ spread

/** One thread an element: a merging store that meets one element only keeps its sum in a register. */
export const spreadBody = (w: Writer): readonly string[] => {
  const { body, triangle } = w.kernel
  const kept = body.flatMap((i, r) => (i.op === 'store' && keepsSum(w, i) ? [{ i, r, merge: i.merge ?? 'sum' }] : []))
  const sums = new Set(kept.map(({ r }) => r))
  const here = body.flatMap((i, r): readonly string[] => {
    if (i.op !== 'store') return computed(w, r)
    if (!sums.has(r)) return storing(w, i, r, [])
    return [`sum${r} = ${merged[i.merge ?? 'sum'](`sum${r}`, number(w, i.arg))};`]
  })
  const inside = triangle === undefined ? here : [...limitOf(w), 'if (j < limit) {', ...here, '}']
  return [
    ...opening(w),
    ...kept.map(({ r, merge }) => `var sum${r} = ${neutralOf[merge]};`),
    ...looped(w, inside),
    ...kept.flatMap(({ i, r }) => storing(w, i, r, [], `sum${r}`)),
  ]
}
const keepsSum = ({ kernel: { streams, loops }, grid: { serial } }: Writer, { merge, at, stream }: StoreInstruction): boolean =>
  merge !== undefined &&
  at === undefined &&
  serial.length > 0 &&
  serial.every((axis) => streams[stream]!.outer[axis] === 0 || loops[axis]!.size === 1)

// ------------------------------------------------------------------ rows

export const rowsBody = (w: Writer, plan: KernelSchedule, stash: Stash | undefined): readonly string[] => {
  const { kernel, grid } = w
  const { lanes, full } = grid
  const present = isPartlyPresent(kernel, grid) ? ['present'] : []
  const alone = [...present, ...(lanes > 1 ? ['lane == 0'] : [])]
  const late = kernel.body.flatMap((i, r) => (i.op === 'store' && !full[r] ? storing(w, i, r, alone) : []))
  const row = [
    ...limitOf(w),
    ...plan.passes.flatMap((pass) => [...pass.before.flatMap((r) => computed(w, r)), ...sweep(w, plan, pass.sweep, present, stash)]),
    // What is stored once a row may be where all lanes have read.
    ...(late.length > 0 && lanes > 1 ? ['workgroupBarrier();'] : []),
    ...late,
  ]
  return [...opening(w), ...looped(w, row)]
}

const sweep = (
  w: Writer,
  plan: KernelSchedule,
  steps: KernelSchedule['passes'][number]['sweep'],
  present: readonly string[],
  stash: Stash | undefined,
): readonly string[] => {
  if (steps.length === 0) return []
  const { kernel, grid } = w
  const { lanes } = grid
  const end = kernel.triangle === undefined ? `${kernel.inner.size}` : 'limit'
  const folds = steps.filter((s) => s.do === 'fold').map((s) => s.register)
  const from = (r: number): string =>
    `p${stash?.argument} + (${plan.stashed.indexOf(r)} * ${itemsOf(kernel, grid)} + item) * ${kernel.inner.size} + j`
  const at = (what: (typeof steps)[number]['do'], r: number): readonly string[] => {
    const i = kernel.body[r]!
    const back = plan.stored.get(r)
    switch (what) {
      case 'read':
        if (back !== undefined) return [`let r${r} = ${restored(w, r, loaded(w, back, place(w, { stream: back })))};`]
        return [`let r${r} = ${restored(w, r, w.words ? `bitcast<f32>(${stash?.memory}[${from(r)}])` : `${stash?.memory}[${from(r)}]`)};`]
      case 'stash':
        return [written(w, stash?.memory ?? '', from(r), number(w, r))]
      case 'fold':
        return [`fold${r} = ${merged[mergeOf(i)](`fold${r}`, number(w, (i as Reduce).arg))};`]
      case 'store':
        return i.op === 'store' ? storing(w, i, r, present) : []
      default:
        return computed(w, r)
    }
  }
  return [
    ...folds.map((r) => `var fold${r} = ${neutralOf[mergeOf(kernel.body[r]!)]};`),
    `for (var j = ${lanes === 1 ? '0' : 'lane'}; j < ${end}; j += ${lanes}) {`,
    ...steps.flatMap((s) => at(s.do, s.register)),
    '}',
    ...folds.flatMap((r) => joined(mergeOf(kernel.body[r]!), r, lanes)),
  ]
}
type Reduce = Extract<Instruction, { op: 'reduce' }>
const mergeOf = (i: Instruction): 'sum' | 'max' => (i.op === 'reduce' ? i.merge : 'sum')

/** What the lanes of a row have folded, joined in a tree of fixed shape. */
const joined = (merge: 'sum' | 'max', r: number, lanes: number): readonly string[] => {
  if (lanes === 1) return [`let r${r} = fold${r};`]
  const steps: string[] = []
  for (let half = lanes / 2; half >= 1; half /= 2)
    steps.push(
      `if (lane < ${half}) { lanes[thread] = ${merged[merge]('lanes[thread]', `lanes[thread + ${half}]`)}; }`,
      'workgroupBarrier();',
    )
  return [`lanes[thread] = fold${r};`, 'workgroupBarrier();', ...steps, `let r${r} = lanes[thread - lane];`, 'workgroupBarrier();']
}

export const declarationsOf = (grid: ThreadGrid): readonly string[] =>
  grid.lanes > 1 ? [`var<workgroup> lanes: array<f32, ${threadsOf(grid)}>;`] : []
