/**
 * The scalar language read at intervals: every primitive encloses the exact real result, rounded outwards, so that "the slope is ≥ 0 on
 * this box" is a proof and not a sample.
 *
 *     [a, b] + [c, d] = [a + c rounded down, b + d rounded up]      exact wherever floating-point arithmetic is
 *
 * An endpoint ±∞ says that the values have no bound, not that one of them is infinite: that, and every other doubt, is a mark
 * (as the decorations of IEEE 1788): where a function may be infinite, undefined or discontinuous, nothing is proved.
 */
import { downward, farAbove, farBelow, largest, upward } from './rounding.ts'
import { numbers, type Scalar } from './scalar.ts'

/** A set of reals within [low, high], and marks that say what else a value may be. No marks: a real number, continuous in the box. */
export type Interval = readonly [low: number, high: number, marks?: number]

/** What a value may be besides a real number between the bounds. */
export const mark = { plusInfinity: 1, minusInfinity: 2, nan: 4, jump: 8, nonzero: 16 } as const
const [PLUS, MINUS, NAN, JUMP, NONZERO] = [mark.plusInfinity, mark.minusInfinity, mark.nan, mark.jump, mark.nonzero]
const INFINITE = PLUS | MINUS
/** Everything but the knowledge that 0 is not among the values. */
const DOUBT = INFINITE | NAN | JUMP

const marksOf = (x: Interval): number => x[2] ?? 0
/** Surely a finite real number, and a continuous function of what the box encloses. */
export const isCertain = (x: Interval): boolean => (marksOf(x) & DOUBT) === 0
/** Surely a finite real number at every point of the box, though it may jump. */
export const isReal = (x: Interval): boolean => (marksOf(x) & (INFINITE | NAN)) === 0
export const mayBeNaN = (x: Interval): boolean => (marksOf(x) & NAN) !== 0
/** Surely not 0, though a bound may be (the values of eˣ on the line are those of (0, ∞)). */
export const isNonzero = (x: Interval): boolean => x[0] > 0 || x[1] < 0 || (marksOf(x) & NONZERO) !== 0
/** Nothing is known of it: the primitive is not defined for some argument in the box. */
export const anything: Interval = [-Infinity, Infinity, NAN | INFINITE]

const make = (low: number, high: number, marks: number): Interval => (marks === 0 ? [low, high] : [low, high, marks])
const mayBeZero = (x: Interval): boolean => !isNonzero(x)
// ------------------------------------------------------------------ arithmetic

export const negative = ([low, high, marks = 0]: Interval): Interval =>
  make(-high, -low, (marks & ~INFINITE) | (marks & PLUS ? MINUS : 0) | (marks & MINUS ? PLUS : 0))

const add = (x: Interval, y: Interval): Interval => {
  const [m, n] = [marksOf(x), marksOf(y)]
  const opposite = (m & PLUS && n & MINUS) || (m & MINUS && n & PLUS)
  const oneSign = (x[0] >= 0 && y[0] >= 0) || (x[1] <= 0 && y[1] <= 0)
  const marks = ((m | n) & DOUBT) | (opposite ? NAN : 0) | (oneSign && (isNonzero(x) || isNonzero(y)) ? NONZERO : 0)
  return make(downward.sum(x[0], y[0]), upward.sum(x[1], y[1]), marks)
}

/** Infinite factors: of either sign, unless both signs are known; undefined beside a factor that may be 0. */
const infiniteProduct = (x: Interval, y: Interval): number => {
  const [m, n] = [marksOf(x), marksOf(y)]
  if (((m | n) & INFINITE) === 0) return 0
  const nan = (m & INFINITE && mayBeZero(y)) || (n & INFINITE && mayBeZero(x)) ? NAN : 0
  const [positive, negative] = [(x[0] >= 0 && y[0] >= 0) || (x[1] <= 0 && y[1] <= 0), (x[0] >= 0 && y[1] <= 0) || (x[1] <= 0 && y[0] >= 0)]
  return nan | (negative ? 0 : PLUS) | (positive ? 0 : MINUS)
}
const mul = (x: Interval, y: Interval): Interval => {
  const [[a, b], [c, d]] = [x, y]
  const marks = ((marksOf(x) | marksOf(y)) & (NAN | JUMP)) | infiniteProduct(x, y) | (isNonzero(x) && isNonzero(y) ? NONZERO : 0)
  const low = Math.min(downward.product(a, c), downward.product(a, d), downward.product(b, c), downward.product(b, d))
  const high = Math.max(upward.product(a, c), upward.product(a, d), upward.product(b, c), upward.product(b, d))
  return make(x === y && isReal(x) ? Math.max(low, 0) : low, high, marks)
}
const div = (x: Interval, y: Interval): Interval => {
  if (mayBeZero(y)) return make(-Infinity, Infinity, NAN | INFINITE | ((marksOf(x) | marksOf(y)) & JUMP))
  const [[a, b], [c, d]] = [x, y]
  const [m, n] = [marksOf(x), marksOf(y)]
  const marks =
    ((m | n) & (NAN | JUMP)) |
    (m & INFINITE && n & INFINITE ? NAN : 0) |
    (m & INFINITE ? INFINITE : 0) |
    (isNonzero(x) && (n & INFINITE) === 0 ? NONZERO : 0)
  if (c < 0 && d > 0) return make(-Infinity, Infinity, marks)
  // The divisor has one sign; where its bound is 0, the quotient has no bound.
  const sign = d > 0 ? 1 : -1
  const at = (round: (p: number, q: number) => number, p: number, q: number): number =>
    q === 0 ? (p === 0 ? 0 : Math.sign(p) * sign * Infinity) : round(p, q)
  const low = Math.min(at(downward.quotient, a, c), at(downward.quotient, a, d), at(downward.quotient, b, c), at(downward.quotient, b, d))
  const high = Math.max(at(upward.quotient, a, c), at(upward.quotient, a, d), at(upward.quotient, b, c), at(upward.quotient, b, d))
  return make(low, high, marks)
}

