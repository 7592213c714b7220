/** Piecewise functions: they compute their pieces, are proved continuous, and refuse pieces that do not meet. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { derivative, numbers, type Unary } from '../../core/index.ts'
import {
  always,
  DeclarationError,
  describe,
  getOrThrow,
  halo,
  logRatio,
  negation,
  piecewise,
  policy,
  value,
  verify,
} from '../../halos/index.ts'

const line =
  (slope: number, shift: number): Unary =>
  (S) =>
  (z) =>
    S.add(S.mul(S.of(slope), z), S.of(shift))
/** The report on v of a KTO-like loss. */
const reportOf = (body: Unary) =>
  verify(getOrThrow(halo({ name: 'P', reward: logRatio(0.1), reference: policy(), value: value('p', body), t: always(negation) })))

const slopes = fc.array(fc.double({ min: 0.01, max: 4, noNaN: true }), { minLength: 2, maxLength: 4 })
const start = fc.double({ min: -2, max: 2, noNaN: true })
/** The polygon with these slopes, its corners a unit of 0.7 apart; each line as a text of its own. */
const polygon = (given: readonly number[], from: number) => {
  const ends = given.slice(1).map((_, i) => from + 0.7 * i)
  const shifts = [0]
  ends.forEach((end, i) => {
    shifts.push(shifts[i]! + (given[i]! - given[i + 1]!) * end)
  })
  const at = (z: number): number => {
    const i = ends.filter((end) => end < z).length
    return given[i]! * z + shifts[i]!
  }
  const bodies = given.map((slope, i) => line(slope, shifts[i]!))
  return {
    ends,
    at,
    body: piecewise(
      ends.map((end, i) => [end, bodies[i]!]),
      bodies.at(-1)!,
    ),
  }
}

test('it is each piece on its segment, and so is its slope', () =>
  fc.assert(
    fc.property(slopes, start, fc.double({ min: -5, max: 5, noNaN: true }), (given, from, z) => {
      const { ends, at, body } = polygon(given, from)
      assert.ok(Math.abs(body(numbers)(z) - at(z)) < 1e-12 * 100)
      if (ends.every((end) => Math.abs(end - z) > 1e-9))
        assert.ok(Math.abs(derivative(body)(numbers)(z) - given[ends.filter((end) => end < z).length]!) < 1e-12)
    }),
  ))

test('polygons are proved: concave where slopes fall, refuted where one grows on gains', () =>
  fc.assert(
    fc.property(slopes, (given) => {
      const falling = [...new Set(given.map((slope) => Math.round(slope * 64) / 64 + 1 / 64))].sort((a, b) => b - a)
      fc.pre(falling.length > 1)
      assert.equal(reportOf(polygon(falling, 0.3).body).verdict, 'HALO')
      assert.equal(reportOf(polygon([...falling].reverse(), 0.3).body).verdict, 'not a HALO') // control
    }),
    { numRuns: 8 },
  ))

test('pieces are not evaluated outside their segments', () => {
  const body = piecewise([[0.3, (S) => (z) => S.mul(S.of(2), z)]], (S) => (z) => S.add(S.of(0.6), S.sub(S.sqrt(z), S.of(Math.sqrt(0.3)))))
  for (const z of [-5, 0, 0.3, 4]) assert.ok(Number.isFinite(body(numbers)(z)) && Number.isFinite(derivative(body)(numbers)(z)))
  assert.equal(reportOf(body).verdict, 'HALO')
})

test('the same function written with where is undecided at the corner, and the report says what to write', () => {
  const [left, right] = [line(1, 0), line(2 / 3, 0.1)]
  const report = reportOf((S) => (z) => S.where(S.less(z, S.of(0.3)), left(S)(z), right(S)(z)))
  assert.equal(report.verdict, 'HALO on (−∞, 0.3]')
  assert.match(describe(report).join('\n'), /near z = 0\.3; .*piecewise\(…\), or max\/min/)
  const mended = reportOf(piecewise([[0.3, left]], right))
  assert.equal(mended.verdict, 'HALO')
  assert.doesNotMatch(describe(mended).join('\n'), /piecewise\(…\)/)
})

test('ends out of order and pieces that do not meet are refused, by name', () => {
  const refused = (says: RegExp, make: () => unknown) =>
    assert.throws(make, (error) => error instanceof DeclarationError && says.test(error.message))
  refused(/piecewise\.pieces\[1\]: expected a finite end above 1, got 0/, () =>
    piecewise(
      [
        [1, line(1, 0)],
        [0, line(1, 0)],
      ],
      line(1, 0),
    ),
  )
  refused(/piecewise\.pieces\[0\]: expected a finite end, got NaN/, () => piecewise([[Number.NaN, line(1, 0)]], line(1, 0)))
  refused(/piecewise\.last: expected 1 at z = 1, where the piece before it ends, got 1\.5/, () =>
    piecewise([[1, line(1, 0)]], line(1, 0.5)),
  )
  refused(/piecewise\.pieces\[1\]: expected 0 at z = 0.*got -Infinity/, () =>
    piecewise(
      [
        [0, line(1, 0)],
        [1, (S) => S.log],
      ],
      line(1, -1),
    ),
  )
  piecewise([[1, line(1, 0)]], line(0.5, 0.5)) // control
})
