/** Intervals: known quantiles, and that they hold the true value as often as they say. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { confidence, meanOf, rateOf, winRate } from '../../app/terminal/statistics.ts'
import { uniform } from '../../core/internal.ts'

const near = (a: number, b: number, tolerance: number) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b} ± ${tolerance}`)

test('rates have Wilson’s interval, and a tie is half a win', () => {
  const { rate, low, high } = rateOf(50, 100)
  assert.equal(rate, 0.5)
  near(low, 0.40383, 1e-5)
  near(high, 0.59617, 1e-5)
  assert.equal(rateOf(0, 10).low, 0)
  assert.equal(winRate([0, 0, 0, 0], [1, 0, 0, -1]).rate, 0.5)
})

test('means have Student’s interval, from two values to many', () => {
  const { mean, low, high } = meanOf([1, 2, 3])
  assert.equal(mean, 2)
  near(high - mean, 4.303 / Math.sqrt(3), 1e-9)
  near(mean - low, high - mean, 1e-12)
  assert.equal(meanOf([5]).high, Number.POSITIVE_INFINITY)
  // t₀.₉₇₅ of 16, 30 and 120 degrees of freedom: 2.11991, 2.04227, 1.97993.
  for (const [freedom, t] of [
    [16, 2.11991],
    [30, 2.04227],
    [120, 1.97993],
  ] as const) {
    const values = Array.from({ length: freedom + 1 }, (_, i) => i)
    const { mean: centre, high: end } = meanOf(values)
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / freedom)
    near(((end - centre) * Math.sqrt(freedom + 1)) / deviation, t, 1e-4)
  }
})

test('an interval of 95 % holds the true rate, or mean, in about 95 % of samples; at 70 % of its width it does not', () => {
  assert.equal(confidence, '95 %')
  const [samples, size, truth] = [2000, 40, 0.3]
  let [rates, means, narrow] = [0, 0, 0]
  for (let i = 0; i < samples; i++) {
    const draws = Array.from({ length: size }, (_, k) => uniform(7, i, k))
    const rate = rateOf(draws.filter((x) => x < truth).length, size)
    if (rate.low <= truth && truth <= rate.high) rates++
    const { mean, low, high } = meanOf(draws)
    if (low <= 0.5 && 0.5 <= high) means++
    if (Math.abs(mean - 0.5) <= 0.7 * (high - mean)) narrow++
  }
  near(rates / samples, 0.95, 0.025)
  near(means / samples, 0.95, 0.015)
  assert.ok(narrow / samples < 0.9)
})
