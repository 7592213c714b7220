/**
 * The scalar language read at jets: enclosures of value, slope and curvature, along one variable, on a box or beside a point.
 *
 *     (h ∘ x)′ = h′(x) x′,   (h ∘ x)″ = h″(x) x′² + h′(x) x″
 *
 * A kink is not missed: where an undecided max may bend the function, its curvature is unbounded above (a maximum is convex). On a box
 * of which only an end may change a comparison, the branch inside is taken, and `touching` says that the ends are still to be looked at.
 * Beside a point (`side` ±1) ties are decided by slopes: what is found is that of the branch which is taken there, never of the point alone.
 */
import type { Scalar } from '../core/index.ts'
import { hull, type Interval, intervals, isCertain, isNonzero, mark, negative, power } from '../core/internal.ts'

export interface Jet {
  readonly value: Interval
  readonly slope: Interval
  readonly curvature: Interval
  /** It does not depend on the variable at all: no slope, whatever is applied to it. */
  readonly constant?: true
  /** It is `exponent · log base`: its exponential is a power of the base. */
  readonly power?: { readonly base: Jet; readonly exponent: Interval }
}
/** A box, a point (0), or the points beside one: to its right (1), to its left (−1). */
export type Side = 'box' | -1 | 0 | 1

const { of, add, mul, div, exp, sigmoid, tanh } = intervals
const zero: Interval = [0, 0]
const one: Interval = [1, 1]
const everything: Interval = [-Infinity, Infinity, mark.nan]
const times = (n: number, x: Interval): Interval => (n === 1 ? x : n === -1 ? negative(x) : mul(of(n), x))
/** Multiplied with itself, by identity. */
const square = (x: Interval): Interval => mul(x, x)
const still = (value: Interval): Jet => ({ value, slope: zero, curvature: zero, constant: true })
export const variable = (box: Interval): Jet => ({ value: box, slope: one, curvature: zero })
export const parameter = still

/** h(x), from h, h′ and h″ at x. */
type Derivatives = readonly [h: Interval, h1: () => Interval, h2: () => Interval]
const chain = (x: Jet, [h, h1, h2]: Derivatives): Jet => {
  if (x.constant) return still(h)
  const first = h1()
  return { value: h, slope: mul(first, x.slope), curvature: add(mul(h2(), square(x.slope)), mul(first, x.curvature)) }
}
const unary =
  (h: (x: Interval) => Derivatives) =>
  (x: Jet): Jet =>
    chain(x, h(x.value))

const logistic = (x: Interval): Derivatives => {
  const first = mul(sigmoid(x), sigmoid(negative(x)))
  // σ″ = −σ′ tanh(x/2): the sign is exact at 0 and as far out as one likes, where that of σ(−x) − σ(x) would be lost.
  return [sigmoid(x), () => first, () => negative(mul(first, tanh(times(0.5, x))))]
}
const reciprocal = (y: Interval): Derivatives => {
  const r = div(one, y)
  return [r, () => negative(square(r)), () => times(2, mul(r, square(r)))]
}
const powerOf = (base: Jet, c: Interval): Jet => {
  const x = base.value
  const minus = (n: number): Interval => add(c, of(-n))
  return chain(base, [power(x, c), () => mul(c, power(x, minus(1))), () => mul(mul(c, minus(1)), power(x, minus(2)))])
}

const plus = (x: Jet, y: Jet, sign: 1 | -1): Jet => {
  const sum = sign === 1 ? add : intervals.sub
  const value = sum(x.value, y.value)
  return x.constant && y.constant ? still(value) : { value, slope: sum(x.slope, y.slope), curvature: sum(x.curvature, y.curvature) }
}
const product = (x: Jet, y: Jet): Jet => {
  const value = mul(x.value, y.value)
  if (x.constant && y.constant) return { ...still(value), ...scaledPower(x, y) }
  if (x === y) {
    return { value, slope: times(2, mul(x.value, x.slope)), curvature: times(2, add(square(x.slope), mul(x.value, x.curvature))) }
  }
  const scaled = (k: Jet, z: Jet): Jet => ({
    value,
    slope: mul(k.value, z.slope),
    curvature: mul(k.value, z.curvature),
    ...scaledPower(k, z),
  })
  if (x.constant) return scaled(x, y)
  if (y.constant) return scaled(y, x)
  return {
    value,
    slope: add(mul(x.slope, y.value), mul(x.value, y.slope)),
    curvature: add(add(mul(x.curvature, y.value), times(2, mul(x.slope, y.slope))), mul(x.value, y.curvature)),
  }
}
/** k · (c log base) is (k c) log base. */
const scaledPower = (k: Jet, z: Jet): Pick<Jet, 'power'> => {
  const [factor, log] = z.power !== undefined ? [k, z.power] : [z, k.power]
  return log === undefined || !factor.constant ? {} : { power: { base: log.base, exponent: mul(factor.value, log.exponent) } }
}

const everywhere = (value: Interval): Jet => ({ value, slope: everything, curvature: everything })
const truth = (value: 0 | 1): Jet => still(of(value))
const isPoint = ([low, high]: Interval): boolean => low === high

/** What the reading noticed on its way. */
export interface Notes {
  /** A comparison is decided inside the box, but may be otherwise at its ends. */
  touching: boolean
  /** Where comparisons that could not be decided seem to change: the places to halve the box at. */
  readonly crossings: number[]
}

