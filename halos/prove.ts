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
const curve = (primal: Interval, slope: Interval, curvature: Interval): Curve => ({
  primal: { primal, tangent: slope },
  tangent: { primal: slope, tangent: curvature },
})

const smooth = dual(dual(intervals))
/** The square of an enclosure is never negative. */
const square = ([a, b]: Interval): Interval => {
  const [low, high] = intervals.mul([a, b], [a, b])
  return [Math.max(low, 0), high]
}
/** A comparison: flat where it is decided (one object is one number, whatever its bounds), a jump where it is not. */
const comparison =
  (compare: (x: Interval, y: Interval) => Interval) =>
  (x: Curve, y: Curve): Curve => {
    const truth = x === y ? compare([0, 0], [0, 0]) : compare(x.primal.primal, y.primal.primal)
    return truth[0] === truth[1] ? smooth.of(truth[0]) : curve(truth, everything, everything)
  }
/** The scalar language read at enclosures of value, slope and curvature. */
const curves: Scalar<Curve> = {
  ...smooth,
  // σ″ = −σ′ tanh(x/2): the sign is exact at 0 and as far out as one likes, where that of σ(−x) − σ(x) would be lost.
  sigmoid: ({ primal: { primal: x, tangent: slope }, tangent: { tangent: curvature } }) => {
    const { mul, add, of, sigmoid, tanh } = intervals
    const first = mul(sigmoid(x), sigmoid(mul(of(-1), x)))
    const second = mul(mul(of(-1), first), tanh(mul(of(0.5), x)))
    return curve(sigmoid(x), mul(first, slope), add(mul(second, square(slope)), mul(first, curvature)))
  },
  // 2σ(2x) − 1.
  tanh: (x) => smooth.sub(smooth.mul(smooth.of(2), curves.sigmoid(smooth.mul(smooth.of(2), x))), smooth.of(1)),
  less: comparison(intervals.less),
  equal: comparison(intervals.equal),
  max: (x, y) => {
    const [[a, b], [c, d]] = [x.primal.primal, y.primal.primal]
    if (a > d) return x // where they touch there is a kink: an end that two boxes share belongs to both
    if (c > b) return y
    return curve(intervals.max(x.primal.primal, y.primal.primal), hull(x.tangent.primal, y.tangent.primal), [
      Math.min(x.tangent.tangent[0], y.tangent.tangent[0]),
      Infinity,
    ])
  },
  where: (p, x, y) => {
    const [low, high] = p.primal.primal
    if (low > 0 || high < 0) return x
    return low === 0 && high === 0 ? y : curve(hull(x.primal.primal, y.primal.primal), everything, everything)
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
const read = ({ primal, tangent }: Curve): Enclosure => ({ value: primal.primal, slope: tangent.primal, curvature: tangent.tangent })

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

/** Where a box is halved: one without an end at twice its other end. */
export const middle = ([low, high]: Interval): number => {
  if (low === -Infinity) return high === Infinity ? 0 : Math.min(-1, 2 * high)
  return high === Infinity ? Math.max(1, 2 * low) : low + (high - low) / 2
}

/** Decide a claim on a segment, which may be the whole line, by bisection: every box is proved, or refuted by its middle or its ends, or halved. */
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
    const centre = middle([low, high])
    if (claim.failsAt(point(centre))) return { tag: 'refuted', witness: shrink(f, claim, [centre, centre]) }
    if (Number.isFinite(high - low) && claim.failsBetween(point(low), point(high)))
      return { tag: 'refuted', witness: shrink(f, claim, [low, high]) }
    if (level >= depth || boxes + todo.length > 20000) {
      const around: Interval = [low - (high - low), high + (high - low)] // what happens at an end shows on both sides of it
      if (Number.isFinite(high - low) && around[0] >= segment[0] && claim.failsBetween(point(around[0]), point(around[1])))
        return { tag: 'refuted', witness: shrink(f, claim, around) }
      return { tag: 'open', box: [low, high] }
    }
    todo.push([[centre, high], level + 1], [[low, centre], level + 1])
  }
  return { tag: 'proved', boxes }
}

/** A simpler witness near a witness: the point nearest to 0 of a few, or else ends drawn together; with as few digits as still certainly fail. */
const shrink = (f: (box: Interval) => Enclosure, claim: Claim, [low, high]: Interval): Interval => {
  const fails = (x: number, y: number): boolean => (x === y ? claim.failsAt(f([x, x])) : claim.failsBetween(f([x, x]), f([y, y])))
  const points = Array.from({ length: 65 }, (_, i) => low + ((high - low) * i) / 64).filter((x) => fails(x, x))
  const nearest = points.reduce<number | undefined>((best, x) => (best === undefined || Math.abs(x) < Math.abs(best) ? x : best), undefined)
  let [left, right] = nearest === undefined ? [low, high] : [nearest, nearest]
  while (right - left > Math.max(1, Math.abs(left)) / 64) {
    const centre = left + (right - left) / 2
    if (fails(left, centre)) right = centre
    else if (fails(centre, right)) left = centre
    else break
  }
  for (let digits = 1; digits <= 15; digits++) {
    const [a, b] = [Number(left.toPrecision(digits)), Number(right.toPrecision(digits))]
    if (fails(a, b)) return [a, b]
  }
  return [left, right]
}
