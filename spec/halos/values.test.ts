/** The value functions of the theory: their slopes in closed form, and their limits. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { derivative, numbers } from '../../core/index.ts'
import {
  type Checked,
  clipped,
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
