/**
 * Random programs of one kernel: any axes in any order, strides of either sign, guards, gathers, scatters, reductions in
 * reductions, causal rows, contractions with every leftover loop. Far more than a planner would write, so that a printer
 * is not tested on one planner's habits.
 */
import type { Buffer, DotGeneral, FusedKernel, Instruction, Program, Stream } from '../../backends/plan/index.ts'
import { draw } from '../../core/internal.ts'

export interface Case {
  readonly program: Program
  readonly data: readonly (readonly number[])[]
}
type Store = Extract<Instruction, { op: 'store' }>
/** An array in some order of some axes, each running forwards or backwards. */
interface Layout {
  readonly size: number
  readonly offset: number
  readonly strides: readonly number[]
}

const dice = (seed: number) => {
  let rolled = 0
  const real = (): number => draw(seed, rolled++)
  const below = (n: number): number => Math.floor(real() * n)
  const chance = (p: number): boolean => real() < p
  const one = <T>(xs: readonly T[]): T => xs[below(xs.length)]!
  const some = (n: number, p: number): number[] => [...Array(n).keys()].filter(() => chance(p))
  const shuffle = <T>(xs: readonly T[]): readonly T[] =>
    xs
      .map((x) => [real(), x] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, x]) => x)
  /** `roomy`: with room around it, as a block of a larger array. */
  const layout = (sizes: readonly number[], over: readonly number[], forwards?: number, roomy = false): Layout => {
    const strides = sizes.map(() => 0)
    let [size, offset] = [1, 0]
    for (const axis of shuffle(over)) {
      const n = sizes[axis]!
      const backwards = axis !== forwards && chance(0.2)
      const [before, after] = roomy && chance(0.5) ? [below(3), below(3)] : [0, 0]
      strides[axis] = backwards ? -size : size
      offset += size * (before + (backwards ? n - 1 : 0))
      size *= before + n + after
    }
    return { size, offset, strides }
  }
  return { real, below, chance, one, some, shuffle, layout }
}

/** The buffers of a program as it is written. */
const memory = ({ below, real }: ReturnType<typeof dice>) => {
  const buffers: Buffer[] = []
  const data: number[][] = []
  const outputs: { size: number; donated?: number }[] = []
  const input = (size: number, value = (): number => Math.fround(real() * 4 - 2)): number => {
    data.push(Array.from({ length: size }, value))
    return buffers.push({ size, place: { in: 'input', index: data.length - 1 } }) - 1
  }
  const indices = (size: number, limit: number): number => input(size, () => below(limit))
  /** An output; `started`, it takes over an input. */
  const output = (size: number, started: boolean): number => {
    const from = started ? buffers[input(size)]!.place : undefined
    outputs.push({ size, ...(from?.in === 'input' && { donated: from.index }) })
    return buffers.push({ size, place: { in: 'output', index: outputs.length - 1 } }) - 1
  }
  const finish = (kernel: Program['kernels'][number]): Case => ({
    program: { buffers, kernels: [kernel], inputs: data.map((x) => x.length), outputs, scratch: 0 },
    data,
  })
  return { input, indices, output, finish }
}

const cost = { flops: 0, bytes: 0 }

export const contraction = (seed: number): Case => {
  const chosen = dice(seed)
  const { below, chance, layout } = chosen
  const { input, output, finish } = memory(chosen)
  const [m, n, k] = [1 + below(9), chosen.one([4, 8, 5, 12]), 1 + below(12)]
  const loops = Array.from({ length: below(3) }, () => ({ size: 1 + below(4), sum: chance(0.3) }))
  const [M, N, K] = [loops.length, loops.length + 1, loops.length + 2]
  const sizes = [...loops.map((l) => l.size), m, n, k]
  const batched = (...own: number[]): number[] => [...chosen.some(loops.length, 0.7), ...own]
  const [a, b] = [layout(sizes, batched(M, K)), layout(sizes, batched(N, K))]
  const c = layout(sizes, [...loops.flatMap((l, i) => (l.sum ? [] : [i])), M, N], undefined, chance(0.3))
  const matrix = (x: Layout, buffer: number, row: number, column: number) => ({
    buffer,
    offset: x.offset,
    row: x.strides[row]!,
    column: x.strides[column]!,
  })
  const half = Math.ceil(m / 2)
  const causal = [
    { m0: 0, n0: 0, k0: 0, m: half, n, k: Math.ceil(k / 2) },
    { m0: half, n0: 0, k0: 0, m: m - half, n, k },
  ]
  const accumulate = chance(0.4)
  const kernel: DotGeneral = {
    kind: 'dotGeneral',
    name: 'contraction',
    m,
    n,
    k,
    a: matrix(a, input(a.size), M, K),
    b: matrix(b, input(b.size), K, N),
    c: matrix(c, output(c.size, accumulate || chance(0.3)), M, N),
    loops: loops.map((l, i) => ({ ...l, a: a.strides[i]!, b: b.strides[i]!, c: c.strides[i]! })),
    parts: chance(0.4) ? causal : [{ m0: 0, n0: 0, k0: 0, m, n, k }],
    accumulate,
    cost,
  }
  return finish(kernel)
}

