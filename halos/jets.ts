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
import { hull, type Interval, intervals, isCertain, isNonzero, mark, mayBeNaN, negative, power } from '../core/internal.ts'

export interface Jet {
  readonly value: Interval
  readonly slope: Interval
  readonly curvature: Interval
  /** It does not depend on the variable at all: no slope, whatever is applied to it. */
  readonly constant?: true
  /** It is `exponent · log base`: its exponential is a power of the base. */
  readonly power?: { readonly base: Jet; readonly exponent: Interval }
  /** It is a line, slope · z + intercept: of lines it is known exactly where they cross. */
  readonly line?: Line
}
interface Line {
  readonly slope: Interval
  readonly intercept: Interval
}
/** A box, a point (0), or the points beside one: to its right (1), to its left (−1). */
export type BoxSide = 'box' | -1 | 0 | 1

const { of, add, mul, div, exp, sigmoid, tanh } = intervals
const zero: Interval = [0, 0]
const one: Interval = [1, 1]
const everything: Interval = [-Infinity, Infinity, mark.nan]
const times = (n: number, x: Interval): Interval => (n === 1 ? x : n === -1 ? negative(x) : mul(of(n), x))
/** Multiplied with itself, by identity. */
const square = (x: Interval): Interval => mul(x, x)
const still = (value: Interval): Jet => ({ value, slope: zero, curvature: zero, constant: true })
export const variable = (box: Interval): Jet => ({ value: box, slope: one, curvature: zero, line: { slope: one, intercept: zero } })
export const parameter = still

/** h(x), from h, h′ and h″ at x. */
type Derivatives = readonly [h: Interval, h1: () => Interval, h2: () => Interval]
/**
 * A product of which both factors have a sign, on all of a box: an infinite one beside 0 has it, too. (What rises, of what rises, rises; a
 * concave function that rises, of a concave one, is concave: no derivative has to exist for that.)
 */
const signed = (x: Interval, y: Interval): Interval => {
  const [positive, negative] = [([low]: Interval) => low >= 0, ([, high]: Interval) => high <= 0]
  const [low, high, marks = 0] = mul(x, y)
  const sure = !mayBeNaN(x) && !mayBeNaN(y) && (positive(x) || negative(x)) && (positive(y) || negative(y))
  return sure && mayBeNaN([low, high, marks]) ? [low, high, marks & ~mark.nan] : [low, high, marks]
}
const chain = (side: BoxSide, x: Jet, [h, h1, h2]: Derivatives): Jet => {
  if (x.constant) return still(h)
  const [first, times] = [h1(), side === 'box' ? signed : mul]
  return { value: h, slope: times(first, x.slope), curvature: add(times(h2(), square(x.slope)), times(first, x.curvature)) }
}

const logistic = (x: Interval): Derivatives => {
  const first = mul(sigmoid(x), sigmoid(negative(x)))
  // σ″ = −σ′ tanh(x/2): the sign is exact at 0 and as far out as one likes, where that of σ(−x) − σ(x) would be lost.
  return [sigmoid(x), () => first, () => negative(mul(first, tanh(times(0.5, x))))]
}
const reciprocal = (y: Interval): Derivatives => {
  const r = div(one, y)
  return [r, () => negative(square(r)), () => times(2, mul(r, square(r)))]
}
const powerOf = (side: BoxSide, base: Jet, c: Interval): Jet => {
  const x = base.value
  const minus = (n: number): Interval => add(c, of(-n))
  return chain(side, base, [power(x, c), () => mul(c, power(x, minus(1))), () => mul(mul(c, minus(1)), power(x, minus(2)))])
}

const lineOf = (x: Jet): Line | undefined => x.line ?? (x.constant ? { slope: zero, intercept: x.value } : undefined)
/** x ± y, if both are lines: the terms in z have met before they are bounded. */
const lines = (x: Jet, y: Jet, sum: typeof add): Line | undefined => {
  const [one, other] = [lineOf(x), lineOf(y)]
  return one && other && { slope: sum(one.slope, other.slope), intercept: sum(one.intercept, other.intercept) }
}
const onLine = ({ slope, intercept }: Line, box: Interval): Interval => add(mul(slope, box), intercept)
const plus = (x: Jet, y: Jet, sum: typeof add, box: Interval): Jet => {
  const value = sum(x.value, y.value)
  if (x.constant && y.constant) return still(value)
  const line = lines(x, y, sum)
  const rest = { slope: sum(x.slope, y.slope), curvature: sum(x.curvature, y.curvature) }
  return line === undefined ? { value, ...rest } : { value: closer(value, onLine(line, box)), ...rest, line }
}
/** What is in both, where both are certain. */
const closer = (x: Interval, y: Interval): Interval =>
  isCertain(x) && isCertain(y) ? [Math.max(x[0], y[0]), Math.min(x[1], y[1]), ((x[2] ?? 0) | (y[2] ?? 0)) & mark.nonzero] : x
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
    ...(z.line && { line: { slope: mul(k.value, z.line.slope), intercept: mul(k.value, z.line.intercept) } }),
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
export interface JetNotes {
  /** A comparison is decided inside the box, but may be otherwise at its ends. */
  touching: boolean
  /** Where comparisons that could not be decided seem to change: the places to halve the box at. */
  readonly crossings: number[]
}

