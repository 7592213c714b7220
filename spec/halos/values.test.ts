/** The value functions of the theory: their slopes in closed form, and their limits. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { derivative, numbers } from '../../core/index.ts'
import {
  type Checked,
  clipped,
  clippedBelow,
  exponential,
  getOrThrow,
  hinge,
  linear,
  logistic,
  logLogistic,
  profile,
  prospect,
  robust,
  truncatedSquare,
  type ValueFunction,
} from '../../halos/index.ts'

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
type Limits = readonly [losses: number, zero: number, gains: number]
const table: Readonly<Record<string, readonly [Checked<ValueFunction>, slope: (z: number) => number, Limits]>> = {
  'log σ': [logLogistic, (z) => sigmoid(-z), [1, 0.5, 0]],
  σ: [logistic, (z) => sigmoid(z) * sigmoid(-z), [0, 0.25, 0]],
  'min(0, z − 1)': [hinge(1), (z) => (z < 1 ? 1 : 0), [1, 1, 0]],
  'log σ + κz': [robust(0.2), (z) => sigmoid(-z) + 0.2, [1.2, 0.7, 0.2]],
  '−e^(−z)': [exponential, (z) => Math.exp(-z), [Number.POSITIVE_INFINITY, 1, 0]],
  z: [linear, () => 1, [1, 1, 1]],
  'min(z, 1)': [clipped, (z) => (z < 1 ? 1 : 0), [1, 1, 0]],
  '−(min(z, 2) − 2)²': [truncatedSquare(2), (z) => 2 * Math.max(0, 2 - z), [20004, 4, 0]],
}
for (const [name, [value, slope, [losses, zero, gains]]] of Object.entries(table))
  test(`v = ${name}: slope and limits`, () => {
    const v = derivative(getOrThrow(value).body)(numbers)
    fc.assert(
      fc.property(
        fc.double({ min: -30, max: 30, noNaN: true }),
        (z) => Math.abs(z - 1) < 1e-9 || Math.abs(v(z) - slope(z)) <= 1e-9 * Math.max(1, slope(z)),
      ),
      { seed: 1979 },
    )
    const { slopes } = profile(getOrThrow(value).body)
    assert.deepEqual(
      [slopes.losses, slopes.zero, slopes.gains].map((x) => Number(x.toPrecision(12))),
      [losses, zero, gains],
    )
  })
test('prospect: α z^(α−1) on gains, λ as much on losses', () => {
  const v = derivative(getOrThrow(prospect()).body)(numbers)
  for (const z of [0.1, 1, 10]) {
    assert.ok(Math.abs(v(z) / (0.88 * z ** -0.12) - 1) < 1e-5)
    assert.ok(Math.abs(v(-z) / v(z) - 2.25) < 1e-9)
  }
})

test('values at points, on both sides of every kink', () => {
  const formulas: readonly (readonly [Checked<ValueFunction>, (z: number) => number])[] = [
    [logLogistic, (z) => -Math.log1p(Math.exp(-z))],
    [logistic, sigmoid],
    [hinge(1), (z) => Math.min(0, z - 1)],
    [robust(0.2), (z) => 0.2 * z - Math.log1p(Math.exp(-z))],
    [exponential, (z) => -Math.exp(-z)],
    [linear, (z) => z],
    [clipped, (z) => Math.min(z, 1)],
    [clippedBelow(-2), (z) => Math.max(-2, Math.min(z, 1))],
    [truncatedSquare(2), (z) => -((Math.min(z, 2) - 2) ** 2)],
    [prospect({ epsilon: 0.25 }), (z) => (z < 0 ? -2.25 : 1) * ((Math.abs(z) + 0.25) ** 0.88 - 0.25 ** 0.88)],
  ]
  for (const [value, formula] of formulas) {
    const { name, body } = getOrThrow(value)
    for (let z = -4; z <= 4; z += 0.25) {
      const found = body(numbers)(z)
      assert.ok(Math.abs(found - formula(z)) < 1e-12, `${name} at ${z}: ${found} is not ${formula(z)}`)
    }
  }
})
