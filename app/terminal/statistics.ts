/**
 * Estimates with their 95 % intervals: rates by Wilson, means by Student's t. (simple-statistics has neither: its t-tests give statistics, no intervals.)
 *
 *     rate p of n:  (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)        mean of n:  x̄ ± t(n − 1) · s / √n
 */

/** The confidence level of every interval that halograd reports. */
export const confidence = '95 %'

/** The 97.5th percentile of the standard normal distribution. */
const z = 1.959964

export interface Rate {
  readonly rate: number
  readonly low: number
  readonly high: number
  readonly cases: number
}

/** A rate with its binomial interval. Wilson (1927): it stays within [0, 1] and holds for few cases. */
export const rateOf = (successes: number, cases: number): Rate => {
  const [rate, z2] = [successes / cases, z ** 2]
  const centre = (rate + z2 / (2 * cases)) / (1 + z2 / cases)
  const half = (z * Math.sqrt((rate * (1 - rate)) / cases + z2 / (4 * cases ** 2))) / (1 + z2 / cases)
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half), cases }
}

/** How often `after` is larger than `before`, case by case; a tie is half a win. */
export const winRate = (before: readonly number[], after: readonly number[]): Rate =>
  rateOf(
    after.reduce((wins, x, i) => wins + (x > before[i]! ? 1 : x === before[i]! ? 0.5 : 0), 0),
    after.length,
  )

export interface MeanEstimate {
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly cases: number
}

/** A mean with its t-interval. One value has no interval: it is everything. */
export const meanOf = (values: readonly number[]): MeanEstimate => {
  const cases = values.length
  const mean = average(values)
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (cases - 1)
  const half = cases < 2 ? Number.POSITIVE_INFINITY : student(cases - 1) * Math.sqrt(variance / cases)
  return { mean, low: mean - half, high: mean + half, cases }
}

export const average = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** The 97.5th percentiles of Student's t for 1, 2, … degrees of freedom. */
const few = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131]

/** For more, the expansion in 1/ν of Abramowitz & Stegun (1964), 26.7.5: right to 10⁻⁴ from ν = 16 on. */
const student = (freedom: number): number =>
  few[freedom - 1] ??
  z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
