/**
 * The scalar language interpreted at jets: enclosures of value, slope and curvature by the chain rule.
 *
 *     (h ∘ x)′ = h′(x) x′,   (h ∘ x)″ = h″(x) x′² + h′(x) x″
 */
import type { Scalar } from '../core/index.ts'
import { type Interval, intervals, mark, mayBeNaN, negative, power } from '../core/internal.ts'
import { type BoxSide, closer, type Jet, type JetNotes, type JetPlace, lines, one, onLine, still, times } from './jet.ts'
import { comparisonsAt } from './jet-comparisons.ts'

const { of, add, sub, mul, div, exp, sigmoid, tanh } = intervals
/** Multiplied with itself, by identity. */
const square = (x: Interval): Interval => mul(x, x)

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

/** eˣ, or eˣ − 1: (eˣ)″ = eˣ (x′² + x″), of which the sign is known as far out as one likes, where that of the sum of two products is lost. */
const exponential = (side: BoxSide, x: Jet, value: Interval): Jet => {
  if (x.constant) return still(value)
  const [e, times] = [exp(x.value), side === 'box' ? signed : mul]
  return { value, slope: times(e, x.slope), curvature: times(e, add(square(x.slope), x.curvature)) }
}

// ------------------------------------------------------------------ sums, products, powers

const plus = (x: Jet, y: Jet, sum: typeof add, box: Interval): Jet => {
  const value = sum(x.value, y.value)
  if (x.constant && y.constant) return still(value)
  const line = lines(x, y, sum)
  const rest = { slope: sum(x.slope, y.slope), curvature: sum(x.curvature, y.curvature) }
  return line === undefined ? { value, ...rest } : { value: closer(value, onLine(line, box)), ...rest, line }
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
const powerOf = (side: BoxSide, base: Jet, c: Interval): Jet => {
  const x = base.value
  const minus = (n: number): Interval => add(c, of(-n))
  return chain(side, base, [power(x, c), () => mul(c, power(x, minus(1))), () => mul(mul(c, minus(1)), power(x, minus(2)))])
}

// ------------------------------------------------------------------ functions

const logistic = (x: Interval): Derivatives => {
  const first = mul(sigmoid(x), sigmoid(negative(x)))
  // σ″ = −σ′ tanh(x/2): the sign is exact at 0 and as far out as one likes, where that of σ(−x) − σ(x) would be lost.
  return [sigmoid(x), () => first, () => negative(mul(first, tanh(times(0.5, x))))]
}
const reciprocal = (y: Interval): Derivatives => {
  const r = div(one, y)
  return [r, () => negative(square(r)), () => times(2, mul(r, square(r)))]
}
/** 2/√π is between these. */
const twoOverRootPi: Interval = [1.1283791670955123, 1.1283791670955128]
type SmoothFunction = 'sin' | 'cos' | 'tanh' | 'log1p' | 'sigmoid' | 'softplus' | 'erf'
/** Each function with its derivatives. */
const smooth: { readonly [F in SmoothFunction]: (x: Interval) => Derivatives } = {
  sin: (x) => [intervals.sin(x), () => intervals.cos(x), () => negative(intervals.sin(x))],
  cos: (x) => [intervals.cos(x), () => negative(intervals.sin(x)), () => negative(intervals.cos(x))],
  tanh: (x) => {
    const [, first, second] = logistic(times(2, x))
    return [tanh(x), () => times(4, first()), () => times(8, second())]
  },
  log1p: (x) => {
    const r = () => div(one, add(one, x))
    return [intervals.log1p(x), r, () => negative(square(r()))]
  },
  sigmoid: logistic,
  softplus: (x) => [intervals.softplus(x), () => sigmoid(x), () => logistic(x)[1]()],
  erf: (x) => {
    const first = mul(twoOverRootPi, exp(negative(square(x))))
    return [intervals.erf(x), () => first, () => times(-2, mul(x, first))]
  },
}
const smoothAt = (side: BoxSide): Pick<Scalar<Jet>, SmoothFunction> => {
  const unary =
    (h: (x: Interval) => Derivatives) =>
    (x: Jet): Jet =>
      chain(side, x, h(x.value))
  const { sin, cos, tanh, log1p, sigmoid, softplus, erf } = smooth
  return {
    ...{ sin: unary(sin), cos: unary(cos), tanh: unary(tanh) },
    ...{ log1p: unary(log1p), sigmoid: unary(sigmoid), softplus: unary(softplus), erf: unary(erf) },
  }
}
/** Exponentials of multiples of logarithms are powers. */
const powersAt = (side: BoxSide): Pick<Scalar<Jet>, 'exp' | 'expm1' | 'log' | 'sqrt'> => ({
  expm1: (x) => exponential(side, x, intervals.expm1(x.value)),
  exp: (x) => (x.power !== undefined ? powerOf(side, x.power.base, x.power.exponent) : exponential(side, x, exp(x.value))),
  log: (x) => {
    const r = () => div(one, x.value)
    const log = chain(side, x, [intervals.log(x.value), r, () => negative(square(r()))])
    return { ...log, power: { base: x, exponent: one } }
  },
  sqrt: (x) => ({ ...powerOf(side, x, of(0.5)), value: intervals.sqrt(x.value) }),
})

/** The language at jets on a box, or beside a point; `notes` are taken of comparisons. */
export const jets = (side: BoxSide, notes: JetNotes, box: Interval): Scalar<Jet> => {
  const place: JetPlace = { side, notes, box }
  return {
    of: (n) => still(of(n)),
    add: (x, y) => plus(x, y, add, box),
    sub: (x, y) => (x === y ? still(sub(x.value, y.value)) : plus(x, y, sub, box)),
    mul: product,
    div: (x, y) => product(x, chain(side, y, reciprocal(y.value))),
    ...powersAt(side),
    ...smoothAt(side),
    ...comparisonsAt(place),
  }
}