// ------------------------------------------------------------------ functions

/** A function that rises from `least` (at −∞) to `greatest` (at ∞), with its exact value at some points. */
const rising =
  (f: (x: number) => number, least: number, greatest: number, exact: readonly (readonly [x: number, y: number])[] = [[0, f(0)]]) =>
  (x: Interval): Interval => {
    const known = (z: number): number | undefined =>
      z === -Infinity ? least : z === Infinity ? greatest : exact.find(([at]) => at === z)?.[1]
    const m = marksOf(x)
    const low = known(x[0]) ?? Math.max(farBelow(f(x[0])), least)
    const high = known(x[1]) ?? Math.min(farAbove(f(x[1])), greatest)
    const infinite = (m & PLUS && greatest === Infinity ? PLUS : 0) | (m & MINUS && least === -Infinity ? MINUS : 0)
    const nonzero = (least === 0 && (m & MINUS) === 0) || (exact.some(([at, y]) => at === 0 && y === 0) && isNonzero(x))
    return make(low, high, (m & (NAN | JUMP)) | infinite | (nonzero ? NONZERO : 0))
  }
/** The same on [start, ∞): undefined below; at `start` itself, infinite or not. */
const risingFrom = (start: number, f: (x: number) => number, atStart: number, exact: readonly (readonly [number, number])[]) => {
  const inner = rising(f, atStart, Infinity, exact)
  return (x: Interval): Interval => {
    const m = marksOf(x)
    if (x[1] < start || Number.isNaN(x[0])) return anything
    const from = x[0] === start && start === 0 && isNonzero(x) ? false : x[0] <= start
    const clipped: Interval = [Math.max(x[0], start), x[1], m & ~MINUS]
    const [low, high, marks = 0] = inner(clipped)
    const reached = from && atStart === -Infinity ? MINUS : 0
    return make(x[0] <= start ? atStart : low, high, marks | reached | (x[0] < start || m & MINUS ? NAN : 0))
  }
}

/** sin or cos on an interval: its ends, and the turning point in between, at (k + phase)π. Two of them are −1 and 1. */
const circular =
  (f: (x: number) => number, phase: 0 | 0.5) =>
  (x: Interval): Interval => {
    const [a, b] = x
    const marks = (marksOf(x) & (NAN | JUMP)) | (marksOf(x) & INFINITE ? NAN : 0)
    const slack = 2 ** -44
    const first = Math.ceil(a / Math.PI - phase - slack * (1 + Math.abs(a)))
    const last = Math.floor(b / Math.PI - phase + slack * (1 + Math.abs(b)))
    if (a !== b && !(last <= first)) return make(-1, 1, marks)
    if (a === 0 && b === 0) return make(f(0), f(0), marks)
    const turn = a !== b && last === first ? [first % 2 === 0 ? 1 : -1] : []
    const low = Math.min(farBelow(f(a)), farBelow(f(b)), ...turn)
    const high = Math.max(farAbove(f(a)), farAbove(f(b)), ...turn)
    return make(Math.max(low, -1), Math.min(high, 1), marks)
  }

const max = (x: Interval, y: Interval): Interval => {
  const [m, n] = [marksOf(x), marksOf(y)]
  const [low, high] = [Math.max(x[0], y[0]), Math.max(x[1], y[1])]
  const infinite = ((m | n) & PLUS) | (m & n & MINUS)
  const nonzero = (isNonzero(x) && isNonzero(y)) || low > 0 || (x[0] >= 0 && isNonzero(x)) || (y[0] >= 0 && isNonzero(y))
  return make(low, high, ((m | n) & (NAN | JUMP)) | infinite | (nonzero ? NONZERO : 0))
}