export const rows = (seed: number): Case => {
  const chosen = dice(seed)
  const { below, chance, one, some, layout } = chosen
  const { input, indices, output, finish } = memory(chosen)
  const depth = below(4)
  const sizes = Array.from({ length: depth + 1 }, () => one([1, 2, 3, 4, 5, 8]))
  const streams: Stream[] = []
  const body: Instruction[] = []
  const full: boolean[] = []
  const stream = ({ offset, strides }: Layout, buffer: number): number =>
    streams.push({ buffer, offset, outer: strides.slice(0, depth), inner: strides[depth]! }) - 1
  const put = (instruction: Instruction, isFull: boolean): number => {
    full.push(isFull)
    return body.push(instruction) - 1
  }
  const primitive = (name: Extract<Instruction, { op: 'primitive' }>['primitive'], ...args: number[]): number =>
    put(
      { op: 'primitive', primitive: name, args },
      args.some((x) => full[x]),
    )
  const constant = (value: number): number => put({ op: 'constant', value }, false)
  const load = (): number => {
    const at = layout(sizes, some(depth + 1, 0.7))
    const guards = chance(0.3) ? [{ loop: one([...Array(depth).keys(), -1]), from: below(2), to: 1 + below(4) }] : []
    const isFull = at.strides[depth] !== 0 || guards.some((g) => g.loop < 0)
    return put({ op: 'load', stream: stream(at, input(at.size)), guards }, isFull)
  }
  /** A table that is addressed by data along an axis of its own: the layout, the register of the index, the stride. */
  const looked = (mayMove: (axis: number, indexFull: boolean) => boolean) => {
    const entries = 1 + below(5)
    const at = layout(sizes, some(depth + 1, 0.5))
    const index = put({ op: 'load', stream: stream(at, indices(at.size, entries)) }, at.strides[depth] !== 0)
    const own = some(depth + 1, 0.5).filter((axis) => mayMove(axis, full[index]!))
    const table = layout([...sizes, entries], [...own, depth + 1], depth + 1)
    return { table, at: { index, stride: table.strides[depth + 1]! } }
  }
  const gather = (): number => {
    const { table, at } = looked(() => true)
    return put({ op: 'load', stream: stream(table, input(table.size)), at }, full[at.index]! || table.strides[depth] !== 0)
  }
  const random = (): number => {
    const [outer, inner] = [sizes.slice(0, depth).map(() => below(100)), below(5)]
    return put({ op: 'random', key: constant(below(1e6)), salt: below(2 ** 31), offset: below(50), outer, inner }, inner !== 0)
  }
  const values = [load(), load()]
  for (let i = 0, n = 1 + below(6); i < n; i++) {
    const along = values.filter((x) => full[x])
    const [x, y, z] = [one(values), one(values), one(values)]
    const positive = (v: number): number => primitive('add', primitive('mul', v, v), constant(1))
    const choices: readonly (() => number)[] = [
      load,
      gather,
      random,
      () => constant(one([0, 1, -1, 0.5, 3, -2.25, 1e-6])),
      () => one([...Array(depth).keys(), -1].map((loop) => () => put({ op: 'iota', loop }, loop < 0)))(),
      () => (along.length === 0 ? load() : put({ op: 'reduce', merge: one(['sum', 'max']), arg: one(along) }, false)),
      () => primitive(one(['add', 'sub', 'mul', 'max', 'less', 'equal']), x, y),
      () => primitive('where', x, y, z),
      () => primitive(one(['sin', 'cos']), x),
      () => primitive('exp', primitive('sin', x)),
      () => primitive(one(['sqrt', 'log']), positive(x)),
      () => primitive('div', x, positive(y)),
    ]
    values.push(one(choices)())
  }
  for (const arg of chosen.shuffle(values).slice(0, 1 + below(2))) {
    const merge = one(['sum', 'max'] as const)
    /** What would meet in one element a row is reduced first, as the planner has it. */
    const store = (rest: Partial<Store>, to: number, at: Layout): number => {
      const meets = full[arg] && at.strides[depth] === 0 && !(rest.at && full[rest.at.index])
      const value = meets && rest.merge ? put({ op: 'reduce', merge: rest.merge, arg }, false) : arg
      return put({ op: 'store', stream: stream(at, to), arg: value, ...rest }, full[value]!)
    }
    if (chance(0.2)) {
      const { table, at } = looked((axis, indexFull) => axis !== depth || full[arg]! || indexFull)
      store({ merge, at }, output(table.size, false), table)
    } else if (chance(0.5)) {
      const keep = chance(0.4)
      const at = layout(
        sizes,
        some(depth + 1, 0.6).filter((axis) => axis !== depth || full[arg]),
        undefined,
        chance(0.3),
      )
      store({ merge, keep }, output(at.size, keep), at)
    } else {
      const at = layout(sizes, [...Array(depth).keys(), ...(full[arg] || chance(0.3) ? [depth] : [])], undefined, chance(0.3))
      store({}, output(at.size, chance(0.3)), at)
    }
  }
  const kernel: FusedKernel = {
    kind: 'fused',
    name: 'rows',
    loops: sizes.slice(0, depth).map((size, i) => ({ axis: `${i}`, size })),
    inner: { axis: 'inner', size: sizes[depth]! },
    streams,
    body,
    cost,
    ...(depth > 0 && chance(0.2) && { triangle: { loop: below(depth), block: 1 + below(4) } }),
  }
  return finish(kernel)
}