/** The language at jets; notes are taken of comparisons. */
export const jets = (side: Side, notes: Notes, [low, high]: Interval): Scalar<Jet> => {
  /** Which is smaller in the box, or beside the point: −1 for x, 1 for y, 0 for neither, ever; undefined where it is not known. */
  const order = (x: Jet, y: Jet): -1 | 0 | 1 | undefined => {
    const [[a, b], [c, d]] = [x.value, y.value]
    if (!isCertain(x.value) || !isCertain(y.value)) return undefined
    if (x === y || (x.constant && y.constant && a === b && c === d && a === c)) return 0
    if (b < c) return -1
    if (a > d) return 1
    if (side === 'box') {
      // One of them is never above the other, and they part at some speed: they are equal at an end of the box at most.
      if ((b === c || a === d) && isNonzero(intervals.sub(x.slope, y.slope)) && isCertain(x.slope) && isCertain(y.slope)) {
        notes.touching = true
        return b === c ? -1 : 1
      }
      crossing(x, y)
      return undefined
    }
    if (!(a === b && c === d)) return undefined
    if (side === 0) return 0
    for (const difference of [times(side, intervals.sub(x.slope, y.slope)), intervals.sub(x.curvature, y.curvature)]) {
      if (!isCertain(difference)) return undefined
      if (difference[0] > 0) return 1
      if (difference[1] < 0) return -1
      if (!isPoint(difference)) return undefined
    }
    return undefined
  }
  /** x − y is near a + s (z − low) with one slope s: where that is 0. */
  const crossing = (x: Jet, y: Jet): void => {
    const [gap, slope] = [intervals.sub(x.value, y.value), intervals.sub(x.slope, y.slope)]
    const s = (slope[0] + slope[1]) / 2
    const at = low - (s > 0 ? gap[0] : gap[1]) / s
    if (Number.isFinite(at) && at > low && at < high) notes.crossings.push(at)
  }
  const S: Scalar<Jet> = {
    of: (n) => still(of(n)),
    add: (x, y) => plus(x, y, 1),
    sub: (x, y) => (x === y ? still(intervals.sub(x.value, y.value)) : plus(x, y, -1)),
    mul: product,
    div: (x, y) => product(x, unary(reciprocal)(y)),
    exp: (x) =>
      x.power !== undefined ? powerOf(x.power.base, x.power.exponent) : chain(x, [exp(x.value), () => exp(x.value), () => exp(x.value)]),
    log: (x) => {
      const r = () => div(one, x.value)
      const log = chain(x, [intervals.log(x.value), r, () => negative(square(r()))])
      return { ...log, power: { base: x, exponent: one } }
    },
    sqrt: (x) => powerRoot(x),
    sin: unary((x) => [intervals.sin(x), () => intervals.cos(x), () => negative(intervals.sin(x))]),
    cos: unary((x) => [intervals.cos(x), () => negative(intervals.sin(x)), () => negative(intervals.cos(x))]),
    tanh: unary((x) => {
      const [, first, second] = logistic(times(2, x))
      return [tanh(x), () => times(4, first()), () => times(8, second())]
    }),
    expm1: unary((x) => [intervals.expm1(x), () => exp(x), () => exp(x)]),
    log1p: unary((x) => {
      const r = () => div(one, add(one, x))
      return [intervals.log1p(x), r, () => negative(square(r()))]
    }),
    sigmoid: unary(logistic),
    softplus: unary((x) => [intervals.softplus(x), () => sigmoid(x), () => logistic(x)[1]()]),
    erf: unary((x) => {
      const first = mul(twoOverRootPi, exp(negative(square(x))))
      return [intervals.erf(x), () => first, () => times(-2, mul(x, first))]
    }),
    less: (x, y) => {
      if (side === 'box' && isCertain(x.value) && isCertain(y.value) && x.value[0] >= y.value[1]) return truth(0) // at its ends, too
      const which = order(x, y)
      return which === undefined ? everywhere(undecided) : truth(which === -1 ? 1 : 0)
    },
    equal: (x, y) => {
      const which = order(x, y)
      return which === undefined ? everywhere(undecided) : truth(which === 0 ? 1 : 0)
    },
    max: (x, y) => {
      const [[a, b], [c, d]] = [x.value, y.value]
      if (isCertain(x.value) && isCertain(y.value)) {
        if (a >= d && (side === 'box' || a > d)) return x // where they touch they are equal
        if (c >= b && (side === 'box' || c > b)) return y
        const which = side === 'box' ? undefined : order(x, y)
        if (which !== undefined) return which === -1 ? y : x
      }
      if (side === 'box') crossing(x, y)
      return {
        value: intervals.max(x.value, y.value),
        slope: hull(x.slope, y.slope),
        curvature: [Math.min(x.curvature[0], y.curvature[0]), Infinity, (hull(x.curvature, y.curvature)[2] ?? 0) & ~mark.nonzero],
      }
    },
    where: (p, x, y) => {
      const [from, to] = p.value
      const chosen = !isCertain(p.value) ? undefined : from > 0 || to < 0 ? x : from === 0 && to === 0 ? y : undefined
      return chosen ?? everywhere(intervals.where(undecided, x.value, y.value))
    },
  }
  const powerRoot = (x: Jet): Jet => {
    const root = powerOf(x, of(0.5))
    return { ...root, value: intervals.sqrt(x.value) }
  }
  return S
}
const undecided: Interval = [0, 1, mark.jump]
/** 2/√π is between these. */
const twoOverRootPi: Interval = [1.1283791670955123, 1.1283791670955128]
/** 2/√π. */
