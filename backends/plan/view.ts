/**
 * Affine views: renaming, windows, reversal and splitting of axes are one thing.
 *
 *     out[i, j, …] = source[ axis = offset + Σ step · index, for every axis of the source ],   0 outside the guards
 */
import type { Shape } from '../../core/index.ts'

/** Where a view looks along one axis of its source. */
export interface StridedRead {
  readonly offset: number
  readonly terms: readonly { readonly axis: string; readonly step: number }[]
}
/** from ≤ index < to. */
export interface AxisRange {
  readonly axis: string
  readonly from: number
  readonly to: number
}
export interface StridedView {
  readonly reads: Readonly<Record<string, StridedRead>>
  readonly guards: readonly AxisRange[]
}

/** A view that changes nothing. */
export const unchanged = (shape: Shape): StridedView => ({
  reads: Object.fromEntries(Object.keys(shape).map((axis) => [axis, { offset: 0, terms: [{ axis, step: 1 }] }])),
  guards: [],
})
/** A view that changes how one axis is read, and leaves the others as they are. */
export const along = (shape: Shape, axis: string, read: StridedRead, guards: readonly AxisRange[] = []): StridedView => ({
  reads: { ...unchanged(shape).reads, [axis]: read },
  guards,
})

/** The indices for which from ≤ read < to: everywhere, nowhere, a range of one axis, or nothing so simple (undefined). */
export const restrict = (
  { offset, terms }: StridedRead,
  from: number,
  to: number,
  shape: Shape,
): 'always' | 'never' | AxisRange | undefined => {
  const reach = terms.map(({ axis, step }) => step * (shape[axis]! - 1))
  const low = reach.reduce((sum, r) => sum + Math.min(r, 0), offset)
  const high = reach.reduce((sum, r) => sum + Math.max(r, 0), offset)
  if (low >= from && high < to) return 'always'
  if (high < from || low >= to) return 'never'
  const [term] = terms
  if (term === undefined || terms.length > 1) return undefined
  const { axis, step } = term
  const [start, end] =
    step > 0
      ? [Math.ceil((from - offset) / step), Math.ceil((to - offset) / step)]
      : [Math.floor((offset - to) / -step) + 1, Math.floor((offset - from) / -step) + 1]
  const range = { axis, from: Math.max(0, start), to: Math.min(shape[axis]!, end) }
  return range.from < range.to ? range : 'never'
}

/** A view of a view; `nothing` where it is 0 everywhere, undefined where a guard would concern several axes at once. */
export const compose = (outer: StridedView, inner: StridedView, shape: Shape): StridedView | 'nothing' | undefined => {
  const through = ({ offset, terms }: StridedRead): StridedRead => {
    const steps = new Map<string, number>()
    let start = offset
    for (const { axis, step } of terms) {
      const read = outer.reads[axis]!
      start += step * read.offset
      for (const t of read.terms) steps.set(t.axis, (steps.get(t.axis) ?? 0) + step * t.step)
    }
    return { offset: start, terms: [...steps].map(([axis, step]) => ({ axis, step })) }
  }
  const guards = [...outer.guards]
  for (const { axis, from, to } of inner.guards) {
    const range = restrict(outer.reads[axis]!, from, to, shape)
    if (range === undefined) return undefined
    if (range === 'never') return 'nothing'
    if (range !== 'always') guards.push(range)
  }
  return { reads: Object.fromEntries(Object.entries(inner.reads).map(([axis, read]) => [axis, through(read)])), guards: tighten(guards) }
}

/** One range an axis. */
const tighten = (ranges: readonly AxisRange[]): readonly AxisRange[] => {
  const byAxis = new Map<string, AxisRange>()
  for (const { axis, from, to } of ranges) {
    const known = byAxis.get(axis)
    byAxis.set(axis, { axis, from: Math.max(from, known?.from ?? from), to: Math.min(to, known?.to ?? to) })
  }
  return [...byAxis.values()]
}

/** Does the view change nothing? */
export const identity = ({ reads, guards }: StridedView, source: Shape, shape: Shape): boolean =>
  guards.length === 0 &&
  Object.entries(reads).every(
    ([axis, { offset, terms }]) =>
      offset === 0 && terms.length === 1 && terms[0]!.axis === axis && terms[0]!.step === 1 && source[axis] === shape[axis],
  )
