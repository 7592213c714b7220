/**
 * What a few seeds say: means with t-intervals, and verdicts on differences. Seeds are paired: what is compared shares pre-training, data and tasks.
 *
 *     95 % interval of a mean of n: x̄ ± t(n − 1) · s / √n
 */

export interface ConfidenceInterval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Quantiles of Student's t at 97.5 %, for 1, 2, … degrees of freedom. */
const student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131]

/** The 95 % t-interval of the mean. One value has no interval: it is everything. */
export const interval = (values: readonly number[]): ConfidenceInterval => {
  const n = values.length
  const mean = values.reduce((a, b) => a + b, 0) / n
  if (n < 2) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1))
  const half = (student[n - 2] ?? student.at(-1)!) * (deviation / Math.sqrt(n))
  return { mean, low: mean - half, high: mean + half }
}

export type StatisticalVerdict = 'reproduced' | 'not reproduced' | 'not separable'

export interface StatisticalFinding {
  /** What the paper says, of this world. */
  readonly claim: string
  /** The difference that the claim is about, as it was measured. */
  readonly difference: ConfidenceInterval
  /** The claim is that the difference is above this. */
  readonly above: number
  readonly seeds: number
  readonly verdict: StatisticalVerdict
}

/** Whether `a` is more than `b`, seed by seed, by more than `above` (below 0: by how much it may be less and still count as equal). */
export const finding = (claim: string, a: readonly number[], b: readonly number[], above = 0): StatisticalFinding => {
  const difference = interval(a.map((x, i) => x - b[i]!))
  const verdict = difference.low > above ? 'reproduced' : difference.high < above ? 'not reproduced' : 'not separable'
  return { claim, difference, above, seeds: a.length, verdict }
}

/** Win rates that differ by less count as equally good. */
export const asGood = -0.02
