/**
 * The scalar language interpreted at intervals: every primitive encloses the exact result, rounded outwards, so that
 * "the slope is ≥ 0 on this box" is a proof and not a sample. 0 · ±∞ is 0: an absent contribution, not an unknown one.
 */
import { numbers, type Scalar } from './scalar.ts'

/** A closed interval that is sure to contain the true value. */
export type Interval = readonly [low: number, high: number]

/** Wider than any rounding of Math's functions (a few units in the last place), and than the least subnormal. */
const slack = 2 ** -46
const down = (x: number): number =>
  Number.isNaN(x) ? -Infinity : x === Infinity ? Number.MAX_VALUE : x - Math.abs(x) * slack - Number.MIN_VALUE
const up = (x: number): number => -down(-x)
const outward = (low: number, high: number): Interval => [low === 0 ? 0 : down(low), high === 0 ? 0 : up(high)]
/** A result that is not 0 may underflow to it: it is then the least number of its sign. */
const nonzero = (value: number, sign: number): number => (value === 0 ? Math.sign(sign) * Number.MIN_VALUE : value)
const times = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : nonzero(x * y, Math.sign(x) * Math.sign(y)))
const over = (x: number, y: number): number => (x === 0 || !Number.isFinite(y) ? x / y : nonzero(x / y, Math.sign(x) * Math.sign(y)))
const hull = (...xs: readonly number[]): Interval => outward(Math.min(...xs), Math.max(...xs))

const rising =
  (f: (x: number) => number, least: number, greatest: number) =>
  ([a, b]: Interval): Interval => {
    const [low, high] = outward(f(a), f(b))
    return [Math.max(low, least), Math.min(high, greatest)]
  }

/** A function that is 0 at −∞ only. */
const positive = (f: (x: number) => number) => (x: number) => (x === -Infinity ? 0 : nonzero(f(x), 1))

/** sin or cos on an interval: its ends, and the turning point in between, at (k + phase)π. Two of them are −1 and 1. */
const circular =
  (f: (x: number) => number, phase: 0 | 0.5) =>
  ([a, b]: Interval): Interval => {
    const [first, last] = [Math.ceil(a / Math.PI - phase - slack * Math.abs(a)), Math.floor(b / Math.PI - phase + slack * Math.abs(b))]
    if (a !== b && !(last <= first)) return [-1, 1]
    const [low, high] = hull(f(a), f(b), ...(a !== b && last === first ? [first % 2 === 0 ? 1 : -1] : []))
    return [Math.max(low, -1), Math.min(high, 1)]
  }

export const intervals: Scalar<Interval> = {
  of: (n) => [n, n],
  add: ([a, b], [c, d]) => outward(a + c, b + d),
  sub: ([a, b], [c, d]) => outward(a - d, b - c),
  mul: ([a, b], [c, d]) => hull(times(a, c), times(a, d), times(b, c), times(b, d)),
  div: ([a, b], [c, d]) =>
    c <= 0 && d >= 0 ? (a === 0 && b === 0 ? [0, 0] : [-Infinity, Infinity]) : hull(over(a, c), over(a, d), over(b, c), over(b, d)),
  max: ([a, b], [c, d]) => [Math.max(a, c), Math.max(b, d)],
  exp: rising(positive(Math.exp), 0, Infinity),
  log: rising((x) => Math.log(Math.max(x, 0)), -Infinity, Infinity),
  sqrt: rising((x) => Math.sqrt(Math.max(x, 0)), 0, Infinity),
  sin: circular(Math.sin, 0.5),
  cos: circular(Math.cos, 0),
  tanh: rising(Math.tanh, -1, 1),
  expm1: rising(Math.expm1, -1, Infinity),
  log1p: rising((x) => Math.log1p(Math.max(x, -1)), -Infinity, Infinity),
  sigmoid: rising(positive(numbers.sigmoid), 0, 1),
  softplus: rising(positive(numbers.softplus), 0, Infinity),
  erf: rising(numbers.erf, -1, 1),
  less: ([a, b], [c, d]) => (b < c ? [1, 1] : a >= d ? [0, 0] : [0, 1]),
  equal: ([a, b], [c, d]) => (a === b && c === d && a === c ? [1, 1] : b < c || d < a ? [0, 0] : [0, 1]),
  where: ([p, q], x, y) => (p > 0 || q < 0 ? x : p === 0 && q === 0 ? y : [Math.min(x[0], y[0]), Math.max(x[1], y[1])]),
}
