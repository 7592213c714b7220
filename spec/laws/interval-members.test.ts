/**
 * An interval is the set of its members: the reals between its bounds, without 0 where it is marked as nonzero, and ±∞ and NaN where it is marked so.
 *
 *     sound     f(x, y) ∈ f([x], [y])                for every primitive and all members
 *     narrow    bounds and marks of x + y, x − y, x y and max(x, y) are met by members
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { numbers, type Primitive, primitives } from '../../core/index.ts'
import { anything, applyPrimitive, type Interval, intervals, isNonzero, mark, power } from '../../core/internal.ts'

const { plusInfinity, minusInfinity, nan, nonzero } = mark
const doubts = plusInfinity | minusInfinity | nan
const marksOf = ([, , marks = 0]: Interval): number => marks
/** Bounds from −2 to 2, or none; and what is marked as possibly infinite has no bound there. */
const bound = fc.integer({ min: -2, max: 2 })
const bounded = fc.tuple(bound, bound).map(([a, b]): Interval => [Math.min(a, b), Math.max(a, b)])
const unbounded = bounded.map(([low, high]): Interval => [low <= -1 ? -Infinity : low, high >= 1 ? Infinity : high])
const choices = fc.constantFrom(0, nonzero, nonzero | nan, plusInfinity, minusInfinity, nan, plusInfinity | nonzero)
const marked = (boxes: fc.Arbitrary<Interval>): fc.Arbitrary<Interval> =>
  fc.tuple(boxes, choices).map(([[low, high], marks]) => {
    const wrong = (high < Infinity ? plusInfinity : 0) | (low > -Infinity ? minusInfinity : 0) | (low === high ? nonzero : 0)
    return [low, high, marks & ~wrong]
  })

const grid = [-90, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 90]
const members = (x: Interval): readonly number[] => {
  const marks = marksOf(x)
  const reals = grid.filter((value) => x[0] <= value && value <= x[1] && (value !== 0 || (marks & nonzero) === 0))
  const others = [...(marks & plusInfinity ? [Infinity] : []), ...(marks & minusInfinity ? [-Infinity] : []), ...(marks & nan ? [NaN] : [])]
  return [...reals, ...others]
}
/** Whether a number that was computed, so that it may be rounded, is a member. */
const has = (x: Interval, value: number): boolean => {
  if (Number.isNaN(value)) return (marksOf(x) & nan) !== 0
  if (!Number.isFinite(value)) return (marksOf(x) & (value > 0 ? plusInfinity : minusInfinity)) !== 0
  const slack = 1e-12 * Math.abs(value)
  return x[0] <= value + slack && value - slack <= x[1] && (value !== 0 || !isNonzero(x))
}
const show = (x: Interval): string => `[${x}]`

const binary = ['add', 'sub', 'mul', 'div', 'max', 'less', 'equal'] as const
const boxes = fc.oneof(marked(bounded), marked(unbounded))
const unary = primitives.filter((primitive) => numbers[primitive].length === 1 && primitive !== 'where')

test('functions of members are members', () =>
  fc.assert(
    fc.property(boxes, (x) => {
      for (const primitive of unary)
        for (const value of members(x)) {
          const [found, of] = [applyPrimitive(numbers, primitive, [value]), applyPrimitive(intervals, primitive, [x])]
          assert.ok(has(of, found), `${primitive} ${show(x)} = ${show(of)}, without ${primitive} ${value} = ${found}`)
        }
    }),
    { numRuns: 150 },
  ))

/** f(x, y) for all members; of an interval and itself, for the same member twice. */
const pairs = (x: Interval, y: Interval): readonly (readonly [number, number])[] =>
  x === y ? members(x).map((value) => [value, value] as const) : members(x).flatMap((a) => members(y).map((b) => [a, b] as const))
const found = (primitive: Primitive, x: Interval, y: Interval): readonly number[] =>
  pairs(x, y).map(([a, b]) => applyPrimitive(numbers, primitive, [a, b]))

test('of two, and of one twice, too; and what a condition takes', () =>
  fc.assert(
    fc.property(boxes, boxes, boxes, (x, y, p) => {
      for (const [left, right] of [
        [x, y],
        [x, x],
      ] as const)
        for (const primitive of binary) {
          const of = applyPrimitive(intervals, primitive, [left, right])
          for (const value of found(primitive, left, right))
            assert.ok(has(of, value), `${primitive}(${show(left)}, ${show(right)}) = ${show(of)}, without ${value}`)
        }
      const either = intervals.where(p, x, y)
      for (const condition of members(p))
        for (const value of Number.isNaN(condition) ? [] : members(condition !== 0 ? x : y))
          assert.ok(has(either, value), `where(${show(p)}, ${show(x)}, ${show(y)}) = ${show(either)}, without ${value}`)
    }),
    { numRuns: 300 },
  ))

