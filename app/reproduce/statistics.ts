/** Verdicts on differences between methods. Seeds are paired: what is compared shares pre-training, data and tasks. */
import { type MeanEstimate, meanOf } from '../terminal/statistics.ts'

/** As results are filed. */
export type ConfidenceInterval = Pick<MeanEstimate, 'mean' | 'low' | 'high'>

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
  const { cases: seeds, ...difference } = meanOf(a.map((x, i) => x - b[i]!))
  const verdict = difference.low > above ? 'reproduced' : difference.high < above ? 'not reproduced' : 'not separable'
  return { claim, difference, above, seeds, verdict }
}

/** Win rates that differ by less count as equally good. */
export const asGood = -0.02
