/**
 * Intervals against exact arithmetic, that of the checker of certificates: what is enclosed is inside, and no further out than rounding takes it;
 * marks say what else a value may be, and nothing that it may not.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import * as F from '../../app/check/functions.ts'
import * as X from '../../app/check/interval.ts'
import { type Interval, intervals, isCertain, isNonzero, isReal, mark } from '../../core/internal.ts'

const exact = ([low, high]: Interval): X.RationalInterval => X.interval(X.exactly(low), X.exactly(high))
const special = [0, 1, -1, 2, 0.5, -0.5, 3, 1e-300, -1e-300, 5e-324, 1e300, -1e300, 1 / 3, 0.1]
const double = fc.oneof(fc.constantFrom(...special), fc.double({ min: -50, max: 50, noNaN: true }))
const box = fc.tuple(double, double, fc.double({ min: 0, max: 1, noNaN: true })).map(([a, b, t]): readonly [Interval, number] => {
  const [low, high] = [Math.min(a, b), Math.max(a, b)]
  return [[low, high], Math.min(Math.max(low + t * (high - low), low), high)]
})
/** The true value is in both; what is said of it by the checker is narrow. */
const contains = (outer: Interval, inner: X.RationalInterval, what: string) => {
  const { low, high } = exact(outer)
  assert.ok(low <= inner.high && inner.low <= high, `${what}: [${outer}] does not contain what is exact`)
}

const arithmetic = { add: X.add, sub: X.sub, mul: X.mul, div: X.div } as const
test('sums, products and quotients of numbers in boxes are inside, and certain', () =>
  fc.assert(
    fc.property(box, box, ([a, x], [b, y]) => {
      for (const op of ['add', 'sub', 'mul', 'div'] as const) {
        if (op === 'div' && b[0] <= 0 && b[1] >= 0) continue
        const found = intervals[op](a, b)
        contains(found, arithmetic[op](X.of(x), X.of(y)), `${op}(${a}; ${b}) at ${x}, ${y}`)
        assert.ok(isCertain(found), op)
      }
      contains(intervals.max(a, b), X.of(Math.max(x, y)), 'max')
    }),
    { numRuns: 400 },
  ))
test('of two numbers, the bounds are the result if that is a double, and else its neighbours', () =>
  fc.assert(
    fc.property(double, double, (x, y) => {
      for (const op of ['add', 'sub', 'mul', 'div'] as const) {
        if (op === 'div' && y === 0) continue
        const [low, high] = intervals[op]([x, x], [y, y])
        const rounded = { add: x + y, sub: x - y, mul: x * y, div: x / y }[op]
        if ([x, y].some((size) => size !== 0 && (Math.abs(size) < 1e-120 || Math.abs(size) > 1e120))) continue
        const same = X.within(arithmetic[op](X.of(x), X.of(y)), X.of(rounded))
        if (same) assert.deepEqual([low + 0, high + 0], [rounded + 0, rounded + 0], `${op}(${x}, ${y})`)
        assert.ok(high - low <= Math.abs(rounded) * 2 ** -50, `${op}(${x}, ${y}) is wide: ${low}, ${high}`)
      }
    }),
    { numRuns: 400 },
  ))

const functions = { exp: F.exp, expm1: F.expm1, tanh: F.tanh, sigmoid: F.sigmoid, softplus: F.softplus } as const
test('functions of numbers in boxes are inside; of a number, they are narrow', () =>
  fc.assert(
    fc.property(box, ([a, x]) => {
      if (Math.abs(a[0]) > 600 || Math.abs(a[1]) > 600) return
      for (const name of ['exp', 'expm1', 'tanh', 'sigmoid', 'softplus'] as const) {
        const found = intervals[name](a)
        contains(found, functions[name](X.of(x)), `${name}(${a}) at ${x}`)
        assert.ok(isCertain(found), name)
        const [low, high] = intervals[name]([x, x])
        assert.ok(high - low <= Math.max(Math.abs(low), Math.abs(high)) * 2 ** -44 + 1e-320, `${name}(${x}) is wide`)
      }
      if (a[0] <= 0) return
      contains(intervals.log(a), F.log(X.of(x)), `log(${a}) at ${x}`)
      contains(intervals.log1p(a), F.log(X.add(X.unit, X.of(x))), `log1p(${a}) at ${x}`)
      contains(intervals.sqrt(a), F.power(X.of(x), X.of(0.5)), `sqrt(${a}) at ${x}`)
    }),
    { numRuns: 60 },
  ))

