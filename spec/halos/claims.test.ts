/** Claims, told from enclosures that are made up: what holds in a box, across a point, what fails there, and what fails among three points. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { anything, type Interval, mark } from '../../core/internal.ts'
import { concave, type Enclosure, increasing, type Junction, march, middle, nonDecreasing } from '../../halos/prove.ts'

const at = (x: number): Interval => [x, x]
const side = (value: Interval, slope: Interval = anything, curvature: Interval = anything): Enclosure => ({ value, slope, curvature })
const junction = (changes: Partial<Junction>): Junction => {
  const value = changes.value ?? at(1)
  return { point: 0, unbroken: false, left: side(value), right: side(value), ...changes, value }
}
const up = at(1)
const down = at(-1)

test('in a box: a slope that is not negative; or is positive; a curvature that is not positive', () => {
  const sloped = (slope: Interval, value: Interval = [0, 1]): Enclosure => side(value, slope)
  for (const [slope, never, always, strictly] of [
    [[0, 1], false, true, false],
    [[0, 1, mark.nonzero], false, true, true],
    [[0.5, 1], false, true, true],
    [[0, Infinity, mark.plusInfinity], false, true, false],
    [[-1, 1], false, false, false],
    [[-1, -0.5], true, false, false],
    [anything, false, false, false],
  ] as readonly (readonly [Interval, boolean, boolean, boolean])[]) {
    assert.equal(nonDecreasing.fails(sloped(slope)), never, `[${slope}] falls`)
    assert.equal(nonDecreasing.holds(sloped(slope)), always, `[${slope}] does not fall`)
    assert.equal(increasing.holds(sloped(slope)), strictly, `[${slope}] rises`)
    for (const claim of [nonDecreasing, increasing, concave]) {
      assert.equal(claim.holds(sloped(slope, anything)), false, 'of what is undefined nothing holds')
      assert.equal(claim.fails(sloped(slope, anything)), false, 'of what is undefined nothing fails')
    }
  }
  assert.ok(increasing.fails(sloped(at(0))) && !nonDecreasing.fails(sloped(at(0))))
  const bent = (curvature: Interval) => side([0, 1], [0, 1], curvature)
  assert.deepEqual([concave.holds(bent([-1, 0])), concave.fails(bent([-1, 0]))], [true, false])
  assert.deepEqual([concave.holds(bent([0.1, 1])), concave.fails(bent([0.1, 1]))], [false, true])
  assert.deepEqual([concave.holds(bent([-1, 1])), concave.fails(bent([-1, 1]))], [false, false])
  assert.deepEqual([concave.holds(bent(anything)), concave.fails(bent(anything))], [false, false])
})

test('at a point: it falls by its slope on either side, or by a jump', () => {
  const says = (changes: Partial<Junction>) => nonDecreasing.failsAt(junction(changes))
  assert.equal(says({}), undefined)
  assert.equal(says({ left: side(at(1), up), right: side(at(1), up) }), undefined)
  assert.equal(says({ left: side(at(1), down) }), 'its slope is −1')
  assert.equal(says({ right: side(at(1), down) }), 'its slope is −1')
  assert.equal(says({ left: side(at(2)) }), 'it falls from 2 to 1')
  assert.equal(says({ right: side(at(0.5)) }), 'it falls from 1 to 0.5')
  assert.equal(says({ left: side(at(0)), right: side(at(2)) }), undefined, 'a jump up')
  assert.equal(says({ left: side(anything, down), right: side(anything, down) }), undefined)
  assert.equal(
    nonDecreasing.failsAmong(junction({ value: at(1) }), junction({ value: at(0) }), junction({ value: at(2) })),
    'it falls from 1 to 0',
  )
  assert.equal(
    nonDecreasing.failsAmong(junction({ value: at(0) }), junction({ value: at(2) }), junction({ value: at(1) })),
    'it falls from 2 to 1',
  )
  assert.equal(nonDecreasing.failsAmong(junction({ value: at(0) }), junction({ value: at(0) }), junction({ value: at(1) })), undefined)
})
test('at a point: it bends upwards by its curvature, by its slopes, or by a jump of either kind', () => {
  const says = (changes: Partial<Junction>) => concave.failsAt(junction(changes))
  const [flat, steep] = [side(at(1), at(1), at(0)), side(at(1), at(2), at(0))]
  assert.equal(says({ left: steep, right: flat }), undefined)
  assert.equal(says({ left: flat, right: steep }), 'its slope grows from 1 to 2')
  assert.equal(says({ left: side(at(1), up, at(3)) }), 'its curvature is 3')
  assert.equal(says({ right: side(at(1), up, at(3)) }), 'its curvature is 3')
  for (const [jump, changes] of [
    ['2 to 1', { left: side(at(2), at(1), at(0)) }],
    ['0 to 1', { left: side(at(0), at(1), at(0)) }],
    ['2 to 1', { right: side(at(2), at(1), at(0)) }],
  ] as const)
    assert.equal(says(changes), `it jumps from ${jump}`)
})
test('across a point: what is continuous joins; else by values that do not fall, and, to be concave, slopes that do not grow', () => {
  const joined = (changes: Partial<Junction>) => [nonDecreasing.joins(junction(changes)), concave.joins(junction(changes))]
  const of = (value: number, slope: number) => side(at(value), at(slope))
  assert.deepEqual(joined({ unbroken: true, left: of(1, 2), right: of(1, 1) }), [true, true])
  assert.deepEqual(joined({ unbroken: true, left: of(1, 1), right: of(1, 2) }), [true, false])
  assert.deepEqual(joined({ left: of(1, 2), right: of(1, 1) }), [true, true])
  assert.deepEqual(joined({ left: of(0, 2), right: of(2, 1) }), [true, false], 'a jump up')
  assert.deepEqual(joined({ left: of(2, 2), right: of(0, 1) }), [false, false], 'a jump down')
  assert.deepEqual(joined({ left: side(anything, at(1)), right: of(1, 1) }), [false, false])
  assert.deepEqual(joined({ unbroken: true, left: side(anything, at(1)), right: of(1, 1) }), [false, false])
})

test('among three points: under the chord, by values; or slopes that grow, though values be vague', () => {
  const number = fc.integer({ min: -20, max: 20 })
  const points = fc
    .uniqueArray(number, { minLength: 3, maxLength: 3 })
    .map((xs) => [...xs].sort((a, b) => a - b) as [number, number, number])
  fc.assert(
    fc.property(points, number, number, number, ([a, b, c], fa, fb, fc_) => {
      const [left, centre, right] = [
        [a, fa],
        [b, fb],
        [c, fc_],
      ].map(([point, value]) => junction({ point: point!, value: at(value!) }))
      const chord = (fa * (c - b) + fc_ * (b - a)) / (c - a)
      if (Math.abs(fb - chord) < 1e-9) return
      assert.equal(concave.failsAmong(left!, centre!, right!), fb < chord ? `at ${b} it is under the chord of ${a} and ${c}` : undefined)
    }),
  )
  const vague = (slope: number) => junction({ value: [0, 10], left: side([0, 10], at(slope)), right: side([0, 10], at(slope)) })
  assert.equal(concave.failsAmong(vague(0), vague(1), vague(2)), 'its slope grows from 0 to 2')
  assert.equal(concave.failsAmong(vague(2), vague(1), vague(0)), undefined)
})

test('a box is halved inside, at 0 first, then by magnitude: any scale is reached in few steps', () => {
  const wide = fc.double({ noNaN: true, noDefaultInfinity: false })
  fc.assert(
    fc.property(wide, wide, (x, y) => {
      const [low, high] = [Math.min(x, y), Math.max(x, y)]
      const centre = middle([low, high])
      if (low < 0 && high > 0) assert.equal(centre, 0)
      else if (high > low * (1 + 1e-9) && low >= 0 && high > 1e-300)
        assert.ok(low < centre && centre < high, `${centre} of [${low}, ${high}]`)
      if (low >= 0) assert.equal(middle([-high, -low]), -centre)
    }),
    { numRuns: 500 },
  )
  const steps = (
    box: (centre: number) => readonly [number, number],
    target: (centre: number) => boolean,
    from: readonly [number, number],
  ) => {
    let [n, current] = [0, from]
    while (!target(middle(current)) && n < 100) {
      current = box(middle(current))
      n++
    }
    return n
  }
  assert.ok(
    steps(
      (centre) => [centre, Infinity],
      (centre) => centre > 1e300,
      [0, Infinity],
    ) <= 40,
    'outwards',
  )
  assert.ok(
    steps(
      (centre) => [0, centre],
      (centre) => centre < 1e-300,
      [0, 1],
    ) <= 40,
    'inwards',
  )
  assert.deepEqual([middle([1, 2]), middle([0, 1]), middle([0, Infinity]), middle([1, Infinity]), middle([1, 100])], [1.5, 0.25, 1, 2, 10])
})

test('a march stops where the property does, to a billionth', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e4, noNaN: true }), (end) => {
      const reached = march((_, to) => to <= end, 1e4)
      assert.ok(reached <= end && reached >= end * (1 - 1e-8), `${reached} of ${end}`)
    }),
  )
  assert.equal(
    march(() => true, 7),
    7,
  )
  assert.equal(
    march(() => false, 7),
    0,
  )
})