/** The language at jets; notes are taken of comparisons. */
export const jets = (side: BoxSide, notes: JetNotes, box: Interval): Scalar<Jet> => {
  const { sub } = intervals
  /** x − y. */
  const gapOf = (x: Jet, y: Jet): Interval => {
    const line = lines(x, y, sub)
    const gap = sub(x.value, y.value)
    return line === undefined ? gap : closer(gap, onLine(line, box))
  }
  /** Which is smaller in the box, or beside the point: −1 for x, 1 for y, 0 for neither, ever; undefined where it is not known. */
  const order = (x: Jet, y: Jet): -1 | 0 | 1 | undefined => {
    if (!isCertain(x.value) || !isCertain(y.value)) return undefined
    if (x === y) return 0
    const [[low, high], line, slope] = [gapOf(x, y), lines(x, y, sub), sub(x.slope, y.slope)]
    if (low === 0 && high === 0 && line?.slope[0] === 0 && line.slope[1] === 0) return 0
    if (high < 0) return -1
    if (low > 0) return 1
    if (side === 'box') {
      // One of them is never above the other, and they part at some speed: they are equal at an end of the box at most.
      if ((low === 0 || high === 0) && isNonzero(slope) && isCertain(slope)) {
        notes.touching = true
        return high === 0 ? -1 : 1
      }
      crossing(x, y)
      return undefined
    }
    if (low !== 0 || high !== 0) return undefined
    if (side === 0) return 0
    for (const difference of [times(side, slope), sub(x.curvature, y.curvature)]) {
      if (!isCertain(difference)) return undefined
      if (difference[0] > 0) return 1
      if (difference[1] < 0) return -1
      if (!isPoint(difference)) return undefined
    }
    return undefined
  }
  /** Where x − y is 0: exactly, if they are lines; else about there, as if their slopes were constant. */
  const crossing = (x: Jet, y: Jet): void => {
    const [low, high] = box
    const [gap, slope, line] = [sub(x.value, y.value), sub(x.slope, y.slope), lines(x, y, sub)]
    const s = (slope[0] + slope[1]) / 2
    const at =
      line === undefined ? low - (s > 0 ? gap[0] : gap[1]) / s : -(line.intercept[0] + line.intercept[1]) / (line.slope[0] + line.slope[1])
    if (Number.isFinite(at) && at > low && at < high) notes.crossings.push(at)
  }
  const unary =
    (h: (x: Interval) => Derivatives) =>
    (x: Jet): Jet =>
      chain(side, x, h(x.value))
  const S: Scalar<Jet> = {
    of: (n) => still(of(n)),
    add: (x, y) => plus(x, y, add, box),
    sub: (x, y) => (x === y ? still(sub(x.value, y.value)) : plus(x, y, sub, box)),
    mul: product,
    div: (x, y) => product(x, unary(reciprocal)(y)),
    exp: (x) =>
      x.power !== undefined
        ? powerOf(side, x.power.base, x.power.exponent)
        : chain(side, x, [exp(x.value), () => exp(x.value), () => exp(x.value)]),
    log: (x) => {
      const r = () => div(one, x.value)
      const log = chain(side, x, [intervals.log(x.value), r, () => negative(square(r()))])
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
      if (side === 'box' && isCertain(x.value) && isCertain(y.value) && gapOf(x, y)[0] >= 0) return truth(0) // at its ends, too
      const which = order(x, y)
      return which === undefined ? everywhere(undecided) : truth(which === -1 ? 1 : 0)
    },
    equal: (x, y) => {
      const which = order(x, y)
      return which === undefined ? everywhere(undecided) : truth(which === 0 ? 1 : 0)
    },
    max: (x, y) => {
      if (x === y) return x
      if (isCertain(x.value) && isCertain(y.value)) {
        const [low, high] = gapOf(x, y)
        if (low > 0) return x
        if (high < 0) return y
        if (side === 'box' && (low === 0 || high === 0)) {
          notes.touching = true // where they touch they are equal, but there may be a kink
          return low === 0 ? x : y
        }
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
    const root = powerOf(side, x, of(0.5))
    return { ...root, value: intervals.sqrt(x.value) }
  }
  return S
}
const undecided: Interval = [0, 1, mark.jump]
/** 2/√π is between these. */
const twoOverRootPi: Interval = [1.1283791670955123, 1.1283791670955128]
/** 2/√π. */
