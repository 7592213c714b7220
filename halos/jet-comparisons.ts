/**
 * Comparisons of jets, and `max`: which of two functions is smaller on a box, or beside a point.
 *
 *     x < y on all of the box,   x(p) = y(p) and x′(p⁺) < y′(p⁺) beside a point p
 *
 * A kink is not missed: where an undecided max may bend the function, its curvature is unbounded above (a maximum is convex). On a box
 * of which only an end may change a comparison, the branch inside is taken, and `touching` says that the ends are still to be examined.
 * Beside a point (`side` ±1) ties are decided by slopes: what is found is that of the branch which is taken there, never of the point alone.
 */
import type { Scalar } from '../core/index.ts'
import { hull, type Interval, intervals, isCertain, isNonzero, mark } from '../core/internal.ts'
import { closer, everywhere, type Jet, type JetPlace, lines, onLine, still, times } from './jet.ts'

const { of, sub } = intervals
const undecided: Interval = [0, 1, mark.jump]
const truth = (value: 0 | 1): Jet => still(of(value))
const isPoint = ([low, high]: Interval): boolean => low === high
const certain = (x: Jet, y: Jet): boolean => isCertain(x.value) && isCertain(y.value)

/** x − y. */
const gapOf = ({ box }: JetPlace, x: Jet, y: Jet): Interval => {
  const line = lines(x, y, sub)
  const gap = sub(x.value, y.value)
  return line === undefined ? gap : closer(gap, onLine(line, box))
}

/** The smaller one: −1 for x, 1 for y, 0 where they are equal throughout; undefined where it is not known. */
type JetOrder = -1 | 0 | 1 | undefined
const order = (place: JetPlace, x: Jet, y: Jet): JetOrder => {
  if (!certain(x, y)) return undefined
  if (x === y) return 0
  const [[low, high], line] = [gapOf(place, x, y), lines(x, y, sub)]
  if (low === 0 && high === 0 && line?.slope[0] === 0 && line.slope[1] === 0) return 0
  if (high < 0) return -1
  if (low > 0) return 1
  if (place.side === 'box') return orderInside(place, x, y, [low, high])
  if (low !== 0 || high !== 0) return undefined
  return place.side === 0 ? 0 : orderBeside(place.side, x, y)
}
/** One of them is never above the other, and they part at some speed: they are equal at an end of the box at most. */
const orderInside = (place: JetPlace, x: Jet, y: Jet, [low, high]: Interval): JetOrder => {
  const slope = sub(x.slope, y.slope)
  if ((low === 0 || high === 0) && isNonzero(slope) && isCertain(slope)) {
    place.notes.touching = true
    return high === 0 ? -1 : 1
  }
  noteCrossing(place, x, y)
  return undefined
}
/** Equal at the point: the slopes decide, then the curvatures. */
const orderBeside = (side: -1 | 1, x: Jet, y: Jet): JetOrder => {
  for (const difference of [times(side, sub(x.slope, y.slope)), sub(x.curvature, y.curvature)]) {
    if (!isCertain(difference)) return undefined
    if (difference[0] > 0) return 1
    if (difference[1] < 0) return -1
    if (!isPoint(difference)) return undefined
  }
  return undefined
}
/** Where x − y is 0: exactly, if they are lines; else about there, as if their slopes were constant. */
const noteCrossing = ({ box: [low, high], notes }: JetPlace, x: Jet, y: Jet): void => {
  const [gap, slope, line] = [sub(x.value, y.value), sub(x.slope, y.slope), lines(x, y, sub)]
  const s = (slope[0] + slope[1]) / 2
  const at =
    line === undefined ? low - (s > 0 ? gap[0] : gap[1]) / s : -(line.intercept[0] + line.intercept[1]) / (line.slope[0] + line.slope[1])
  if (Number.isFinite(at) && at > low && at < high) notes.crossings.push(at)
}

/** The one that is certainly larger; touching at an end of the box, they are equal there, but there may be a kink. */
const larger = (place: JetPlace, x: Jet, y: Jet): Jet | undefined => {
  if (!certain(x, y)) return undefined
  const [low, high] = gapOf(place, x, y)
  if (low > 0) return x
  if (high < 0) return y
  if (place.side === 'box') {
    if (low !== 0 && high !== 0) return undefined
    place.notes.touching = true
    return low === 0 ? x : y
  }
  const which = order(place, x, y)
  return which === undefined ? undefined : which === -1 ? y : x
}
const max = (place: JetPlace, x: Jet, y: Jet): Jet => {
  if (x === y) return x
  const chosen = larger(place, x, y)
  if (chosen !== undefined) return chosen
  if (place.side === 'box') noteCrossing(place, x, y)
  const marks = (hull(x.curvature, y.curvature)[2] ?? 0) & ~mark.nonzero
  return {
    value: intervals.max(x.value, y.value),
    slope: hull(x.slope, y.slope),
    curvature: [Math.min(x.curvature[0], y.curvature[0]), Infinity, marks],
  }
}
const where = (p: Jet, x: Jet, y: Jet): Jet => {
  const [from, to] = p.value
  const chosen = !isCertain(p.value) ? undefined : from > 0 || to < 0 ? x : from === 0 && to === 0 ? y : undefined
  return chosen ?? everywhere(intervals.where(undecided, x.value, y.value))
}

/** The comparisons at a place. */
export const comparisonsAt = (place: JetPlace): Pick<Scalar<Jet>, 'less' | 'equal' | 'max' | 'where'> => ({
  less: (x, y) => {
    if (place.side === 'box' && certain(x, y) && gapOf(place, x, y)[0] >= 0) return truth(0) // at its ends, too
    const which = order(place, x, y)
    return which === undefined ? everywhere(undecided) : truth(which === -1 ? 1 : 0)
  },
  equal: (x, y) => {
    const which = order(place, x, y)
    return which === undefined ? everywhere(undecided) : truth(which === 0 ? 1 : 0)
  },
  max: (x, y) => max(place, x, y),
  where,
})