/** Infinite members have the sign of all others: an interval with an infinite member knows no more than its bounds of the sign. */
const oneSided = boxes.filter(
  ([low, high, marks = 0]) => (low >= 0 || (marks & plusInfinity) === 0) && (high <= 0 || (marks & minusInfinity) === 0),
)
test('bounds and marks of sums, differences, products and maxima are met', () =>
  fc.assert(
    fc.property(oneSided, oneSided, (x, y) => {
      for (const primitive of ['add', 'sub', 'mul', 'max'] as const) {
        const [of, values] = [applyPrimitive(intervals, primitive, [x, y]), found(primitive, x, y)]
        const what = `${primitive}(${show(x)}, ${show(y)}) = ${show(of)}, of ${values}`
        const mayBe = (value: number, marks: number): number => (values.some((v) => Object.is(v, value)) ? marks : 0)
        assert.equal(marksOf(of) & doubts, mayBe(Infinity, plusInfinity) | mayBe(-Infinity, minusInfinity) | mayBe(Number.NaN, nan), what)
        const still = [x, y].some(([low, high]) => low === high) // 0 + y is not seen to be y
        if (!still) assert.equal(isNonzero(of), !values.includes(0), what)
        if (![...x, ...y].every(Number.isFinite)) continue
        const [[a, b], [c, d]] = [x, y]
        const corners = [a, b].flatMap((left) => [c, d].map((right) => applyPrimitive(numbers, primitive, [left, right]) + 0))
        assert.deepEqual([of[0] + 0, of[1] + 0], [Math.min(...corners), Math.max(...corners)], what)
      }
    }),
    { numRuns: 400 },
  ))

test('a condition that is known takes one side, and nothing of the other', () => {
  const [x, y]: readonly Interval[] = [
    [1, 2],
    [3, 4, nan],
  ]
  for (const p of [
    [1, 1],
    [0.5, 2],
    [-2, -0.5],
  ] as const)
    assert.equal(intervals.where(p, x!, y!), x)
  assert.equal(intervals.where([0, 0], x!, y!), y)
})

test('xᶜ for members x ≥ 0 and c is a member; on boxes its bounds are met at corners; a negative x has no power', () =>
  fc.assert(
    fc.property(boxes, boxes, (x, c) => {
      const of = power(x, c)
      const what = `${show(x)}^${show(c)} = ${show(of)}`
      for (const a of members(x))
        for (const b of members(c).filter(Number.isFinite)) {
          if (a >= 0 && (b !== 0 || (a > 0 && a < Infinity))) assert.ok(has(of, a ** b), `${what}, without ${a}^${b} = ${a ** b}`)
          else assert.ok((marksOf(of) & nan) !== 0 || (a === Infinity && b === 0), what)
        }
      if (!(x[0] > 0 && [...x, ...c].every(Number.isFinite)) || marksOf(of) & nan) return
      const corners = [x[0], x[1]].flatMap((a) => [c[0], c[1]].map((b) => a ** b))
      for (const [i, bound] of [Math.min(...corners), Math.max(...corners)].entries())
        assert.ok(Math.abs(of[i]! - bound) <= 1e-12 * bound, `${what}, not ${bound}`)
    }),
    { numRuns: 300 },
  ))

test('on the whole line functions have their limits; where one is defined nowhere, nothing is known', () => {
  const limits = {
    exp: [0, Infinity],
    expm1: [-1, Infinity],
    softplus: [0, Infinity],
    sigmoid: [0, 1],
    tanh: [-1, 1],
    erf: [-1, 1],
  } as const
  for (const [name, [least, greatest]] of Object.entries(limits))
    assert.deepEqual(applyPrimitive(intervals, name as Primitive, [[-Infinity, Infinity]]).slice(0, 2), [least, greatest], name)
  for (const name of ['log', 'log1p', 'sqrt'] as const) {
    const [low, high, marks = 0] = intervals[name]([-3, -2])
    assert.deepEqual([low, high, marks & doubts], anything)
  }
})
