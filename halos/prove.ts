/**
 * Proofs about scalar functions, by interval arithmetic: a claim that holds on an enclosure of every box of a segment holds on the
 * segment. The enclosures are those of the declared text, rounded outwards, through its second derivative.
 *
 * A kink is not missed: where an undecided max may bend the function, its curvature is unbounded above (a maximum is convex),
 * and an undecided comparison, which may jump, proves nothing.
 */
import { type Dual, dual, type Interval, intervals, type Scalar, type Ternary, type Unary } from '../core/index.ts'

type Curve = Dual<Dual<Interval>>
const everything: Interval = [-Infinity, Infinity]
const hull = ([a, b]: Interval, [c, d]: Interval): Interval => [Math.min(a, c), Math.max(b, d)]
const curve = (at: Interval, slope: Interval, curvature: Interval): Curve => ({ at: { at, by: slope }, by: { at: slope, by: curvature } })

const smooth = dual(dual(intervals))
/** A comparison: flat where it is decided, a jump where it is not. */
const comparison =
  (compare: (x: Interval, y: Interval) => Interval) =>
  (x: Curve, y: Curve): Curve => {
    const truth = compare(x.at.at, y.at.at)
    return truth[0] === truth[1] ? smooth.of(truth[0]) : curve(truth, everything, everything)
  }
/** The scalar language read at enclosures of value, slope and curvature. */
const curves: Scalar<Curve> = {
  ...smooth,
  // 2σ(2x) − 1: the slope of tanh is 1 − tanh², whose sign is lost to rounding far out; that of σ is not.
  tanh: (x) => smooth.sub(smooth.mul(smooth.of(2), smooth.sigmoid(smooth.mul(smooth.of(2), x))), smooth.of(1)),
  less: comparison(intervals.less),
  equal: comparison(intervals.equal),
  max: (x, y) => {
    const [[a, b], [c, d]] = [x.at.at, y.at.at]
    if (a >= d) return x
    if (c >= b) return y
    return curve(intervals.max(x.at.at, y.at.at), hull(x.by.at, y.by.at), [Math.min(x.by.by[0], y.by.by[0]), Infinity])
  },
  where: (p, x, y) => {
    const [low, high] = p.at.at
    if (low > 0 || high < 0) return x
    return low === 0 && high === 0 ? y : curve(hull(x.at.at, y.at.at), everything, everything)
  },
}

export interface Enclosure {
  readonly value: Interval
  readonly slope: Interval
  readonly curvature: Interval
}
/** Value, slope and curvature of a function on a box. */
export const enclose =
  (body: Unary) =>
  (box: Interval): Enclosure =>
    read(body(curves)(curve(box, [1, 1], [0, 0])))
/** …of a function of three arguments along the first, for every value of the others in their intervals at once. */
export const encloseFirst =
  (body: Ternary, second: Interval, third: Interval) =>
  (box: Interval): Enclosure => {
    const still = (x: Interval): Curve => curve(x, [0, 0], [0, 0])
    return read(body(curves)(curve(box, [1, 1], [0, 0]), still(second), still(third)))
  }
const read = ({ at, by }: Curve): Enclosure => ({ value: at.at, slope: by.at, curvature: by.by })

/** A property of functions that can be told from enclosures. */
export interface Claim {
  readonly name: string
  /** It holds on this box. */
  readonly holds: (on: Enclosure) => boolean
  /** It fails at a point. */
  readonly failsAt: (at: Enclosure) => boolean
  /** It fails somewhere between two points. */
  readonly failsBetween: (left: Enclosure, right: Enclosure) => boolean
}
export const nonDecreasing: Claim = {
  name: 'non-decreasing',
  holds: ({ slope: [low] }) => low >= 0,
  failsAt: ({ slope: [, high] }) => high < 0,
  failsBetween: (left, right) => right.value[1] < left.value[0],
}
export const increasing: Claim = {
  name: 'increasing',
  holds: ({ slope: [low] }) => low > 0,
  failsAt: ({ slope: [, high] }) => high <= 0,
  failsBetween: (left, right) => right.value[1] < left.value[0],
}
export const concave: Claim = {
  name: 'concave',
  holds: ({ curvature: [, high] }) => high <= 0,
  failsAt: ({ curvature: [low] }) => low > 0,
  failsBetween: (left, right) => left.slope[1] < right.slope[0],
}

export type Decision =
  | { readonly tag: 'proved'; readonly boxes: number }
  /** Two points (or one, twice) between which the claim certainly fails. */
  | { readonly tag: 'refuted'; readonly witness: Interval }
  /** Neither: this box could not be decided. */
  | { readonly tag: 'open'; readonly box: Interval }

/** Decide a claim on a segment by bisection: every box is proved, or refuted by its centre or its ends, or halved. */
export const decide = (body: Unary, claim: Claim, segment: Interval): Decision => decideEnclosed(enclose(body), claim, segment)

/** The same of whatever can be enclosed. */
export const decideEnclosed = (f: (box: Interval) => Enclosure, claim: Claim, segment: Interval, depth = 40): Decision => {
  const point = (x: number): Enclosure => f([x, x])
  const todo: (readonly [box: Interval, depth: number])[] = [[segment, 0]]
  let boxes = 0
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [[low, high], level] = next
    if (claim.holds(f([low, high]))) {
      boxes++
      continue
    }
    const centre = low + (high - low) / 2
    if (claim.failsAt(point(centre))) return { tag: 'refuted', witness: shrink(f, claim, [centre, centre]) }
    if (claim.failsBetween(point(low), point(high))) return { tag: 'refuted', witness: shrink(f, claim, [low, high]) }
    if (level >= depth || boxes + todo.length > 20000) return { tag: 'open', box: [low, high] }
    todo.push([[centre, high], level + 1], [[low, centre], level + 1])
  }
  return { tag: 'proved', boxes }
}

/** A simpler witness near a witness: the point nearest to 0 of a few, or else the ends; with as few digits as still certainly fail. */
const shrink = (f: (box: Interval) => Enclosure, claim: Claim, [low, high]: Interval): Interval => {
  const points = Array.from({ length: 65 }, (_, i) => low + ((high - low) * i) / 64).filter((x) => claim.failsAt(f([x, x])))
  const nearest = points.reduce<number | undefined>((best, x) => (best === undefined || Math.abs(x) < Math.abs(best) ? x : best), undefined)
  const [left, right] = nearest === undefined ? [low, high] : [nearest, nearest]
  for (let digits = 1; digits <= 15; digits++) {
    const [a, b] = [Number(left.toPrecision(digits)), Number(right.toPrecision(digits))]
    if (a === b ? claim.failsAt(f([a, a])) : claim.failsBetween(f([a, a]), f([b, b]))) return [a, b]
  }
  return [left, right]
}