const no: Interval = [0, 0]
const yes: Interval = [1, 1]
const undecided: Interval = [0, 1, JUMP]
const less = (x: Interval, y: Interval): Interval => {
  if (((marksOf(x) | marksOf(y)) & NAN) !== 0) return undecided
  if (x === y || x[0] >= y[1]) return no
  return x[1] < y[0] ? yes : undecided
}
const equal = (x: Interval, y: Interval): Interval => {
  if (((marksOf(x) | marksOf(y)) & NAN) !== 0) return undecided
  if (x === y || (x[0] === x[1] && y[0] === y[1] && x[0] === y[0])) return yes
  return x[1] < y[0] || y[1] < x[0] ? no : undecided
}

/** Both, whatever the marks. */
export const hull = (x: Interval, y: Interval): Interval =>
  make(Math.min(x[0], y[0]), Math.max(x[1], y[1]), ((marksOf(x) | marksOf(y)) & DOUBT) | (isNonzero(x) && isNonzero(y) ? NONZERO : 0))

export const intervals: Scalar<Interval> = {
  of: (n) => (Number.isNaN(n) ? anything : n === Infinity ? [largest, n, PLUS] : n === -Infinity ? [n, -largest, MINUS] : [n, n]),
  add,
  sub: (x, y) => (x === y && isReal(x) ? make(0, 0, marksOf(x) & JUMP) : add(x, negative(y))),
  mul,
  div,
  max,
  exp: rising(Math.exp, 0, Infinity),
  log: risingFrom(0, Math.log, -Infinity, [[1, 0]]),
  sqrt: (x) => {
    const root = risingFrom(0, Math.sqrt, 0, [[1, 1]])(x)
    return make(root[0], root[1], (marksOf(root) & DOUBT) | (isNonzero(x) ? NONZERO : 0))
  },
  sin: circular(Math.sin, 0.5),
  cos: circular(Math.cos, 0),
  tanh: rising(Math.tanh, -1, 1),
  expm1: rising(Math.expm1, -1, Infinity),
  log1p: risingFrom(-1, Math.log1p, -Infinity, [[0, 0]]),
  sigmoid: rising(numbers.sigmoid, 0, 1),
  softplus: rising(numbers.softplus, 0, Infinity, []),
  erf: rising(numbers.erf, -1, 1),
  less,
  equal,
  where: (p, x, y) => {
    if (mayBeNaN(p)) return make(...(hull(x, y).slice(0, 2) as [number, number]), (marksOf(x) | marksOf(y) | NAN | JUMP) & DOUBT)
    if (p[0] > 0 || p[1] < 0) return x
    if (p[0] === 0 && p[1] === 0) return y
    const either = hull(x, y)
    return make(either[0], either[1], marksOf(either) | JUMP)
  },
}

/** xᶜ for x ≥ 0, as e^(c log x): 0 at x = 0 for c > 0. Monotone in x and in c, so that its extremes are at the corners. */
export const power = (x: Interval, c: Interval): Interval => {
  if (x[1] < 0 || mayBeNaN(x) || mayBeNaN(c) || marksOf(c) & INFINITE) return anything
  const at = (base: number, exponent: number): number =>
    exponent === 0 || base === 1
      ? 1
      : base === 0
        ? exponent > 0
          ? 0
          : Infinity
        : base === Infinity
          ? exponent > 0
            ? Infinity
            : 0
          : base ** exponent
  const low = Math.max(x[0], 0)
  const corners = [at(low, c[0]), at(low, c[1]), at(x[1], c[0]), at(x[1], c[1])]
  const zero = x[0] <= 0 && mayBeZero(x)
  const nan = x[0] < 0 || marksOf(x) & MINUS || (zero && mayBeZero(c) && c[0] <= 0 && c[1] >= 0) ? NAN : 0
  const infinite = (zero && c[0] < 0) || (marksOf(x) & PLUS && c[1] > 0) ? PLUS : 0
  const nonzero = !zero && (marksOf(x) & PLUS) === 0 ? NONZERO : 0
  const [least, greatest] = [Math.min(...corners), Math.max(...corners)]
  const exact = (y: number): boolean => y === 0 || y === 1 || y === Infinity
  const bounds = [exact(least) ? least : Math.max(farBelow(least), 0), exact(greatest) ? greatest : farAbove(greatest)] as const
  return make(bounds[0] === Infinity ? largest : bounds[0], bounds[1], nan | infinite | nonzero | ((marksOf(x) | marksOf(c)) & JUMP))
}
