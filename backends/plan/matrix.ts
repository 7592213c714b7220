/**
 * A contraction over named strides as a matrix product: which axes make M, N and K, and which are left as loops around it.
 * Axes of a group merge into one when they follow each other in every array of the group; it is never necessary to copy.
 */
import type { Shape } from '../../core/index.ts'
import type { Access } from './access.ts'
import { contracted, factors } from './contractions.ts'
import type { DotGeneralGroup } from './group.ts'
import type { DotGeneral, Matrix } from './program.ts'
import { has, type Value } from './value.ts'

export interface Product {
  readonly m: MatrixSide
  readonly n: MatrixSide
  readonly k: MatrixSide
  readonly left: Value
  readonly right: Value
  readonly a: Omit<Matrix, 'buffer'>
  readonly b: Omit<Matrix, 'buffer'>
  readonly c: Omit<Matrix, 'buffer'>
  readonly loops: DotGeneral['loops']
}
/** A merged group of axes and its stride in each of the two arrays that have it. */
interface MatrixSide {
  readonly axes: readonly string[]
  readonly size: number
  readonly strides: readonly [number, number]
}

/** Axes that must be a side of their own, if they are part of one. */
type SeparateAxes = { readonly row: string; readonly column: string } | undefined
/** A product under construction: where its three arrays lie, and the axes that are left as loops so far. */
interface ProductState {
  readonly shape: Shape
  readonly over: readonly string[]
  readonly a: Access
  readonly b: Access
  readonly out: Access
  readonly separate: SeparateAxes
  readonly loops: DotGeneral['loops'][number][]
}

export const product = ({ value, into }: DotGeneralGroup, access: (x: Value) => Access, separate: SeparateAxes = undefined): Product => {
  const { shape } = value.from[0]!
  const over = contracted(value)
  const out = access(into)
  const [first, second] = factors(value)
  const unit = into.axes.reduce((x, y) => (out.strides[y]! < out.strides[x]! ? y : x))
  const [left, right] = has(second, unit) ? [first, second] : [second, first]
  const [a, b] = [access(left), access(right)]
  const s: ProductState = { shape, over, a, b, out, separate, loops: [] }
  const all = Object.keys(shape)
  for (const axis of all) if (has(left, axis) && has(right, axis) && !over.includes(axis)) addLoop(s, axis)
  const n = side(
    s,
    all.filter((axis) => !has(left, axis)),
    out,
    b,
    true,
  )
  const m = side(
    s,
    all.filter((axis) => !has(right, axis)),
    out,
    a,
    false,
  )
  const k = side(s, over, a, b, true)
  return {
    ...{ m, n, k, left, right },
    a: { offset: a.offset, row: m.strides[1], column: k.strides[0] },
    b: { offset: b.offset, row: k.strides[1], column: n.strides[1] },
    c: { offset: out.offset, row: m.strides[0], column: n.strides[0] },
    loops: s.loops.sort((p, q) => Number(p.sum) - Number(q.sum) || q.c - p.c),
  }
}

const addLoop = ({ shape, over, a, b, out, loops }: ProductState, axis: string): void => {
  const sum = over.includes(axis)
  loops.push({ size: shape[axis]!, a: a.strides[axis] ?? 0, b: b.strides[axis] ?? 0, c: sum ? 0 : out.strides[axis]!, sum })
}
/** The axes from `from` on, fastest first, that follow each other in both arrays. */
const run = ({ shape }: ProductState, sorted: readonly string[], from: number, x: Access, y: Access): MatrixSide => {
  const fastest = sorted[from]!
  let size = shape[fastest]!
  let to = from + 1
  for (; to < sorted.length; to++) {
    const axis = sorted[to]!
    if ([x, y].some(({ strides }) => strides[axis] !== strides[fastest]! * size)) break
    size *= shape[axis]!
  }
  return { axes: sorted.slice(from, to), size, strides: [x.strides[fastest]!, y.strides[fastest]!] }
}
/** The longest run makes the side of the matrix (one along memory, if `along`); the other axes are loops. */
const side = (s: ProductState, axes: readonly string[], x: Access, y: Access, along: boolean): MatrixSide => {
  if (axes.length === 0) return { axes: [], size: 1, strides: [1, 1] }
  const special = axes.find((axis) => axis === s.separate?.row || axis === s.separate?.column)
  const sorted = [...axes].sort((p, q) => x.strides[p]! - x.strides[q]!)
  const runs =
    special !== undefined ? [run(s, [special], 0, x, y)] : (along ? [0] : [...sorted.keys()]).map((from) => run(s, sorted, from, x, y))
  const best = runs.reduce((p, q) => (q.size > p.size ? q : p))
  for (const axis of sorted) if (!best.axes.includes(axis)) addLoop(s, axis)
  return best
}

/** Of a matrix product: numbers side by side, and multiplications a nanosecond. */
const lanes = 16
const rate = 25
/** What a product costs under a layout, in nanoseconds or so. */
export const layoutCost = ({ m, n, k, a, b, c, loops }: Product): number => {
  const calls = loops.reduce((product, { size }) => product * size, 1)
  const sums = loops.reduce((product, { size, sum }) => (sum ? product * size : product), 1)
  const strided = (column: number, row: number, volume: number): number => (column === 1 || row === 1 ? 0 : volume)
  // Vectors are packed along n.
  const turned = b.column === 1 ? 0 : 0.2 * k.size * n.size
  const spread = [a, b, c].reduce((sum, { row, column }) => sum + Math.log2(Math.max(row, column)), 0)
  // Vectors along n: what does not fill them is lost.
  const arithmetic = (m.size * k.size * Math.ceil(n.size / lanes) * lanes) / rate
  return (
    calls * (500 + arithmetic + turned + (calls > 1 ? 5 * spread : 0)) +
    calls * (strided(a.column, a.row, m.size * k.size) + strided(b.column, b.row, k.size * n.size)) +
    (c.column === 1 ? 0 : 10 * calls * m.size * n.size) +
    (sums > 1 ? calls * m.size * n.size : 0)
  )
}
