/** The one form that is printed: loops around a body with one store. A contraction is such loops too. */
import type { DotGeneral, FusedKernel, Instruction, Stream } from '../plan/index.ts'

export type Store = Extract<Instruction, { op: 'store' }>

export interface Nest extends Pick<FusedKernel, 'name' | 'loops' | 'inner' | 'streams' | 'body' | 'triangle'> {
  /** All that exists of the loops, if not everything: boxes of index ranges by axis. */
  readonly boxes?: readonly Box[]
  /** Elements of the stored array that it does not reach stay as they are, rather than becoming the merge's neutral element. */
  readonly leaves?: boolean
}
export type Box = ReadonlyMap<number, IndexRange>
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/** Axes are numbered as in the instructions: the loops from 0, and … */
export const inner = -1
export const axesOf = (nest: Nest): readonly number[] => [...nest.loops.keys(), inner]
export const extent = (nest: Nest, axis: number): number => (axis === inner ? nest.inner.size : nest.loops[axis]!.size)

/** Anything that moves with the loops. */
export type AxisStrides = Pick<Stream, 'outer' | 'inner'>
export const stride = (s: AxisStrides, axis: number): number => (axis === inner ? s.inner : s.outer[axis]!)

/** A set of axes, as bits. */
export const bit = (axis: number): number => 1 << (axis + 1)
const moving = (nest: Nest, s: AxisStrides): number => axesOf(nest).reduce((set, a) => (stride(s, a) === 0 ? set : set | bit(a)), 0)

/** The axes that each register varies along. */
export const variation = (nest: Nest): readonly number[] => {
  const sets: number[] = []
  const any = (registers: readonly number[]): number => registers.reduce((set, r) => set | sets[r]!, 0)
  const of = (x: Instruction): number => {
    switch (x.op) {
      case 'load':
        return (x.guards ?? []).reduce((set, g) => set | bit(g.loop), moving(nest, nest.streams[x.stream]!) | any(x.at ? [x.at.index] : []))
      case 'iota':
        return bit(x.loop)
      case 'primitive':
        return any(x.args)
      case 'reduce':
        return any([x.arg]) & ~bit(inner)
      case 'random':
        return any([x.key]) | moving(nest, x)
      default:
        return 0
    }
  }
  for (const x of nest.body) sets.push(of(x))
  return sets
}

/** The axes that a store runs over: not the inner one, if what is stored is one a row. */
export const stored = (nest: Nest, { stream, arg, at }: Store): readonly number[] => {
  const varies = variation(nest)
  const full = nest.streams[stream]!.inner !== 0 || ((varies[arg]! | (at ? varies[at.index]! : 0)) & bit(inner)) !== 0
  return axesOf(nest).filter((axis) => axis !== inner || full)
}

/** C (+)= A · B as loops over its outer loops, m and n, around k. */
export const contraction = (c: DotGeneral): { readonly nest: Nest; readonly store: Store } => {
  const [m, n] = [c.loops.length, c.loops.length + 1]
  const stream = (x: DotGeneral['a'], side: 'a' | 'b' | 'c', alongM: number, alongN: number, alongK: number): Stream => {
    return { buffer: x.buffer, offset: x.offset, outer: [...c.loops.map((l) => l[side]), alongM, alongN], inner: alongK }
  }
  const store: Store = { op: 'store', stream: 2, arg: 2, merge: 'sum', keep: c.accumulate }
  const nest: Nest = {
    name: c.name,
    loops: [...c.loops.map(({ size }, i) => ({ axis: `${i}`, size })), { axis: 'm', size: c.m }, { axis: 'n', size: c.n }],
    inner: { axis: 'k', size: c.k },
    streams: [stream(c.a, 'a', c.a.row, 0, c.a.column), stream(c.b, 'b', 0, c.b.column, c.b.row), stream(c.c, 'c', c.c.row, c.c.column, 0)],
    body: [{ op: 'load', stream: 0 }, { op: 'load', stream: 1 }, { op: 'primitive', primitive: 'mul', args: [0, 1] }, store],
    leaves: true,
  }
  const whole = c.parts.length === 1 && c.parts[0]!.m === c.m && c.parts[0]!.n === c.n && c.parts[0]!.k === c.k
  if (whole) return { nest, store }
  const range = (from: number, size: number): IndexRange => ({ from, to: from + size })
  const box = (p: DotGeneral['parts'][number]): Box =>
    new Map([
      [m, range(p.m0, p.m)],
      [n, range(p.n0, p.n)],
      [inner, range(p.k0, p.k)],
    ])
  return { nest: { ...nest, boxes: c.parts.filter((p) => p.m * p.n * p.k > 0).map(box) }, store }
}
