/**
 * Jets: a function on a box, or beside a point, as enclosures of its value, slope and curvature along one variable.
 *
 *     f ∈ value,   f′ ∈ slope,   f″ ∈ curvature
 *
 * Of a line, slope · z + intercept, the two numbers are kept as well: terms in z cancel before they are bounded.
 */
import { type Interval, intervals, isCertain, mark, negative } from '../core/internal.ts'

export interface Jet {
  readonly value: Interval
  readonly slope: Interval
  readonly curvature: Interval
  /** It does not depend on the variable at all: it has no slope, whatever is applied to it. */
  readonly constant?: true
  /** It is `exponent · log base`: its exponential is a power of the base. */
  readonly power?: { readonly base: Jet; readonly exponent: Interval }
  /** It is a line: where two lines cross is known exactly. */
  readonly line?: JetLine
}
interface JetLine {
  readonly slope: Interval
  readonly intercept: Interval
}
/** A box, a point (0), or the points beside one: to its right (1), to its left (−1). */
export type BoxSide = 'box' | -1 | 0 | 1

/** What an interpretation notes about comparisons. */
export interface JetNotes {
  /** A comparison is decided inside the box, but may be otherwise at its ends. */
  touching: boolean
  /** Where comparisons that could not be decided seem to change: the places to halve the box at. */
  readonly crossings: number[]
}
/** Where jets are evaluated, and the notes taken there. */
export interface JetPlace {
  readonly side: BoxSide
  readonly box: Interval
  readonly notes: JetNotes
}

const { of, add, mul } = intervals
export const zero: Interval = [0, 0]
export const one: Interval = [1, 1]
const everything: Interval = [-Infinity, Infinity, mark.nan]
export const times = (n: number, x: Interval): Interval => (n === 1 ? x : n === -1 ? negative(x) : mul(of(n), x))

/** A constant: a number, or a setting. */
export const still = (value: Interval): Jet => ({ value, slope: zero, curvature: zero, constant: true })
export const variable = (box: Interval): Jet => ({ value: box, slope: one, curvature: zero, line: { slope: one, intercept: zero } })
/** A value of which no derivative is known. */
export const everywhere = (value: Interval): Jet => ({ value, slope: everything, curvature: everything })

type IntervalSum = typeof add
const lineOf = (x: Jet): JetLine | undefined => x.line ?? (x.constant ? { slope: zero, intercept: x.value } : undefined)
/** x ± y, if both are lines. */
export const lines = (x: Jet, y: Jet, sum: IntervalSum): JetLine | undefined => {
  const [one, other] = [lineOf(x), lineOf(y)]
  return one && other && { slope: sum(one.slope, other.slope), intercept: sum(one.intercept, other.intercept) }
}
export const onLine = ({ slope, intercept }: JetLine, box: Interval): Interval => add(mul(slope, box), intercept)
/** The intersection of two enclosures, where both are certain. */
export const closer = (x: Interval, y: Interval): Interval =>
  isCertain(x) && isCertain(y) ? [Math.max(x[0], y[0]), Math.min(x[1], y[1]), ((x[2] ?? 0) | (y[2] ?? 0)) & mark.nonzero] : x