const { plusInfinity: P, minusInfinity: M, nan: N, jump: J, nonzero: O } = mark
const doubts = ([, , marks = 0]: Interval): number => marks & (P | M | N | J)
const [all, plus, minus]: readonly Interval[] = [[-Infinity, Infinity], intervals.of(Infinity), intervals.of(-Infinity)]
test('marks: what a value may be besides a number between the bounds', () => {
  const { add, sub, mul, div, log, log1p, sqrt, max, less, equal, where, exp } = intervals
  const table: readonly (readonly [what: string, of: Interval, marks: number])[] = [
    ['∞ + 1', add(plus!, [1, 1]), P],
    ['∞ − ∞', add(plus!, minus!), N | P | M],
    ['∞ − ∞, subtracted', sub(plus!, plus!), N | P | M],
    ['∞ · [1, 2]', mul(plus!, [1, 2]), P],
    ['∞ · [−2, −1]', mul(plus!, [-2, -1]), M],
    ['−∞ · [−2, −1]', mul(minus!, [-2, -1]), P],
    ['∞ · [0, 1]', mul(plus!, [0, 1]), N | P],
    ['∞ · [−1, 1]', mul([-1, 1], plus!), N | P | M],
    ['no bound · no bound', mul(all!, all!), 0],
    ['1/[−1, 1]', div([1, 1], [-1, 1]), N | P | M],
    ['1/[0, 1]', div([1, 1], [0, 1]), N | P | M],
    ['1/(0, 1]', div([1, 1], [0, 1, O]), 0],
    ['1/∞', div([1, 1], plus!), 0],
    ['∞/∞', div(plus!, plus!), N | P | M],
    ['log [0, 1]', log([0, 1]), M],
    ['log (0, 1]', log([0, 1, O]), 0],
    ['log [−1, 1]', log([-1, 1]), N | M],
    ['log1p [−1, 0]', log1p([-1, 0]), M],
    ['√[−1, 4]', sqrt([-1, 4]), N],
    ['√[0, 4]', sqrt([0, 4]), 0],
    ['max(∞, 1)', max(plus!, [1, 1]), P],
    ['max(−∞, 1)', max(minus!, [1, 1]), 0],
    ['[0, 2] < 1', less([0, 2], [1, 1]), J],
    ['[0, 1] < 1', less([0, 1], [1, 1]), J],
    ['[1, 2] < 1', less([1, 2], [1, 1]), 0],
    ['[0, 1] = 1', equal([0, 1], [1, 1]), J],
    ['[0, 1] = 2', equal([0, 1], [2, 2]), 0],
    ['log of what is none < 1', less(log([-2, -1]), [1, 1]), J],
    ['where [0, 1]', where([0, 1], [2, 2], [3, 3]), J],
    ['where 1', where([1, 1], [2, 2], plus!), 0],
    ['where 0', where([0, 0], plus!, [3, 3]), 0],
    ['e^all', exp(all!), 0],
    ['e^∞', exp(plus!), P],
    ['e^−∞', exp(minus!), 0],
  ]
  for (const [what, of, marks] of table) assert.equal(doubts(of), marks, `${what}: [${of}]`)
})
test('0 is known not to be among the values of eˣ, of products of such, and of sums of one sign; else it may be', () => {
  const { add, mul, div, exp, sigmoid, max, expm1 } = intervals
  const [e, s] = [exp(all!), sigmoid(all!)]
  for (const of of [e, s, mul(e, s), add(e, s), add(e, [0, 1]), div([1, 1], [1, Infinity]), max(e, [0, 0]), expm1([0, 1, O])])
    assert.ok(isNonzero(of) && isReal(of), `[${of}]`)
  for (const of of [mul(e, [0, 1]), add(e, [-1, 0]), intervals.sub(e, s), max([0, 1], [-1, 0]), expm1([0, 1])])
    assert.ok(!isNonzero(of), `[${of}]`)
})
/** −0 is 0. */
const bounds = (of: Interval): readonly number[] => [of[0] + 0, of[1] + 0]
test('bounds at special places', () => {
  const { mul, div, log, sqrt, tanh, sigmoid, where, sub, less, equal } = intervals
  const z: Interval = [-1, 2]
  assert.deepEqual(bounds(mul(z, z)), [0, 4])
  assert.deepEqual(bounds(mul(z, [-1, 2])), [-2, 4])
  assert.deepEqual(bounds(sub(z, z)), [0, 0])
  assert.deepEqual(bounds(div([1, 2], [0, 1, O])), [1, Infinity])
  assert.deepEqual(bounds(div([-2, -1], [0, 1, O])), [-Infinity, -1])
  assert.deepEqual(bounds(div([1, 2], [-1, 0, O])), [-Infinity, -1])
  assert.deepEqual(bounds(mul([0, 0], all!)), [0, 0])
  assert.equal(log([1, Infinity])[0], 0)
  assert.equal(log([1, Infinity])[1], Infinity)
  assert.deepEqual(bounds(sqrt([0, 1])), [0, 1])
  assert.equal(sqrt([1, 4])[0], 1)
  assert.deepEqual(bounds(tanh(all!)), [-1, 1])
  assert.deepEqual(bounds(tanh([0, 0])), [0, 0])
  assert.deepEqual(bounds(sigmoid(all!)), [0, 1])
  assert.deepEqual(bounds(where([0, 1], [2, 3], [5, 7])), [2, 7])
  assert.deepEqual(
    [less(z, z), equal(z, z)],
    [
      [0, 0],
      [1, 1],
    ],
  )
  assert.deepEqual(less([1, 2], [3, 4]), [1, 1])
})
