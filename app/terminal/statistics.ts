/** Rates with their uncertainty. */

export interface Rate {
  readonly rate: number
  readonly low: number
  readonly high: number
  readonly cases: number
}

/** The 95th percentile of the normal distribution: 90 % of it lie within so many deviations. */
const deviations = 1.6448536

/** A rate with its 90 % binomial interval. Wilson (1927), which stays within [0, 1] and holds for few cases. */
export const rateOf = (successes: number, cases: number): Rate => {
  const [rate, z2] = [successes / cases, deviations ** 2]
  const centre = (rate + z2 / (2 * cases)) / (1 + z2 / cases)
  const half = (deviations * Math.sqrt((rate * (1 - rate)) / cases + z2 / (4 * cases ** 2))) / (1 + z2 / cases)
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half), cases }
}

/** How often `after` beats `before`, case by case; a tie is half a win. */
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

/** A mean with its 90 % interval, by the normal distribution. Of one case, the interval is everything. */
export const meanOf = (values: readonly number[]): MeanEstimate => {
  const cases = values.length
  const mean = values.reduce((sum, x) => sum + x, 0) / cases
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (cases - 1)
  const half = cases < 2 ? Infinity : deviations * Math.sqrt(variance / cases)
  return { mean, low: mean - half, high: mean + half, cases }
}
